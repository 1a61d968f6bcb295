import pLimit from 'p-limit';
import type { ConnectHost, Connection, Host } from '../host/host.ts';
import type {
  ClusterFacts,
  ClusterNodeFacts,
  Facts,
  HostFacts,
  Unreachable,
} from '../model/facts.ts';
import type { OwnOnHost } from '../inventory/spec.ts';
import { isUnreachable, OutriggerError } from '../support/errors.ts';
import { probe, type ProbeRole, type Questions } from './probe.ts';
import { linesOf } from './readers/sections.ts';
import { clusterOf, readCluster } from './read-cluster.ts';
import { readHost } from './readers/read-host.ts';
import { readFencers, readMembership, readRoutes } from './readers/read-member.ts';

export interface Target {
  readonly name: string;
  /** `removedNode`: it is not to be part of the cluster. */
  readonly role: 'clusterNode' | 'remoteNode' | 'guestNode' | 'removedNode';
  readonly connection: Connection;
  /** What it has to report of certificates or keys of its own. */
  readonly own: OwnOnHost | undefined;
}

export interface GatherOptions {
  readonly targets: readonly Target[];
  /** Where the cluster connects to each remote node, by its name: the cluster nodes look for a route. */
  readonly servers: Facts['servers'];
  /** The resource that each guest node is the VM of, by the node's name. */
  readonly vmsOfGuests: Facts['vms'];
  readonly connect: ConnectHost;
  /** Whether hosts other than cluster nodes have to report what their package managers would upgrade. */
  readonly upgrades?: boolean | undefined;
  /** How many hosts are read at a time. */
  readonly forks: number;
  readonly signal: AbortSignal;
  readonly onProgress?: OnProgress | undefined;
  readonly earlier?: EarlierLook | undefined;
}

/** So many of so many hosts are done with, and so many of them gave no answer; called before the first one as well. */
export type OnProgress = (done: number, total: number, unreachable: number) => void;

/** Of a reading a moment ago: its connections are used again, and unreachable hosts are not tried again. */
export interface EarlierLook {
  readonly hosts: ReadonlyMap<string, Host>;
  readonly unreachable: ReadonlyMap<string, Unreachable>;
}

export interface Gathered {
  /** Without those that shall not be part of the cluster. */
  readonly facts: Facts;
  readonly removedNodes: RemovedNodes;
  /** The open connections, for the one who goes on to apply. The caller closes them. */
  readonly hosts: ReadonlyMap<string, Host>;
}

/** What hosts of absent nodes reported, or why they are unreachable. */
interface RemovedNodes {
  readonly hosts: ReadonlyMap<string, HostFacts>;
  readonly unreachable: ReadonlyMap<string, Unreachable>;
}

/** What one host answered; without a host it is a problem. */
type Answer =
  | { readonly target: Target; readonly host: undefined; readonly problem: Unreachable }
  | {
      readonly target: Target;
      readonly host: Host;
      readonly facts: ClusterNodeFacts;
      /** From the first cluster node, if Pacemaker runs there. */
      readonly cluster: ClusterFacts | undefined;
    };

/**
 * Reads the state of every host with one connection and one exec each. The first cluster node also returns the CIB
 * and crm_mon; only when it does not answer, the next one that did is read once more. A host that fails is a
 * fact, not an error. Rejects when `signal` aborts, with every connection closed.
 */
export async function gather(options: GatherOptions): Promise<Gathered> {
  const opened = new Set<Host>();
  try {
    const answers = await askAll(options, opened);
    const hosts = new Map(
      answers.flatMap(({ target, host }) => (host ? [[target.name, host] as const] : [])),
    );
    const { servers, vmsOfGuests } = options;
    const isRemovedNode = ({ target }: Answer): boolean => target.role === 'removedNode';
    const others = answers.filter((answer) => !isRemovedNode(answer));
    return {
      hosts,
      facts: { ...(await toFacts(others)), servers, vms: vmsOfGuests },
      removedNodes: toRemovedNodes(answers.filter(isRemovedNode)),
    };
  } catch (thrown) {
    await Promise.allSettled([...opened].map((host) => host.close()));
    throw thrown;
  }
}

async function askAll(options: GatherOptions, opened: Set<Host>): Promise<readonly Answer[]> {
  const { targets, forks, onProgress } = options;
  const limit = pLimit(forks);
  const queryNode = targets.find((target) => target.role === 'clusterNode');
  let [done, unreachable] = [0, 0];
  onProgress?.(done, targets.length, unreachable);
  return Promise.all(
    targets.map((target) =>
      limit(async () => {
        const answer = await ask(target, roleOf(target, queryNode), options, opened);
        if (answer.host === undefined) unreachable += 1;
        onProgress?.(++done, targets.length, unreachable);
        return answer;
      }),
    ),
  );
}

