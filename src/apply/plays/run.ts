import { leftOut } from '../../model/plan.ts';
import type { RunResult } from '../../model/run-event.ts';
import { nodesOf } from '../../inventory/spec.ts';
import { isTogether, type BatchSize, type Play } from '../../playbook/playbook.ts';
import { batchesOf, groupPlays, hostsIn } from './batches.ts';
import { changeCredentials } from '../credentials/change-credentials.ts';
import { runCheckPlay } from './check-play.ts';
import { runCibPlay } from './cib-play.ts';
import { conclude, type VerdictContext } from '../run/conclude.ts';
import { changesOf } from '../run/planned-changes.ts';
import type { RunContext } from '../run/run-context.ts';
import type { RunInput } from '../run/run-input.ts';
import type { RunProgress } from '../run/run-progress.ts';
import { passGates } from '../cluster/gates.ts';
import { runHostPlay } from './host-play.ts';
import { followSteps } from './open-steps.ts';
import { keepLock } from '../cluster/keep-lock.ts';
import { runRemoval } from '../removal/removal.ts';

/**
 * Carries out a plan, play by play in the playbook's order, batch by batch where the playbook has batches. A failed host
 * does not stop the others; it is skipped from then on. After an interrupt the batch under way is finished, and
 * nothing new is begun. Rejects with an OutriggerError when a gate does not open, and with LOCKED when the lock is lost.
 */
export async function runPlan(context: RunContext): Promise<RunResult> {
  for (const plays of groupPlays(context.playbook.plays)) {
    const [first] = plays;
    if (first === undefined) continue;
    const planned = concerned(context, plays);
    // Cut anew: a batch whose hosts have all failed already would try nothing before the next and larger one.
    const names = planned.filter((name) => !context.failed.has(name));
    if (mayGoOn(context)) reportSkipped(context, plays);
    const sizes = sizesFor(context, first);
    const batches = batchesOf(names, sizes);
    for (const [index, batch] of batches.entries()) {
      if (mayGoOn(context) && !isVain(context, plays, batch)) {
        const label = batches.length > 1 ? `${index + 1} of ${batches.length}` : '';
        await keepLock(context, first);
        await context.lease.confirm();
        for (const play of plays) await runPlay(context, play, batch, label);
      }
    }
  }
  const lost = context.lease.ended();
  if (lost !== undefined) throw lost;
  return { failed: context.failed, wasInterrupted: context.signal.aborted };
}

/** Guest nodes enter one at a time, whatever batches the operator sets. */
function sizesFor(
  { options }: Pick<RunInput, 'options'>,
  { batch, for: whom }: Play,
): readonly BatchSize[] {
  if (batch.length === 0) return [];
  return whom === 'guestNodes' ? [1] : (options.batch ?? batch);
}

/** What broke the connection of one VM may break the next one: after a failure no further guest node is tried. */
function isVain(
  context: Pick<RunInput, 'plan' | 'playbook'> & VerdictContext & Pick<RunProgress, 'inVain'>,
  plays: readonly Play[],
  batch: readonly string[],
): boolean {
  const [vain] = context.inVain;
  if (vain === undefined || plays.some((play) => play.for !== 'guestNodes')) return false;
  const because = `not attempted: the connection to ${vain} failed`;
  const connects = plays.some(({ items }) => items.includes('guest-node'));
  if (!connects) return false;
  for (const play of plays) {
    for (const { host, item } of changesOf(context, play)) {
      if (batch.includes(host))
        conclude(context, play, { host, item }, { kind: 'skipped', because });
    }
  }
  return true;
}

/** Names what the hosts that failed in an earlier play miss. */
function reportSkipped(
  context: Pick<RunInput, 'plan' | 'playbook'> & VerdictContext,
  plays: readonly Play[],
): void {
  for (const play of plays) {
    for (const { host, item } of changesOf(context, play)) {
      const because = context.failed.get(host);
      if (because !== undefined)
        conclude(context, play, { host, item }, { kind: 'skipped', because });
    }
  }
}

/** Hosts that the plan left out already do not count as failures of this run. */
function mayGoOn({
  signal,
  failed,
  options,
  spec,
  plan,
}: Pick<RunInput, 'signal' | 'options' | 'spec' | 'plan'> & Pick<RunProgress, 'failed'>): boolean {
  if (signal.aborted) return false;
  const total = spec.clusterNodes.length + nodesOf(spec).length + nodesOf(spec.absent).length;
  const left = new Set(leftOut(plan).map(({ host }) => host));
  const failures = [...failed.keys()].filter((host) => !left.has(host)).length;
  return options.maxFail === undefined || failures <= allowedFailures(options.maxFail, total);
}

const allowedFailures = (maxFail: BatchSize, total: number): number =>
  maxFail === 0 || maxFail === '0%' ? 0 : hostsIn(maxFail, total);

/** The hosts for which the plan shows something in one of these plays, in inventory order. */
function concerned(
  context: Pick<RunInput, 'plan' | 'playbook' | 'spec'>,
  plays: readonly Play[],
): readonly string[] {
  const planned = new Set(
    plays.flatMap((play) => changesOf(context, play)).map(({ host }) => host),
  );
  const { spec } = context;
  return [...spec.clusterNodes, ...nodesOf(spec), ...nodesOf(spec.absent)]
    .map(({ name }) => name)
    .filter((name) => planned.has(name));
}

async function runPlay(
  context: RunContext,
  play: Play,
  batch: readonly string[],
  label: string,
): Promise<void> {
  context.emit({ type: 'play-started', play: play.name, hosts: batch, batch: label });
  await passGates(context, play);
  if (play.checks.length > 0) await runCheckPlay(context, play, batch);
  if (play.items.length === 0) return;
  const steps = followSteps(context, play);
  await runItems(steps.context, play, batch);
  steps.close();
}

async function runItems(context: RunContext, play: Play, batch: readonly string[]): Promise<void> {
  if (isTogether(play)) await changeCredentials(context, play);
  else if (play.procedure === 'removal') await runRemoval(context, play, batch);
  else if (play.hosts === 'cluster') await runCibPlay(context, play, batch);
  else await runHostPlay(context, play, batch);
}
