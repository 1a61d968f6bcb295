import pLimit from 'p-limit';
import type { Host } from '../../host/host.ts';
import type { HostFacts } from '../../model/facts.ts';
import type { Play } from '../../playbook/playbook.ts';
import { hasManagedHost, type PacemakerRemoteSpec } from '../../inventory/spec.ts';
import { isUnreachable, messageOf, OutriggerError } from '../../support/errors.ts';
import type { EditContext } from '../run/edit-context.ts';
import type { RunHosts } from '../run/run-hosts.ts';
import type { RunInput } from '../run/run-input.ts';
import { reportChecking } from '../run/waiting.ts';
import { certificatesBlocker, checkCertificates } from './check-certificates.ts';
import { probeClusterNode, type HostReports } from '../run/last-facts.ts';
import type { Blockers } from '../run/blockers.ts';
import { REACH_TIMEOUT_MS, reachedFrom } from '../run/reach.ts';

/** What it takes to compare the credentials of hosts. */
type CredentialChecks = Pick<RunInput, 'x509' | 'options'> & Pick<RunHosts, 'hosts'> & HostReports;

/** The same as `checkPorts`, before the change. */
export function tryPorts(
  context: Pick<RunHosts, 'clusterHosts' | 'reached'> & Pick<EditContext, 'emit'>,
  play: Play,
  nodes: readonly PacemakerRemoteSpec[],
): Promise<Blockers> {
  reportChecking(context, play, portsOf(nodes), REACH_TIMEOUT_MS);
  return checkPorts(context, nodes);
}

/** The ports of these nodes, for the message that they are being checked. */
export function portsOf(nodes: readonly PacemakerRemoteSpec[]): string {
  const ports = [...new Set(nodes.map(({ port }) => port))].sort((a, b) => a - b);
  return `${ports.length === 1 ? 'port' : 'ports'} ${ports.join(', ')} from every cluster node`;
}

/** Connects to each node's port from every cluster node that answers: the connection may run on any of them. */
export async function checkPorts(
  context: Pick<RunHosts, 'clusterHosts' | 'reached'>,
  nodes: readonly PacemakerRemoteSpec[],
): Promise<Blockers> {
  const closed = new Map<string, string[]>();
  await Promise.all(
    context.clusterHosts.map(async (host) => {
      const { reached, from } = await tryFrom(context, host, nodes);
      for (const { name } of nodes)
        if (!reached.has(name)) closed.set(name, [...(closed.get(name) ?? []), from]);
    }),
  );
  return new Map(
    nodes
      .filter(({ name }) => closed.has(name))
      .map(({ name, server, port }) => {
        const from = (closed.get(name) ?? []).sort().join(', ');
        return [name, `${server} port ${port} cannot be reached from ${from}`];
      }),
  );
}

/**
 * What a cluster node reaches, and how it is called in a blocker; one that gives no answer reaches nothing, unless it has in
 * this run and its connection was lost since.
 */
async function tryFrom(
  { reached: reachedInRun }: Pick<RunHosts, 'reached'>,
  host: Host,
  nodes: readonly PacemakerRemoteSpec[],
): Promise<{ readonly reached: ReadonlySet<string>; readonly from: string }> {
  const before = reachedInRun.get(host.name) ?? new Set();
  try {
    const reached = await reachedFrom(host, nodes);
    reachedInRun.set(host.name, new Set([...before, ...reached]));
    return { reached, from: host.name };
  } catch (thrown) {
    if (!(thrown instanceof OutriggerError)) throw thrown;
    const reached = isUnreachable(thrown) ? before : new Set<string>();
    return { reached, from: `${host.name} (no response: ${messageOf(thrown)})` };
  }
}

/**
 * Certificates, or the authkeys themselves, by digest: on every cluster node that answers and on each of the nodes.
 * `objectTo` may say what else speaks against a node by the state that its host is in now.
 */
export async function checkCredentials(
  context: CredentialChecks,
  nodes: readonly PacemakerRemoteSpec[],
  objectTo: (host: HostFacts) => string | undefined = () => undefined,
): Promise<Blockers> {
  const managed = nodes.filter(hasManagedHost);
  const others = nodes.filter((node) => !hasManagedHost(node));
  // What their hosts hold is not reported; that the cluster nodes hold the same counts for them too.
  const because = others.length === 0 ? undefined : await clusterNodeBlockers(context);
  return new Map([
    ...(managed.length === 0 ? [] : await checkManaged(context, managed, objectTo)),
    ...(because === undefined ? [] : others.map(({ name }) => [name, because] as const)),
  ]);
}

