import type { Cib } from '../pacemaker/cib.ts';
import { endpoint } from '../spec/address.ts';
import type { ServerFacts } from './facts.ts';
import type { Problem } from './plan.ts';

type Conflict = Pick<Problem, 'code' | 'message' | 'hint'>;

/**
 * What in the CIB stands in the way of a connection of this name to this server. Merged into a resource that has the
 * same id, a connection would make that resource another one; a guest node of such a name would silently not be made; and a second connection to one daemon takes it away from
 * the first, whose node the cluster then fences.
 */
export function conflictInCib(
  cib: Cib,
  { name, machine }: { readonly name: string; readonly machine: string | undefined },
  server: ServerFacts,
): Conflict | undefined {
  const holder = holderOf(cib, name, machine);
  if (holder !== undefined) {
    return {
      code: 'NAME_TAKEN',
      message: `the cluster uses its name for something else: ${holder}`,
      hint: 'give the node another name, or that thing another id',
    };
  }
  const other = connectedAs(cib, name, server);
  if (other === undefined) return undefined;
  return {
    code: 'SERVER_IN_USE',
    message: `the cluster connects to ${server.address} port ${server.port} already, as ${other}`,
    hint: `one host is one node: declare it as ${other}, or take that out of the cluster first`,
  };
}

/** What else has a name; `machine`: of a guest node, the resource that it is to be the machine of. */
export function holderOf(cib: Cib, name: string, machine: string | undefined): string | undefined {
  const guest = cib.guestNodes.find((node) => node.name === name);
  if (guest !== undefined) {
    return guest.resource === machine ? undefined : `the guest node of ${guest.resource}`;
  }
  if (cib.remoteConnections.has(name)) return machine === undefined ? undefined : 'a remote node';
  if (cib.clusterNodes.some((node) => node.name === name)) return 'a cluster node';
  if (cib.primitives.has(name)) return 'a resource that is no connection';
  const holder = cib.ids.get(name);
  return holder === undefined || holder.name === 'node' ? undefined : `a <${holder.name}>`;
}

function connectedAs(cib: Cib, name: string, server: ServerFacts): string | undefined {
  const wanted = endpoint(server.address, server.port);
  const connections = [...cib.remoteConnections.values()].map((one) => ({ ...one, name: one.id }));
  const there = [...connections, ...cib.guestNodes].filter(
    (one) => endpoint(one.server, one.port) === wanted,
  );
  return there.some((one) => one.name === name) ? undefined : there[0]?.name;
}
