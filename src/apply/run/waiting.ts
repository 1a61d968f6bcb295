import type { EditContext, PlayName } from './edit-context.ts';

/** Reports what the run waits for, and for how long at most. `what` follows "waiting for". */
export function reportWaiting(
  { emit }: Pick<EditContext, 'emit'>,
  play: PlayName,
  what: string,
  limitMs: number,
): void {
  const limitSeconds = limitMs / 1000;
  const message = `waiting up to ${limitSeconds} s for ${what}`;
  emit({ type: 'waiting', play: play.name, message, limitSeconds });
}

/** The same of a wait that lasts as long as something moves (`watchCluster`): for how long without progress. */
export function reportWatching(
  { emit }: Pick<EditContext, 'emit'>,
  play: PlayName,
  what: string,
  limitMs: number,
): void {
  const limitSeconds = limitMs / 1000;
  const message = `waiting for ${what}, up to ${limitSeconds} s without progress`;
  emit({ type: 'waiting', play: play.name, message, limitSeconds });
}

/** Reports what is being checked, and how long that may take. `what` follows "checking". */
export function reportChecking(
  { emit }: Pick<EditContext, 'emit'>,
  play: PlayName,
  what: string,
  limitMs: number,
): void {
  const limitSeconds = limitMs / 1000;
  const message = `checking ${what} (up to ${limitSeconds} s)`;
  emit({ type: 'waiting', play: play.name, message, limitSeconds });
}
