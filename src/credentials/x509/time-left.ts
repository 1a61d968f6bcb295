const HOUR = 3_600_000;
export const DAY_MS = 24 * HOUR;

/** A day as it is written in messages. */
export const day = (date: Date): string => date.toISOString().slice(0, 10);

/** `12 days`, or in the last two days `30 h`: rounded down, since what is left is what counts. */
export function timeLeft(now: Date, until: Date): string {
  const left = until.getTime() - now.getTime();
  return left < 2 * DAY_MS ? `${Math.floor(left / HOUR)} h` : `${Math.floor(left / DAY_MS)} days`;
}