const roleOf = (target: Target, queryNode: Target | undefined): ProbeRole => {
  if (target.role !== 'clusterNode') return 'remote';
  return target === queryNode ? 'query-node' : 'member';
};

/** Reads one host; a new connection to it is in `opened` from then on, and closed if it fails. */
async function ask(
  target: Target,
  role: ProbeRole,
  options: GatherOptions,
  opened: Set<Host>,
): Promise<Answer> {
  const { name } = target;
  const { connect, signal, earlier } = options;
  const problem = earlier?.unreachable.get(name);
  if (problem !== undefined) return { target, host: undefined, problem };
  let host: Host | undefined;
  try {
    signal.throwIfAborted();
    const known = earlier?.hosts.get(name);
    const answer = known && (await unlessLost(answerOf(known, target, role, options)));
    if (answer !== undefined) return answer;
    host = await connect(name, target.connection, signal);
    opened.add(host);
    return await answerOf(host, target, role, options);
  } catch (thrown) {
    if (signal.aborted || !(thrown instanceof OutriggerError)) throw thrown;
    await host?.close();
    return { target, host: undefined, problem: problemOf(name, thrown) };
  }
}

/** Undefined: the connection has ended meanwhile, and a new one may do. */
const unlessLost = (work: Promise<Answer>): Promise<Answer | undefined> =>
  work.catch((thrown: unknown) => {
    if (isUnreachable(thrown)) return undefined;
    throw thrown;
  });

async function answerOf(
  host: Host,
  target: Target,
  role: ProbeRole,
  { servers, vmsOfGuests, upgrades }: GatherOptions,
): Promise<Answer> {
  const { name } = target;
  const sections = await probe(
    host,
    role,
    role === 'remote'
      ? { own: target.own, upgrades: upgrades && target.role !== 'removedNode' }
      : { ...questions(servers, vmsOfGuests), own: target.own },
  );
  const facts = {
    ...readHost(name, sections, Date.now() / 1000),
    uname: linesOf(sections, 'uname')[0]?.trim(),
    membership: readMembership(sections),
    routes: readRoutes(sections),
    fencers: readFencers(sections),
  };
  return { target, host, facts, cluster: clusterOf(name, sections) };
}

const questions = (servers: Facts['servers'], guests: Facts['vms']): Questions => ({
  servers: [...new Set([...servers.values()].map(({ address }) => address))],
  nodes: [...servers.keys()].filter((name) => !guests.has(name)),
});

const problemOf = (name: string, { code, message, hint }: OutriggerError): Unreachable => ({
  name,
  code,
  message,
  hint,
});

const toRemovedNodes = (answers: readonly Answer[]): RemovedNodes => ({
  hosts: new Map(
    answers.flatMap((answer) =>
      answer.host === undefined ? [] : [[answer.target.name, answer.facts] as const],
    ),
  ),
  unreachable: new Map(
    answers.flatMap((answer) =>
      answer.host === undefined ? [[answer.target.name, answer.problem] as const] : [],
    ),
  ),
});

async function toFacts(answers: readonly Answer[]): Promise<Omit<Facts, 'servers' | 'vms'>> {
  const clusterNodes = new Map<string, ClusterNodeFacts>();
  const remoteNodes = new Map<string, HostFacts>();
  const guestNodes = new Map<string, HostFacts>();
  const unreachable = new Map<string, Unreachable>();
  let cluster: ClusterFacts | undefined;
  for (const answer of answers) {
    const { name, role } = answer.target;
    if (answer.host === undefined) unreachable.set(name, answer.problem);
    else if (role === 'clusterNode') clusterNodes.set(name, answer.facts);
    else (role === 'guestNode' ? guestNodes : remoteNodes).set(name, answer.facts);
    if (answer.host !== undefined) cluster ??= answer.cluster;
  }
  cluster ??= await firstReporting(answers);
  return { clusterNodes, remoteNodes, guestNodes, unreachable, cluster };
}

/** The cluster as reported by the first cluster node whose own Pacemaker runs; the last failure if all fail. */
async function firstReporting(answers: readonly Answer[]): Promise<ClusterFacts | undefined> {
  let failure: OutriggerError | undefined;
  for (const answer of answers) {
    if (answer.host === undefined || answer.facts.membership === undefined) continue;
    try {
      return await readCluster(answer.host);
    } catch (thrown) {
      if (!(thrown instanceof OutriggerError)) throw thrown;
      failure = thrown;
    }
  }
  if (failure !== undefined) throw failure;
  return undefined;
}
