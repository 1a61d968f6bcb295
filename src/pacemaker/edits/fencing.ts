import { connectedNames, type Cib } from '../cib/cib.ts';
import { isOurs, type PlacedPrimitive } from '../cib/connections.ts';
import type { ExtendOperation } from './operations.ts';
import { freeId, idFor } from './connection-element.ts';
import {
  escapedPlug,
  isListable,
  namesInList,
  plugsInMap,
  readsEscapedPlugs,
  separatorIn,
} from '../basics/fence-lists.ts';
import { FENCE_PARAMETERS } from '../basics/names.ts';
import { hasNode, nodeKey } from '../basics/node-names.ts';
import { ownBlock, writtenAt, type Written } from '../basics/nvpairs.ts';

/** Which device shall fence a node, and what it calls the node (undefined: by its name). */
export interface DesiredFencing {
  readonly node: string;
  readonly device: string;
  readonly plug: string | undefined;
}

/** What a fence device needs to cover a node, by its configuration. */
export type FenceCoverage =
  | { readonly kind: 'covered' }
  /** It finds out by itself whom it can fence: only the fencer can tell. */
  | { readonly kind: 'dynamic' }
  | { readonly kind: 'extend'; readonly operation: ExtendOperation }
  | { readonly kind: 'refused'; readonly message: string; readonly hint: string };

const refused = (message: string, hint: string): FenceCoverage => ({
  kind: 'refused',
  message,
  hint,
});

/** Compares a fence device's own lists with what is desired of it for one node. */
export function fenceCoverage(cib: Cib, desired: DesiredFencing): FenceCoverage {
  const primitive = cib.primitives.get(desired.device);
  if (primitive === undefined) return missing(cib, desired.device);
  if (!cib.fencingDevices.includes(desired.device)) {
    return refused(`${desired.device} is not a fence device, but another resource`, known(cib));
  }
  const { list, map, check } = FENCE_PARAMETERS;
  const [listed, mapped, checked] = [list, map, check].map((name) =>
    writtenAt(primitive.element, 'instance_attributes', name, cib.ids),
  );
  for (const [name, places = []] of [
    [list, listed],
    [map, mapped],
    [check, checked],
  ] as const) {
    const unclear = unclearIn(name, places);
    if (unclear !== undefined) return unclear;
  }
  return coverageBy(cib, primitive, desired, {
    list: listed?.[0],
    map: mapped?.[0],
    check: checked?.[0]?.value,
  });
}

function missing(cib: Cib, device: string): FenceCoverage {
  const holder = cib.ids.get(device);
  return holder === undefined
    ? refused(`the cluster has no fence device ${device}`, known(cib))
    : refused(
        `${device} is a <${holder.name}>, not a fence device`,
        holder.name === 'template' ? 'name a primitive that uses the template' : known(cib),
      );
}

const known = ({ fencingDevices }: Cib): string =>
  fencingDevices.length === 0
    ? 'the cluster has no fence device: configure one first'
    : `fence devices of the cluster: ${[...fencingDevices].sort().join(', ')}`;

/** One place without a rule is where a value can be read and extended. */
function unclearIn(name: string, places: readonly Written[]): FenceCoverage | undefined {
  if (places.some(({ hasRule }) => hasRule))
    return refused(`its ${name} depends on a rule`, 'add the node manually, for every rule');
  if (places.length > 1)
    return refused(`its ${name} is set in ${places.length} places`, 'keep one of them');
  return undefined;
}

interface Lists {
  readonly list: Written | undefined;
  readonly map: Written | undefined;
  readonly check: string | undefined;
}

function coverageBy(
  cib: Cib,
  primitive: PlacedPrimitive,
  { node, plug }: DesiredFencing,
  lists: Lists,
): FenceCoverage {
  const { list, map, check } = lists;
  const mappedTo = plugsInMap(map?.value ?? '').get(nodeKey(node));
  const wrong = plug === undefined ? undefined : wrongPlug(cib, node, plug, lists);
  if (wrong !== undefined) return wrong;
  const isReported = plug === undefined ? isNamed(node, list, mappedTo) : mappedTo === plug;
  if (!isStatic(lists)) {
    if (plug === undefined || isReported) return { kind: 'dynamic' };
    // Beside an explicit check a map only translates names; without one it would make the device a static one.
    if (check === undefined) return madeStatic();
  } else if (isReported) return { kind: 'covered' };
  return extension(cib, primitive, additionTo(lists, node, plug));
}

