import type { RunEvent, StepName, Verdict } from '../../model/run-event.ts';
import { conclude, type VerdictContext } from '../run/conclude.ts';
import type { PlayName } from '../run/edit-context.ts';

/** What a play has begun and given no verdict yet. */
export interface OpenSteps<Context> {
  /** Tells of the steps that it begins and ends. */
  readonly context: Context;
  /** The play has come to its end, and with it each step that it began. */
  readonly close: () => void;
}

type Begun = Extract<RunEvent, { type: 'action' }>;

/**
 * Follows the steps of a play. A procedure gives verdicts to what its plan shows; it may have begun more: a node whose
 * credentials need no change is protected as the others are, one that an interrupted run had changed is released, and a
 * failure is reported for one step of several. Without a verdict these would be called half-done.
 */
export function followSteps<Context extends VerdictContext>(
  context: Context,
  play: PlayName,
): OpenSteps<Context> {
  const open = new Map<string, readonly Begun[]>();
  const emit = (event: RunEvent): void => {
    if (event.type === 'action') {
      const key = keyOf(event);
      open.set(key, [...(open.get(key) ?? []), event]);
    }
    if (event.type === 'verdict') open.delete(keyOf(event));
    context.emit(event);
  };
  const followed = { ...context, emit };
  const close = (): void => {
    for (const begun of [...open.values()])
      for (const { host, item } of begun.slice(0, 1))
        conclude(followed, play, { host, item }, verdictOf(begun, context.failed.get(host)));
  };
  return { context: followed, close };
}

const keyOf = ({ host, item }: StepName): string => `${host} ${item}`;

/** What only kept the cluster away from a node has changed nothing of it. */
function verdictOf(begun: readonly Begun[], because: string | undefined): Verdict {
  const isHeldOnly = begun.every(({ action }) => action === 'protect' || action === 'unprotect');
  if (because !== undefined) return { kind: isHeldOnly ? 'skipped' : 'failed', because };
  return { kind: isHeldOnly ? 'in-sync' : 'changed' };
}
