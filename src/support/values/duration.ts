const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
};

/** A duration as Pacemaker writes it (`30s`, `5min`, a number alone is seconds), in milliseconds. */
export function durationMs(text: string): number {
  const [, count, unit] = /^(\d+)(\D*)$/.exec(text) ?? [];
  const factor = UNITS[unit === '' || unit === undefined ? 's' : unit];
  if (count === undefined || factor === undefined) throw new Error(`not a duration: ${text}`);
  return Number(count) * factor;
}
