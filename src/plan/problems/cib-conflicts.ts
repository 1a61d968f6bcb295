import { nodeConnection, type Cib } from '../../pacemaker/cib/cib.ts';
import { bundleOf, twinsOf, type Twin } from '../../pacemaker/cib/twins.ts';
import { quote } from '../../shell/quote.ts';
import { endpoint } from '../../support/values/address.ts';
import type { ServerFacts } from '../../model/facts.ts';
import type { Problem } from '../../model/plan.ts';
import { oncePer } from '../../support/values/once-per.ts';

type Conflict = Pick<Problem, 'code' | 'message' | 'hint'>;

/**
 * What in the CIB stands in the way of a connection of this name to this server. Merged into a resource that has the
 * same id, a connection would make that resource another one; a guest node of such a name would silently not be made; and a second connection to one daemon takes it away from
 * the first, whose node the cluster then fences.
 */
export function conflictInCib(
  cib: Cib,
  { name, vm }: { readonly name: string; readonly vm: string | undefined },
  server: ServerFacts,
): Conflict | undefined {
  const holder = holderOf(cib, name, vm);
  if (holder !== undefined) {
    return {
      code: 'NAME_TAKEN',
      message: `its name is already used in the cluster: ${holder}`,
      hint: 'rename the node, or change that id',
    };
  }
  const twin = twinOf(cib, name);
  if (twin !== undefined) return { code: 'NAME_TAKEN', ...asTwin(cib, name, twin, server) };
  const other = connectedAs(cib, name, server);
  if (other === undefined) return undefined;
  return {
    code: 'SERVER_IN_USE',
    message: `the cluster already connects to ${server.address} port ${server.port}, as ${other}`,
    hint: `a host can be only one node: declare it as ${other}, or remove ${other} from the cluster first`,
  };
}

/** What else has a name; `vm`: of a guest node, the resource of its VM. */
export function holderOf(cib: Cib, name: string, vm: string | undefined): string | undefined {
  const connection = nodeConnection(cib, name);
  if (connection?.isGuest === true) {
    const { managedResource } = connection;
    return managedResource === vm ? undefined : `the guest node of ${managedResource}`;
  }
  if (connection !== undefined) return vm === undefined ? undefined : 'a remote node';
  if (cib.clusterNodes.some((node) => node.name === name)) return 'a cluster node';
  const bundle = bundleOf(cib, name);
  if (bundle !== undefined && name.startsWith(`${bundle}-`))
    return `a node of the bundle ${bundle}`;
  if (cib.primitives.has(name)) return 'a resource that is not a connection';
  const holder = cib.ids.get(name);
  return holder === undefined || holder.name === 'node' ? undefined : `a <${holder.name}>`;
}

/**
 * What Pacemaker would mix up with a node of this name, because it distinguishes names of nodes by more than their case
 * only in the CIB. A node that is there already is in the way of another node alone.
 */
export function twinOf(cib: Cib, name: string): Twin | undefined {
  const isThere = nodeConnection(cib, name) !== undefined;
  return twinsOf(cib, name).find(({ isNode }) => isNode || !isThere);
}

/** Why two names that differ in case only cannot both be used, as something that follows the name of the node. */
export const mixedUp = (name: string, { what }: Twin): string =>
  `Pacemaker ignores case in node names, so ${name} is the same as ${what}`;

function asTwin(
  cib: Cib,
  name: string,
  twin: Twin,
  server: ServerFacts,
): Pick<Conflict, 'message' | 'hint'> {
  const isThat = connectedAs(cib, name, server) === twin.name;
  return { message: mixedUp(name, twin), hint: isThat ? spelling(twin) : toDoAbout(twin) };
}

const spelling = ({ name }: Twin): string =>
  `if it is the same host, write its name as in the cluster, \`${name}\``;

function toDoAbout({ name, what, isNode }: Twin): string {
  if (isNode) return 'rename the node';
  return what === `the resource ${name}`
    ? 'rename the node, or change the id of the resource'
    : `rename the node; or, if that node no longer exists, delete its record on a cluster node: \`crm_node --force --remove ${quote(name)}\``;
}

function connectedAs(cib: Cib, name: string, server: ServerFacts): string | undefined {
  const there = namesByEndpoint(cib).get(endpoint(server.address, server.port)) ?? [];
  return there.includes(name) ? undefined : there[0];
}

/** Names of the connections to each server and port. */
const namesByEndpoint = oncePer((cib: Cib): ReadonlyMap<string, readonly string[]> => {
  const remotes = [...cib.remoteConnections.values()].map((one) => ({ ...one, name: one.id }));
  const found = new Map<string, string[]>();
  for (const one of [...remotes, ...cib.guestNodes]) {
    const there = endpoint(one.server, one.port);
    found.set(there, [...(found.get(there) ?? []), one.name]);
  }
  return found;
});
