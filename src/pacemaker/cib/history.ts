import type { Cib } from './cib.ts';
import { at, children, walk, type XmlElement } from '../basics/xml.ts';

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
export function decisiveOperations(
  cib: Cib,
  resources: readonly string[],
  isLeftOut: (resource: string, node: string) => boolean = () => false,
): ReadonlySet<string> {
  const found = new Set<string>();
  for (const { node, resource, attributes } of recorded(cib, resources)) {
    const { operation = '', 'last-rc-change': when = '' } = attributes;
    if (DECISIVE.includes(operation) && !isLeftOut(resource, node))
      found.add(`${operation} of ${resource} on ${node} ${when}`);
  }
  return found;
}

const CONNECTS: readonly string[] = ['start', 'migrate_from'];

/** When a cluster node connected to one of these nodes, as far as the status section remembers: seconds, by its own clock. */
export function connectedAt(
  cib: Cib,
  clusterNode: string,
  connections: readonly string[],
): readonly number[] {
  return [...recorded(cib, connections, clusterNode)]
    .filter(
      ({ attributes }) =>
        CONNECTS.includes(attributes['operation'] ?? '') && attributes['rc-code'] === '0',
    )
    .flatMap(({ attributes }) => /^\d{1,11}$/.exec(attributes['last-rc-change'] ?? '') ?? [])
    .map(Number);
}

/**
 * Whether a cluster node has told of a resource since it joined, by a probe at least: its record begins anew when it joins (2.1
 * daemons/controld/controld_join_dc.c, do_dc_join_ack; 3.0.0 behaves so).
 */
export const isOnRecord = (cib: Cib, clusterNode: string, resource: string): boolean =>
  [...recorded(cib, [resource], clusterNode)].length > 0;

interface Recorded {
  readonly node: string;
  /** Its id; of a clone that of the instance. */
  readonly resource: string;
  readonly attributes: XmlElement['attributes'];
}

/** All operations of these resources that the status section remembers, on one node or on all. */
function* recorded(cib: Cib, resources: readonly string[], onlyOn?: string): Generator<Recorded> {
  const status = at(cib.root, 'status');
  const desired = new Set(resources);
  for (const state of status === undefined ? [] : children(status, 'node_state')) {
    const { uname: node = '' } = state.attributes;
    if (onlyOn !== undefined && node !== onlyOn) continue;
    for (const each of walk(state)) {
      const { id: resource = '' } = each.attributes;
      if (each.name !== 'lrm_resource' || !desired.has(resource.replace(/:\d+$/, ''))) continue;
      for (const { attributes } of children(each, 'lrm_rsc_op'))
        yield { node, resource, attributes };
    }
  }
}