async function checkManaged(
  context: CredentialChecks,
  nodes: readonly PacemakerRemoteSpec[],
  objectTo: (host: HostFacts) => string | undefined,
): Promise<Blockers> {
  if (context.x509 !== undefined)
    return checkCertificates(context, nodes, context.x509, { objectTo });
  const clusterHosts = context.clusterHosts;
  const remoteHosts = nodes.flatMap(({ name }) => context.hosts.get(name) ?? []);
  const { digests, problems, found } = await keysOn(context, clusterHosts, remoteHosts, objectTo);
  const inCluster = clusterBlocker(clusterHosts, digests, problems);
  const desired = digests.get(clusterHosts[0]?.name ?? '');
  const blocker = (name: string): string | undefined => {
    if (inCluster !== undefined) return inCluster;
    if (problems.has(name)) return `it ${problems.get(name) ?? ''}`;
    if (found.has(name)) return found.get(name);
    const digest = digests.get(name);
    return digest !== undefined && digest === desired
      ? undefined
      : "it does not have the cluster's authkey";
  };
  return new Map(
    nodes.flatMap(({ name }) => {
      const because = blocker(name);
      return because === undefined ? [] : [[name, because] as const];
    }),
  );
}

/** What speaks against connecting to any node, whatever its own state is. */
export async function clusterNodeBlockers(
  context: Pick<RunInput, 'x509' | 'options'> & HostReports,
): Promise<string | undefined> {
  if (context.x509 !== undefined) return certificatesBlocker(context, context.x509);
  const clusterHosts = context.clusterHosts;
  const { digests, problems } = await keysOn(context, clusterHosts);
  return clusterBlocker(clusterHosts, digests, problems);
}

interface KeysFound {
  /** Of the authkey, by host. */
  readonly digests: ReadonlyMap<string, string>;
  /** Why there is none. */
  readonly problems: ReadonlyMap<string, string>;
  /** What else speaks against a host. */
  readonly found: ReadonlyMap<string, string>;
}

async function keysOn(
  context: Pick<RunInput, 'options'> & HostReports,
  clusterHosts: readonly Host[],
  remoteHosts: readonly Host[] = [],
  objectTo: (host: HostFacts) => string | undefined = () => undefined,
): Promise<KeysFound> {
  const limit = pLimit(context.options.forks);
  const digests = new Map<string, string>();
  const problems = new Map<string, string>();
  const found = new Map<string, string>();
  await Promise.all(
    [...clusterHosts, ...remoteHosts].map((host) =>
      limit(async () => {
        try {
          const facts = await (clusterHosts.includes(host)
            ? probeClusterNode(context, host)
            : context.probe(host));
          const { digest } = facts.authkey;
          const because = objectTo(facts);
          if (because !== undefined) found.set(host.name, because);
          if (digest === undefined) problems.set(host.name, 'has no authkey');
          else if (facts.authkey.reach?.isReadable === false)
            problems.set(host.name, 'has an authkey that its daemon cannot read');
          else if (DIGEST.test(digest)) digests.set(host.name, digest);
          else problems.set(host.name, 'reports no digest of its authkey');
        } catch (thrown) {
          if (!(thrown instanceof OutriggerError)) throw thrown;
          problems.set(host.name, `did not respond: ${messageOf(thrown)}`);
        }
      }),
    ),
  );
  return { digests, problems, found };
}

// SHA-256, as the probe prints it.
const DIGEST = /^[0-9a-f]{64}$/;

/** Why no node may be connected: what is not known of a cluster node does not count as the same. */
function clusterBlocker(
  clusterHosts: readonly Host[],
  digests: ReadonlyMap<string, string>,
  problems: ReadonlyMap<string, string>,
): string | undefined {
  const [first] = clusterHosts;
  if (first === undefined) return 'no cluster node has an authkey';
  const unknown = clusterHosts.find(({ name }) => !digests.has(name));
  if (unknown !== undefined)
    return `${unknown.name} ${problems.get(unknown.name) ?? 'did not respond'}`;
  const differing = clusterHosts.filter(
    ({ name }) => digests.get(name) !== digests.get(first.name),
  );
  if (differing.length === 0) return undefined;
  const names = differing.map(({ name }) => name).join(', ');
  return `the cluster nodes have different authkeys (${names})`;
}
