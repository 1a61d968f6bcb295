import type { Cib } from './cib.ts';
import { at, children, walk, type XmlElement } from './xml.ts';

/** What makes a resource begin or end somewhere; a probe or monitor does not. */
const DECISIVE: readonly string[] = [
  'start',
  'stop',
  'promote',
  'demote',
  'migrate_to',
  'migrate_from',
];

/**
 * The starts, stops and the like that the status section remembers of these resources, each with the time at which it
 * ran: what is new in a later reading has happened in between, whatever the clocks of the nodes say.
 */
export function decisiveOperations(cib: Cib, resources: readonly string[]): ReadonlySet<string> {
  const found = new Set<string>();
  const status = at(cib.root, 'status');
  for (const state of status === undefined ? [] : children(status, 'node_state')) {
    for (const resource of walk(state)) {
      const id = resource.attributes['id'] ?? '';
      if (resource.name !== 'lrm_resource' || !resources.includes(id.replace(/:\d+$/, '')))
        continue;
      for (const { attributes } of children(resource, 'lrm_rsc_op')) {
        const { operation = '', 'last-rc-change': when = '' } = attributes;
        if (DECISIVE.includes(operation))
          found.add(`${operation} of ${id} on ${state.attributes['uname'] ?? ''} ${when}`);
      }
    }
  }
  return found;
}

const CONNECTS: readonly string[] = ['start', 'migrate_from'];

/** When a cluster node connected to one of these nodes, as far as the status section remembers: seconds, by its own clock. */
export function connectedAt(
  cib: Cib,
  member: string,
  connections: readonly string[],
): readonly number[] {
  return operationsOn(cib, member, connections)
    .filter(
      ({ attributes }) =>
        CONNECTS.includes(attributes['operation'] ?? '') && attributes['rc-code'] === '0',
    )
    .map(({ attributes }) => Number(attributes['last-rc-change']))
    .filter(Number.isFinite);
}

/**
 * Whether a cluster node has told of a resource since it joined, by a probe at least: its record is cleared when it joins (3.0.0
 * daemons/controld/controld_join_dc.c, do_dc_join_ack).
 */
export const isOnRecord = (cib: Cib, member: string, resource: string): boolean =>
  operationsOn(cib, member, [resource]).length > 0;

/** All that the status section remembers of these resources on a node. */
function operationsOn(
  cib: Cib,
  member: string,
  resources: readonly string[],
): readonly XmlElement[] {
  const status = at(cib.root, 'status');
  const states = status === undefined ? [] : children(status, 'node_state');
  return states
    .filter(({ attributes }) => attributes['uname'] === member)
    .flatMap((state) => [...walk(state)])
    .filter(
      ({ name, attributes }) =>
        name === 'lrm_resource' && resources.includes(attributes['id'] ?? ''),
    )
    .flatMap((resource) => children(resource, 'lrm_rsc_op'));
}
