/** Limits of the machine itself that many hosts at once run into. */
import { readFileSync, writeFileSync } from 'node:fs';

const INOTIFY_LIMIT = '/proc/sys/fs/inotify/max_user_instances';
const INOTIFY_ENOUGH = 8192;

/**
 * Every systemd holds a few inotify instances, and all hosts count as one user: with the kernel's
 * default of 128 the 28th host dies at boot ("Too many open files"). Raised, and left raised: another
 * lab may count on it.
 */
export function raiseLimits(): void {
  if (Number(readFileSync(INOTIFY_LIMIT, 'utf8')) < INOTIFY_ENOUGH) {
    writeFileSync(INOTIFY_LIMIT, String(INOTIFY_ENOUGH));
  }
}