/** Why a device must not take this plug for this node. */
function wrongPlug(cib: Cib, node: string, plug: string, lists: Lists): FenceCoverage | undefined {
  const version = cib.properties.get('dc-version')?.value ?? '';
  if (escapedPlug(plug) !== plug && !readsEscapedPlugs(version))
    return refused(
      `Pacemaker ${version} does not support plugs with spaces in a ${FENCE_PARAMETERS.map} (2.1.2 to 3.0 do)`,
      'rename the VM without spaces, or use its UUID if the device accepts that',
    );
  const mappedTo = plugsInMap(lists.map?.value ?? '').get(nodeKey(node));
  if (mappedTo !== undefined && mappedTo !== plug) {
    return refused(
      `its ${FENCE_PARAMETERS.map} maps ${node} to the plug ${mappedTo}, not ${plug}`,
      'correct the wrong one: fencing with the wrong plug would hit another machine',
    );
  }
  const other = ownerOf(cib, plug, lists);
  return mappedTo === plug || other === undefined
    ? undefined
    : refused(
        `it already fences ${other} with the plug ${plug}`,
        'declare the plug of this machine: fencing one would cut the power of the other',
      );
}

/** Which node of the cluster a device fences by this plug; a name without an entry in the map is a plug itself. */
function ownerOf(cib: Cib, plug: string, { list, map }: Lists): string | undefined {
  const plugs = plugsInMap(map?.value ?? '');
  const listed = namesInList(list?.value ?? '').map(nodeKey);
  return [...cib.clusterNodes.map(({ name }) => name), ...connectedNames(cib)].find((name) => {
    const mapped = plugs.get(nodeKey(name));
    return mapped === undefined
      ? name === plug && listed.includes(nodeKey(name))
      : mapped.split(',').includes(plug);
  });
}

/** Without an explicit check a list or a map makes a device static (fenced_commands.c, target_list_type). */
const isStatic = ({ list, map, check }: Lists): boolean =>
  check === undefined
    ? list !== undefined || map !== undefined
    : check.toLowerCase() === 'static-list';

interface Addition {
  readonly parameter: 'list' | 'map';
  readonly written: Written | undefined;
  readonly entry: string;
}

function additionTo({ list, map }: Lists, node: string, plug: string | undefined): Addition {
  const hasOnlyMap = list === undefined && map !== undefined;
  return plug !== undefined || hasOnlyMap || !isListable(node)
    ? { parameter: 'map', written: map, entry: `${node}:${escapedPlug(plug ?? node)}` }
    : { parameter: 'list', written: list, entry: node };
}

const isNamed = (node: string, list: Written | undefined, mappedTo: string | undefined): boolean =>
  mappedTo !== undefined || hasNode(namesInList(list?.value ?? ''), node);

const madeStatic = (): FenceCoverage =>
  refused(
    `it queries its own list of nodes; a ${FENCE_PARAMETERS.map} would limit it to the nodes in that map`,
    `omit \`plug\`, or set its ${FENCE_PARAMETERS.check} to dynamic-list or status`,
  );

function extension(
  { ids }: Cib,
  primitive: PlacedPrimitive,
  { parameter, written, entry }: Addition,
): FenceCoverage {
  const name = FENCE_PARAMETERS[parameter];
  if (written?.inherited === true) {
    return refused(
      `its ${name} is in a template or a shared block that other resources use`,
      'set the list on the device itself',
    );
  }
  const before = written?.value ?? '';
  if (before.endsWith('\\'))
    return refused(`its ${name} ends with a backslash`, 'correct it first');
  const owner = primitive.element;
  const blockId =
    written?.blockId ??
    ownBlock(owner, 'instance_attributes', isOurs)?.attributes['id'] ??
    freeId(`${primitive.id}-instance_attributes`, ids);
  const nvpairId = written?.nvpairId ?? freeId(idFor(blockId, name), ids);
  const where = { id: primitive.id, enclosing: primitive.enclosing };
  const separator = separatorIn(before, parameter);
  return {
    kind: 'extend',
    operation: { kind: 'extend', where, blockId, nvpairId, name, before, separator, entry },
  };
}
