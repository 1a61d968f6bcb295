import type { Cib } from './cib.ts';
import type { CrmMon } from '../status/crm-mon.ts';
import { isSameNode, isTwin, nodeKey } from '../basics/node-names.ts';
import { oncePer } from '../../support/values/once-per.ts';

/** Something that Pacemaker takes for a node of this name, although its name is spelled differently. */
export interface Twin {
  readonly name: string;
  /** `the remote node h2` */
  readonly what: string;
  /** The cluster may be connected to it: a node that is forgotten under either name would be fenced. */
  readonly isNode: boolean;
}

/** The bundle that has a node of this name for one of its replicas (3.0.0 lib/pengine/bundle.c, create_remote_resource). */
export const bundleOf = ({ bundles }: Pick<Cib, 'bundles'>, name: string): string | undefined =>
  bundles.find((bundle) => isSameNode(bundle, name.replace(/-\d+$/, '')) && /-\d+$/.test(name));

/** All twins of a name, those that are nodes first. */
export function twinsOf(cib: Cib, name: string): readonly Twin[] {
  const others = (isNode: boolean): readonly Twin[] =>
    namesByKey(cib)
      .get(nodeKey(name))
      ?.filter((one) => one.isNode === isNode && one.name !== name) ?? [];
  return [...others(true), ...bundleTwin(cib, name), ...others(false)];
}

/** Everything that has a name which may be taken for one of a node, by that name in Pacemaker's form. */
const namesByKey = oncePer((cib: Cib): ReadonlyMap<string, readonly Twin[]> => {
  const found = new Map<string, Twin[]>();
  const add = (names: Iterable<string>, kind: string, isNode: boolean): void => {
    for (const name of names) {
      const key = nodeKey(name);
      const known = found.get(key);
      const twin = { name, what: `the ${kind} ${name}`, isNode };
      if (known === undefined) found.set(key, [twin]);
      else known.push(twin);
    }
  };
  const entries = [...cib.nodeEntries.values()].filter(({ type }) => type === 'remote');
  add(
    cib.clusterNodes.map((node) => node.name),
    'cluster node',
    true,
  );
  add(cib.remoteConnections.keys(), 'remote node', true);
  add(
    cib.guestNodes.map((guest) => guest.name),
    'guest node',
    true,
  );
  add(
    [...cib.primitives.keys()].filter((id) => !cib.remoteConnections.has(id)),
    'resource',
    false,
  );
  add(new Set([...entries.map((entry) => entry.name), ...cib.seen]), 'recorded node', false);
  return found;
});

/** Any other spelling of the name of a bundle's node. */
function bundleTwin(cib: Cib, name: string): readonly Twin[] {
  const bundle = bundleOf(cib, name);
  if (bundle === undefined || name.startsWith(`${bundle}-`)) return [];
  const node = `${bundle}${name.slice(bundle.length)}`;
  return [{ name: node, what: `the node ${node} of the bundle ${bundle}`, isNode: true }];
}

/** A twin that the cluster may be connected to, by what is configured and by what is shown as running. */
export const liveTwinOf = (
  { cib, mon }: { readonly cib: Cib; readonly mon: CrmMon },
  name: string,
): Twin | undefined =>
  twinsOf(cib, name).find(({ isNode }) => isNode) ??
  mon.resources
    .filter(({ id, agent }) => isTwin(id, name) && agent.endsWith(':remote'))
    .map(({ id }) => ({ name: id, what: `the connection ${id}`, isNode: true }))
    .at(0);
