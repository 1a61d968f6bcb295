import { booleanOf } from '../basics/durations.ts';
import { settings, type ById, type Settings } from '../basics/nvpairs.ts';
import { children, type XmlElement } from '../basics/xml.ts';

/** A full member of the ring, as the CIB lists it. */
export interface ClusterNode {
  readonly id: string;
  readonly name: string;
}

/**
 * A `<node>` entry with its permanent attributes. A remote or guest node needs none; Pacemaker writes one
 * (`type="remote"`) as soon as a permanent attribute is set.
 */
export interface NodeEntry {
  readonly id: string;
  readonly name: string;
  readonly type: 'member' | 'remote';
  readonly attributes: Settings;
  readonly utilization: Settings;
  readonly standby: boolean;
  readonly maintenance: boolean;
  readonly element: XmlElement;
}

const isOn = (from: Settings, name: string): boolean =>
  booleanOf(from.get(name)?.value ?? '') === true;

function nodeEntry(element: XmlElement, byId: ById): NodeEntry {
  const attributes = settings(element, 'instance_attributes', byId);
  const id = element.attributes['id'] ?? '';
  return {
    id,
    name: element.attributes['uname'] ?? id,
    type: element.attributes['type'] === 'remote' ? 'remote' : 'member',
    attributes,
    utilization: settings(element, 'utilization', byId),
    standby: isOn(attributes, 'standby'),
    maintenance: isOn(attributes, 'maintenance'),
    element,
  };
}

/** All `<node>` entries of a CIB, by name. */
export const nodeEntriesIn = (
  section: XmlElement | undefined,
  byId: ById,
): ReadonlyMap<string, NodeEntry> =>
  new Map(
    (section === undefined ? [] : children(section, 'node'))
      .map((element) => nodeEntry(element, byId))
      .map((entry) => [entry.name, entry]),
  );
