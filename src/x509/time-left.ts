const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** A day as it is written in messages. */
export const day = (date: Date): string => date.toISOString().slice(0, 10);

/** Whole and broken days from one moment to a later one. */
export const daysLeft = (now: Date, until: Date): number => (until.getTime() - now.getTime()) / DAY;

/** `12 days`, or in the last two days `30 h`: rounded down, since what is left is what counts. */
export function timeLeft(now: Date, until: Date): string {
  const left = until.getTime() - now.getTime();
  return left < 2 * DAY ? `${Math.floor(left / HOUR)} h` : `${Math.floor(left / DAY)} days`;
}
