const DAY_MS = 86_400_000;
const DAYS: Readonly<Record<string, number>> = { d: 1, w: 7, y: 365 };

/** A number of days, weeks or years (of 365 days), like `30d`, `8w` or `1y`, in milliseconds. */
export function periodMs(text: string): number {
  const [, count, unit = ''] = /^(\d+)([a-z])$/.exec(text) ?? [];
  const days = DAYS[unit];
  if (count === undefined || days === undefined) throw new Error(`not a period: ${text}`);
  return Number(count) * days * DAY_MS;
}
