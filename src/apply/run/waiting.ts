import type { RunEvent } from '../../model/run-event.ts';
import type { EditContext, PlayName } from './edit-context.ts';

/** Reports what the run waits for, and for how long at most. `what` follows "waiting for". */
export function reportWaiting(
  { emit }: Pick<EditContext, 'emit'>,
  play: PlayName,
  what: string,
  limitMs: number,
): void {
  const seconds = limitMs / 1000;
  emit(waiting(play, `waiting up to ${seconds} s for ${what}`, seconds));
}

/** The same of a wait that lasts as long as something moves (`watchCluster`): for how long without progress. */
export function reportWatching(
  { emit }: Pick<EditContext, 'emit'>,
  play: PlayName,
  what: string,
  limitMs: number,
): void {
  const seconds = limitMs / 1000;
  emit(waiting(play, `waiting for ${what}, up to ${seconds} s without progress`, seconds));
}

/** Reports what is being checked, and how long that may take. `what` follows "checking". */
export function reportChecking(
  { emit }: Pick<EditContext, 'emit'>,
  play: PlayName,
  what: string,
  limitMs: number,
): void {
  const seconds = limitMs / 1000;
  emit(waiting(play, `checking ${what} (up to ${seconds} s)`, seconds));
}

const waiting = ({ name }: PlayName, message: string, limitSeconds: number): RunEvent => ({
  type: 'waiting',
  play: name,
  message,
  limitSeconds,
});
