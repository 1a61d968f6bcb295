/** Pacemaker keeps durations as unsigned 32-bit milliseconds and clips what is longer. */
const MAX_MS = 4_294_967_295;

const SYNTAX = /^\s*\+?(\d+)[\d.]*\s*(.*)$/s;

/** Microseconds by prefix, in the order in which Pacemaker tries them: `ms` must not be read as `m`. */
const UNITS: readonly (readonly [prefix: string, us: number])[] = [
  ['s', 1_000_000],
  ['ms', 1000],
  ['us', 1],
  ['m', 60_000_000],
  ['h', 3_600_000_000],
];

/**
 * The milliseconds of a duration as Pacemaker reads it (`60`, `60s`, `1min`, `60000 ms`), undefined for what it does not.
 * Like Pacemaker it drops decimals (`1.5s` is one second) and looks at the beginning of the unit only. ISO 8601
 * durations are left out: nobody compares one with a plain number.
 * Source: ClusterLabs/pacemaker 3.0.0 and 2.1.5 lib/common/strings.c, crm_get_msec; 3.0.2 calls it pcmk__parse_ms.
 */
export function durationMs(text: string): number | undefined {
  const [, digits, rest] = SYNTAX.exec(text) ?? [];
  if (digits === undefined || rest === undefined) return undefined;
  const unit = rest.toLowerCase();
  const us = unit === '' ? 1_000_000 : UNITS.find(([prefix]) => unit.startsWith(prefix))?.[1];
  return us === undefined ? undefined : Math.min(Math.floor((Number(digits) * us) / 1000), MAX_MS);
}

/** Whether two durations mean the same to Pacemaker; what is no plain duration is compared as text. */
export function sameDuration(one: string, other: string): boolean {
  const ms = durationMs(one);
  return one === other || (ms !== undefined && ms === durationMs(other));
}

const TRUE: readonly string[] = ['true', 'on', 'yes', 'y', '1'];
const FALSE: readonly string[] = ['false', 'off', 'no', 'n', '0'];

/** A boolean as Pacemaker reads it, undefined for other words (3.0.0 lib/common/strings.c, crm_str_to_boolean). */
export function booleanOf(text: string): boolean | undefined {
  const word = text.toLowerCase();
  if (TRUE.includes(word)) return true;
  return FALSE.includes(word) ? false : undefined;
}
