import { nodeConnection, type Cib } from '../cib/cib.ts';
import {
  nodeAttributeTargets,
  nodeDifferences,
  nodeEntryElement,
  type DesiredNodeState,
} from '../edits/node-edit.ts';
import { deletion, merge, type CibOperation, type Target } from '../edits/operations.ts';
import {
  guardBlock,
  guardedConnectionElement,
  type DesiredConnection,
} from '../edits/connection-element.ts';
import { GUARD_PREFIX, RETRY_PREFIX } from '../basics/names.ts';
import { placed } from '../edits/place.ts';
import { element, type XmlElement } from '../basics/xml.ts';

/**
 * Marks a name as seen. A remote node that the CIB has never seen counts as unclean, and is fenced when its first start
 * fails everywhere (lib/pengine/unpack.c, handle_startup_fencing); this entry is what a first start leaves behind.
 */
const seenElement = (name: string): XmlElement =>
  element('node_state', {
    id: name,
    uname: name,
    remote_node: 'true',
    in_ccm: '0',
    'crm-debug-origin': 'outrigger',
    node_fenced: '0',
  });

const isDefined = <Value>(value: Value | undefined): value is Value => value !== undefined;

/**
 * The edits by which new remote nodes join without being fenced should their start fail, and without attracting
 * resources: marked as seen, start guarded, in standby. One merge for any number of nodes, and the same edits again
 * change nothing. `release` them once they are online and verified.
 */
export function join(cib: Cib, desiredAll: readonly DesiredConnection[]): readonly CibOperation[] {
  const made = new Set<string>();
  const entryOf = ({ name }: DesiredConnection): XmlElement | undefined =>
    nodeEntryElement(
      { name, entry: cib.nodeEntries.get(name), ids: cib.ids, made },
      { standby: 'on' },
    );
  return merge({
    nodes: desiredAll.map(entryOf).filter(isDefined),
    resources: desiredAll.map(guardedConnectionElement),
    status: desiredAll
      .filter(({ name }) => !cib.seen.has(name))
      .map(({ name }) => seenElement(name)),
  });
}

/** Our marks on a connection that was not released yet. */
function guardTargets(cib: Cib, name: string): readonly Target[] {
  const connection = nodeConnection(cib, name);
  if (connection?.guarded !== true) return [];
  const prefix = connection.joining ? GUARD_PREFIX : RETRY_PREFIX;
  return [{ element: 'meta_attributes', id: `${prefix}${connection.managedResource}` }];
}

/**
 * Guards the start operation of connections that exist and are about to be tried again, by a mark of its own: unlike a
 * join it leaves the operator's standby alone. Those without a start operation of their own stay as they are.
 */
export const guard = (cib: Cib, names: readonly string[]): readonly CibOperation[] =>
  merge({
    resources: names.flatMap((name) => {
      const connection = cib.remoteConnections.get(name);
      const start = connection?.operations.find((op) => op.name === 'start' && !op.inherited);
      if (connection === undefined || start === undefined || connection.guarded) return [];
      const op = element('op', { id: start.id }, [guardBlock(name, RETRY_PREFIX)]);
      return [placed(connection, [element('operations', {}, [op])])];
    }),
  });

/**
 * Takes the guard off and brings standby, maintenance and the declared attributes to what is desired, whether the
 * node has just joined or has been in for long. One merge and one deletion at most; nothing where all is as desired.
 */
export function release(
  cib: Cib,
  desiredAll: readonly DesiredNodeState[],
): readonly CibOperation[] {
  const nodes: XmlElement[] = [];
  const targets: Target[] = [];
  const made = new Set<string>();
  for (const desired of desiredAll) {
    const { name } = desired;
    const entry = cib.nodeEntries.get(name);
    const set: Record<string, string> = {};
    const removed: string[] = [];
    for (const difference of nodeDifferences(entry, desired)) {
      if (difference.after === undefined) removed.push(difference.name);
      else set[difference.name] = difference.after;
    }
    const node = nodeEntryElement({ name, entry, ids: cib.ids, made }, set);
    if (node !== undefined) nodes.push(node);
    targets.push(...guardTargets(cib, name));
    if (entry !== undefined)
      targets.push(...nodeAttributeTargets(entry, removed, node !== undefined));
  }
  return [...merge({ nodes }), ...deletion(targets)];
}
