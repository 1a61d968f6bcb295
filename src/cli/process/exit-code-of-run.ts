import { leftOut, type Plan } from '../../model/plan.ts';
import type { RunResult } from '../../model/run-event.ts';
import type { ErrorCode } from '../../support/errors.ts';
import { EXIT, exitCodeOf, exitCodeOfComparison, gravest, type ExitCode } from './exit-code.ts';

/** The gravest of all that holds: what stopped the run, whether it was interrupted, who failed and who was left out. */
export function exitCodeFor(
  plan: Pick<Plan, 'problems'> & Partial<Pick<Plan, 'pending'>>,
  { failed, wasInterrupted }: RunResult,
  stoppedBy?: ErrorCode,
): ExitCode {
  const left = new Set(leftOut(plan).map(({ host }) => host));
  return gravest([
    stoppedBy === undefined ? EXIT.ok : exitCodeOf(stoppedBy),
    wasInterrupted ? EXIT.interrupted : EXIT.ok,
    [...failed.keys()].some((host) => !left.has(host)) ? EXIT.failed : EXIT.ok,
    exitCodeOfComparison({ problems: plan.problems, pending: plan.pending ?? [] }, false),
  ]);
}
