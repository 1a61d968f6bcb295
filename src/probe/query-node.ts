import { setTimeout as sleep } from 'node:timers/promises';
import type { Host, QueryNode } from '../host/host.ts';
import { messageOf, OutriggerError, type ErrorCode } from '../support/errors.ts';
import { readCluster } from './read-cluster.ts';

/** That requests go through another cluster node from now on. */
export interface Move {
  readonly from: string;
  readonly to: string;
  readonly because: string;
}

/** A query node in whose place another cluster node steps when it is lost. */
export interface FailoverNode extends Required<QueryNode> {
  /** Reports each move, those that were not reported yet first; what it returns ends that. */
  readonly onMove: (report: (move: Move) => void) => () => void;
  /** Makes this one another name for `next`, which was chosen later and by newer connections. */
  readonly follow: (next: FailoverNode) => void;
}

/** How long a cluster that has just lost a node may take to elect a DC, and how often it is read until then. */
const READY_LIMIT_MS = 60_000;
const INTERVAL_MS = 1000;

/**
 * With these a request was not answered: the connection is lost, sudo refuses, the command was killed or hangs. A command that
 * ended has an exit code, which is an answer, and no other cluster node is tried for a better one.
 */
const NO_ANSWER: readonly ErrorCode[] = [
  'HOST_UNREACHABLE',
  'PRIVILEGE_MISSING',
  'COMMAND_FAILED',
  'TIMED_OUT',
];

/**
 * The query node `first`; when it gives no answer the request is repeated through the next of these hosts whose Pacemaker answers,
 * has quorum and sees a DC. It may have been carried out by then, or be carried out later still, so each request must bear
 * that: docs/decisions/027-repeated-requests.md goes through all of them. Each host gets a request once. Rejects with
 * one error for all hosts when none is left.
 */
export function failover(
  hosts: readonly [Host, ...Host[]],
  first: string,
  readyLimitMs = READY_LIMIT_MS,
): FailoverNode {
  let current = hosts.find(({ name }) => name === first) ?? hosts[0];
  let next: FailoverNode | undefined;
  let moving: Promise<unknown> = Promise.resolve();
  let report: ((move: Move) => void) | undefined;
  let unreported: Move[] = [];

  const moveTo = (host: Host, why: OutriggerError): void => {
    const move = { from: current.name, to: host.name, because: messageOf(why) };
    current = host;
    if (report === undefined) unreported.push(move);
    else report(move);
  };
  const goOn = async (unreachable: UnreachableNodes): Promise<void> => {
    const why = unreachable.get(current.name);
    if (why === undefined) return; // another request has moved on already
    moveTo(await nextReady(hosts, { from: current, why, unreachable, readyLimitMs }), why);
  };
  const ask = async <Result>(
    work: (host: Host) => Promise<Result>,
    codes: readonly ErrorCode[],
  ): Promise<Result> => {
    const unreachable: UnreachableNodes = new Map();
    for (;;) {
      const host = current;
      try {
        return await work(host);
      } catch (thrown) {
        if (!(thrown instanceof OutriggerError) || !codes.includes(thrown.code)) throw thrown;
        unreachable.set(host.name, thrown);
        const moved = moving.then(() => goOn(unreachable));
        moving = moved.catch(() => undefined);
        await moved;
      }
    }
  };
  return {
    get name() {
      return next?.name ?? current.name;
    },
    exec: (request) => next?.exec(request) ?? ask((host) => host.exec(request), NO_ANSWER),
    read: (work) => next?.read(work) ?? ask(work, [...NO_ANSWER, 'CLUSTER_NOT_READY']),
    onMove: (listener) => {
      report = listener;
      for (const move of unreported) listener(move);
      unreported = [];
      return () => {
        report = undefined;
      };
    },
    follow: (other) => {
      next = other;
    },
  };
}

/** The hosts that gave no answer to a request, and why. */
type UnreachableNodes = Map<string, OutriggerError>;

interface Leaving {
  readonly from: Host;
  readonly why: OutriggerError;
  /** Collects those that give no answer. */
  readonly unreachable: UnreachableNodes;
  readonly readyLimitMs: number;
}

/** The first host after the one that is left that is ready; waits for one that may become so. */
async function nextReady(
  hosts: readonly Host[],
  { from, why, unreachable, readyLimitMs }: Leaving,
): Promise<Host> {
  const at = hosts.indexOf(from);
  const deadline = performance.now() + readyLimitMs;
  for (;;) {
    const notReady: UnreachableNodes = new Map();
    for (const host of [...hosts.slice(at + 1), ...hosts.slice(0, at)]) {
      if (unreachable.has(host.name)) continue;
      const because = await whyNotReady(host);
      if (because === undefined) return host;
      (because.code === 'CLUSTER_NOT_READY' ? notReady : unreachable).set(host.name, because);
    }
    if (notReady.size === 0 || performance.now() >= deadline)
      throw noneReachable(why, new Map([...unreachable, ...notReady]));
    await sleep(INTERVAL_MS);
  }
}

/** A part of a cluster without quorum, or one that has no DC yet, would take no edit, or one that is lost again. */
async function whyNotReady(host: Host): Promise<OutriggerError | undefined> {
  try {
    const { cib, dcState } = await readCluster(host);
    if (cib.haveQuorum && dcState !== '') return undefined;
    const missing = cib.haveQuorum ? 'sees no DC' : 'has no quorum';
    return new OutriggerError('CLUSTER_NOT_READY', `the cluster ${missing} there`, {
      host: host.name,
    });
  } catch (thrown) {
    if (!(thrown instanceof OutriggerError)) throw thrown;
    return thrown;
  }
}

function noneReachable(why: OutriggerError, unreachable: UnreachableNodes): OutriggerError {
  if (unreachable.size === 1) return why;
  const all = [...unreachable];
  const messages = all.map(([name, why]) => `${name}: ${messageOf(why)}`);
  return new OutriggerError(
    'HOST_UNREACHABLE',
    `no cluster node can be used any more: ${messages.join('; ')}`,
    {
      hint: 'what is done stays done: when a cluster node answers again, apply goes on from there',
      problems: all.map(([host, { code, message, hint }]) => ({ code, message, hint, host })),
      cause: why,
    },
  );
}
