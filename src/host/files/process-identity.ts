import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { errnoOf } from '../../support/errors.ts';

/**
 * A process, told apart from every other anywhere and at any time: boot, name and namespaces of its VM, its number and
 * its start. Machines that share a kernel (containers) share the boot, but no namespace of processes that they do not share.
 * Undefined where the system does not tell all of that.
 */
export function processIdentity(pid: number = process.pid): string | undefined {
  const seat = seatOf();
  const start = statOf(pid)?.start;
  return seat === undefined || start === undefined ? undefined : `${seat} ${pid} ${start}`;
}

/** Whether the process of this identity is gone for sure; whoever cannot know says no. */
export function isGone(identity: string): boolean {
  const [, seat, pid, start] = /^(\S+ \S+ \S+ \S+) ([1-9]\d{0,9}) (\d+)$/.exec(identity) ?? [];
  if (seat === undefined || seat !== seatOf()) return false;
  if (!exists(Number(pid))) return true;
  const now = statOf(Number(pid));
  return now !== undefined && (now.start !== start || DEAD.includes(now.state));
}

/** A zombie has ended, and waits for somebody to ask how. */
const DEAD = ['Z', 'X'];

function seatOf(): string | undefined {
  // A /proc of another namespace tells of other processes.
  if (readLink('/proc/self') !== String(process.pid)) return undefined;
  const boot = readText('/proc/sys/kernel/random/boot_id')?.trim() ?? '';
  const processes = readLink('/proc/self/ns/pid') ?? '';
  if (!/^[0-9a-f-]{36}$/.test(boot) || !/^pid:\[\d+\]$/.test(processes)) return undefined;
  // Starts are counted by the clock of a namespace of times, where there are any.
  const times = readLink('/proc/self/ns/time') ?? 'time:none';
  return `${boot} ${hostname()} ${processes} ${times}`;
}

/** Asks the kernel itself: /proc may hide what belongs to others. */
function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return errnoOf(thrown) !== 'ESRCH';
  }
}

/** The state of a process and when it was started, in ticks since the boot; its name may hold anything. */
function statOf(pid: number): { readonly state: string; readonly start: string } | undefined {
  const fields =
    readText(`/proc/${pid}/stat`)
      ?.replace(/^.*\)\s+/s, '')
      .split(' ') ?? [];
  const [state, start] = [fields[0], fields[19]];
  return state === undefined || start === undefined ? undefined : { state, start };
}

const readText = (path: string): string | undefined => attempted(() => readFileSync(path, 'utf8'));

const readLink = (path: string): string | undefined => attempted(() => readlinkSync(path));

function attempted(read: () => string): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
