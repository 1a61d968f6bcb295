import { readLock } from '../../apply/lock/lock.ts';
import { sinceShown } from '../../plan/saved/since-shown.ts';
import { failover } from '../../probe/query-node.ts';
import { isUnreachable, OutriggerError } from '../../support/errors.ts';
import { printable } from '../../support/text/printable.ts';
import { firstAnswer } from './first-member.ts';
import { gatherNodes } from './gather-nodes.ts';
import { planFrom, type Planned, type PlanRequest } from './plan-cluster.ts';

/**
 * Reads the live state once more, over the connections that a plan was made with, and plans anew from the same. A connection that
 * has ended meanwhile is opened again; who gave no answer the first time is left out still. The caller closes the hosts.
 */
export async function planAgain(request: PlanRequest, shown: Planned): Promise<Planned> {
  const unreachable = new Map([...shown.facts.unreachable, ...shown.removedNodes.unreachable]);
  const earlier = { hosts: shown.hosts, unreachable };
  const now = await planFrom(request, shown.local, await gatherNodes({ ...request, earlier }));
  shown.queryNode.follow(now.queryNode);
  return now;
}

/**
 * The same with a cluster node that answers: while an operator decided, every connection may have ended. Rejects with
 * HOST_UNREACHABLE where no cluster node answers any more.
 */
export async function withQueryNode<Shown extends Pick<Planned, 'queryNode' | 'hosts'>>(
  { spec, connect, signal }: Pick<PlanRequest, 'spec' | 'connect' | 'signal'>,
  shown: Shown,
): Promise<Shown> {
  try {
    await readLock(shown.queryNode);
    return shown;
  } catch (thrown) {
    if (!isUnreachable(thrown)) throw thrown;
    const { host } = await firstAnswer(spec, connect, { signal }, readLock);
    const queryNode = failover([host], host.name);
    return { ...shown, queryNode, hosts: new Map([...shown.hosts, [host.name, host]]) };
  }
}

/** As many as anybody reads before planning again. */
const MOST_LINES = 20;

const listed = (lines: readonly string[]): readonly string[] => {
  const more = lines.length - MOST_LINES;
  return [...lines.slice(0, MOST_LINES).map(printable), ...(more > 0 ? [`and ${more} more`] : [])];
};

/** Throws REFUSED where there is anything that was not confirmed. */
export function refuseChanged(unannounced: readonly string[]): void {
  if (unannounced.length === 0) return;
  throw new OutriggerError(
    'REFUSED',
    `the cluster has changed since the plan was shown; nothing was changed:\n  ${listed(unannounced).join('\n  ')}`,
    { hint: 'run again to see the new plan' },
  );
}

/**
 * Throws REFUSED when more would be done than was shown, or in another way. Returns what has to be done no longer, or
 * elsewhere, line by line.
 */
export function refuseUnannounced(shown: Planned, now: Planned): readonly string[] {
  const { unannounced, dropped, elsewhere } = sinceShown(touching(shown), touching(now));
  refuseChanged(unannounced);
  return [
    ...listed(dropped).map((line) => `no longer necessary: ${line}`),
    ...listed(elsewhere).map((line) => `different from the plan: ${line}`),
  ];
}

const touching = (planned: Planned) => ({ ...planned, x509: planned.credentials?.desired });
