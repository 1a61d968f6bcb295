/**
 * When a file was written, by its host's clock. A time that lies in the future (a clock that was set back) tells nothing: 0,
 * as that of no file, so that a daemon is not taken for older than it, however often it is restarted.
 */
export function readTime(text: string, clock: number): number {
  const time = Number(text);
  return time > clock ? 0 : time;
}
