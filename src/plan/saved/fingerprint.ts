import { createHmac } from 'node:crypto';

/** A file that is touched, or a daemon that is started again, is another thing only by what it holds. */
const TIMES: readonly string[] = ['modifiedAt', 'startedAt'];

/** A value in one form, whatever the order of its keys, and without times. */
const steady = (key: string, value: unknown): unknown => {
  if (TIMES.includes(key)) return undefined;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
};

/**
 * A keyed digest (HMAC-SHA-256, hexadecimal) of what something is: who knows the key can tell whether it is still that, and
 * without the key guesses cannot be tested. `key` is hexadecimal.
 */
export const fingerprint = (key: string, ...what: readonly unknown[]): string =>
  createHmac('sha256', Buffer.from(key, 'hex')).update(JSON.stringify(what, steady)).digest('hex');
