import pLimit from 'p-limit';
import type { Host } from '../../host/host.ts';
import { certificateBlocker, type DesiredX509 } from '../../credentials/certificates.ts';
import type { HostFacts } from '../../model/facts.ts';
import type { PacemakerRemoteSpec } from '../../inventory/spec.ts';
import { isUnreachable, messageOf, OutriggerError } from '../../support/errors.ts';
import { probeClusterNode, type HostReports } from '../run/last-facts.ts';
import type { RunHosts } from '../run/run-hosts.ts';
import type { RunInput } from '../run/run-input.ts';
import type { Blockers } from '../run/blockers.ts';
import { runScript } from '../../host/run-script.ts';

const HANDSHAKE_TIMEOUT_MS = 120_000;

const MESSAGES: Readonly<Record<string, string>> = {
  rejected: 'its daemon does not accept the certificate of',
  untrusted: 'its certificate is not accepted by',
};

/** A join that fails is taken back; who changes what is connected has to know before it is too late. */
const UNTRIED = 'its daemon cannot be tested, because openssl is missing, from';

/** What is checked beyond the certificates. */
interface Asked {
  /** What else speaks against a node by the state that its host is in now. */
  readonly objectTo?: (host: HostFacts) => string | undefined;
  /** Pacemaker on the cluster nodes has still to take the certificates up. */
  readonly early?: boolean;
}

/**
 * Holds files, environment file and running daemon of every cluster node and of each of the nodes against the inventory,
 * and then lets every cluster node shake hands with each node that has no connection: the one moment when that is
 * safe. A second client of a connected daemon would get the node fenced.
 */
export async function checkCertificates(
  context: Pick<RunInput, 'options'> & Pick<RunHosts, 'hosts'> & HostReports,
  nodes: readonly PacemakerRemoteSpec[],
  x509: DesiredX509,
  { objectTo = () => undefined, early = false }: Asked,
): Promise<Blockers> {
  const clusterHosts = context.clusterHosts;
  const hosts = nodes.flatMap(({ name }) => context.hosts.get(name) ?? []);
  const found = await findOn(context, [...clusterHosts, ...hosts], (host) => {
    const isClusterNode = clusterHosts.includes(host);
    return blockerOf(context, host, x509, { isClusterNode, filesAlone: early && isClusterNode });
  });
  const because = clusterNodesBlocker(clusterHosts, found);
  if (because !== undefined) return new Map(nodes.map(({ name }) => [name, because]));
  const blockers = new Map(
    nodes.flatMap(({ name }) => {
      const { because, facts } = found.get(name) ?? NO_ANSWER;
      if (because !== undefined) return [[name, `it ${because}`] as const];
      const other = facts && objectTo(facts);
      return other === undefined ? [] : [[name, other] as const];
    }),
  );
  const free = nodes.filter(
    ({ name }) => !blockers.has(name) && found.get(name)?.facts?.isConnected === false,
  );
  return new Map([...blockers, ...(await shakeHands(clusterHosts, free, x509, early))]);
}

/** Why no node may be connected to: by the certificates of the cluster nodes. */
export async function certificatesBlocker(
  context: Pick<RunInput, 'options'> & HostReports,
  x509: DesiredX509,
): Promise<string | undefined> {
  const clusterHosts = context.clusterHosts;
  const stage = { isClusterNode: true, filesAlone: false };
  const found = await findOn(context, clusterHosts, (host) =>
    blockerOf(context, host, x509, stage),
  );
  return clusterNodesBlocker(clusterHosts, found);
}

function clusterNodesBlocker(
  clusterHosts: readonly Host[],
  found: ReadonlyMap<string, Found>,
): string | undefined {
  if (clusterHosts.length === 0) return 'no cluster node responded';
  const bad = clusterHosts.find(({ name }) => found.get(name)?.because !== undefined);
  return bad && `${bad.name} ${found.get(bad.name)?.because ?? ''}`;
}

async function findOn(
  { options }: Pick<RunInput, 'options'>,
  hosts: readonly Host[],
  find: (host: Host) => Promise<Found>,
): Promise<ReadonlyMap<string, Found>> {
  const limit = pLimit(options.forks);
  return new Map(
    await Promise.all(
      hosts.map((host) => limit(async () => [host.name, await find(host)] as const)),
    ),
  );
}

/** What a host is found to be; `because`: why it cannot use the certificates. */
interface Found {
  readonly facts: HostFacts | undefined;
  readonly because: string | undefined;
}

const NO_ANSWER: Found = { facts: undefined, because: 'did not respond' };

async function blockerOf(
  context: HostReports,
  host: Host,
  x509: DesiredX509,
  stage: { readonly isClusterNode: boolean; readonly filesAlone: boolean },
): Promise<Found> {
  const desired = x509.nodes.get(host.name);
  if (desired === undefined) return { facts: undefined, because: 'has no certificate' };
  try {
    const facts = await (stage.isClusterNode
      ? probeClusterNode(context, host)
      : context.probe(host));
    return { facts, because: certificateBlocker(facts, desired, stage) };
  } catch (thrown) {
    if (!(thrown instanceof OutriggerError)) throw thrown;
    return { facts: undefined, because: `did not respond: ${messageOf(thrown)}` };
  }
}

/** Undefined: its connection is lost; what it holds was compared as it was when it reported last. */
async function handshakesFrom(
  host: Host,
  params: readonly string[],
  input: string,
): Promise<string | undefined> {
  try {
    const timeoutMs = HANDSHAKE_TIMEOUT_MS;
    return (await runScript(host, 'handshake', { params, input, timeoutMs })).stdout;
  } catch (thrown) {
    if (isUnreachable(thrown)) return undefined;
    throw thrown;
  }
}

/** One cluster node after the other, so that no daemon has two clients at a time. */
async function shakeHands(
  clusterHosts: readonly Host[],
  nodes: readonly PacemakerRemoteSpec[],
  x509: DesiredX509,
  mustBeTried: boolean,
): Promise<Blockers> {
  const blockers = new Map<string, string>();
  if (nodes.length === 0) return blockers;
  const input = nodes.map(({ server, port }) => `${server} ${port}\n`).join('');
  for (const host of clusterHosts) {
    const { ca, certificate, key } = x509.nodes.get(host.name)?.files ?? {};
    const params = [ca, certificate, key].map((file) => file?.path ?? '');
    const stdout = await handshakesFrom(host, params, input);
    if (stdout === undefined) continue;
    const reported = new Map(
      stdout
        .split('\n')
        .map((line) => [line.slice(0, line.lastIndexOf(' ')), line.split(' ').at(-1)]),
    );
    for (const { name, server, port } of nodes) {
      const state = reported.get(`${server} ${port}`) ?? 'rejected';
      const message = MESSAGES[state];
      if (blockers.has(name)) continue;
      if (message !== undefined)
        blockers.set(name, `${message} ${host.name} (verified with a TLS handshake)`);
      else if (mustBeTried && state !== 'accepted') blockers.set(name, `${UNTRIED} ${host.name}`);
    }
  }
  return blockers;
}
