/**
 * When a file was written, by its host's clock. A time that lies in the future (a clock that was set back) is not used: 0,
 * as that of no file, so that a daemon is not taken for older than it, however often it is restarted.
 */
export function readTime(text: string, clock: number): number {
  const time = readSeconds(text) ?? 0;
  return time > clock ? 0 : time;
}

/** A moment as date(1) and stat(1) print it, `1795354772.747382`; undefined: it is none that a calendar has. */
export const readSeconds = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,11}(\.\d{0,9})?$/.test(text) ? Number(text) : undefined;
