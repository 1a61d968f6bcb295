import { randomBytes } from 'node:crypto';
import type { ExecRequest, QueryNode } from '../../host/host.ts';
import { loadScript } from '../../host/load-script.ts';
import {
  isLockId,
  lockedText,
  lockElement,
  lockOf,
  type Lock,
} from '../../pacemaker/procedures/lock.ts';
import { parseXml, serializeXml } from '../../pacemaker/basics/xml.ts';
import { OutriggerError } from '../../support/errors.ts';
import { printable, asOneLine } from '../../support/text/printable.ts';
import { isGone } from '../../host/files/process-identity.ts';

const SCRIPT = new URL('./lock.sh', import.meta.url);
const TIMEOUT_MS = 120_000;
const HELD = 3;
const TRIES = 5;

/** What a cluster node reports about the lock. */
export interface LockState {
  /** Its clock, in seconds. */
  readonly now: number;
  /** Undefined: it is free. */
  readonly lock: Lock | undefined;
}

/** A lock that was taken. */
export interface Taken {
  readonly now: number;
  readonly lock: Lock;
  /** In whose place, and why. */
  readonly replaced: { readonly lock: Lock; readonly because: string } | undefined;
}

export const newLockId = (): string => randomBytes(6).toString('hex');

/** Reads the lock of the cluster. */
export const readLock = (host: QueryNode): Promise<LockState> =>
  reported(host, { params: ['read'] });

/** Releases the lock of this ID, and no other. Returns what there is afterwards. */
export async function releaseLock(host: QueryNode, id: string): Promise<LockState> {
  if (isLockId(id)) return reported(host, { params: ['release', id] });
  throw new OutriggerError('REFUSED', `${printable(id)} is not an outrigger lock`, {
    hint: BY_HAND,
  });
}

const BY_HAND = `inspect it, and delete it manually: cibadmin --delete --xpath "//cluster_property_set[@id='outrigger-lock']"`;

/** Why a lock is no longer in use; undefined: it may be in use. */
export function whyOver({ lock, now }: LockState): string | undefined {
  if (lock === undefined) return 'it was released';
  if (lock.expires <= now) return 'it has expired';
  return isGone(lock.process) ? 'its process on this machine has ended' : undefined;
}

/**
 * Takes the lock of the cluster, also in place of one that is no longer in use. Of several that try exactly one
 * gets it: what goes is the very lock that was looked at. Rejects with LOCKED, saying who holds it.
 */
export async function takeLock(
  host: QueryNode,
  {
    leaseMs,
    ...holder
  }: Pick<Lock, 'holder' | 'process'> & {
    readonly leaseMs: number;
  },
): Promise<Taken> {
  const id = newLockId();
  const seconds = String(Math.ceil(leaseMs / 1000));
  const input = serializeXml(lockElement({ id, ...holder }));
  let replaced: Taken['replaced'];
  for (let tries = TRIES; tries > 0; tries -= 1) {
    const old = replaced === undefined ? [] : [replaced.lock.id, String(replaced.lock.expires)];
    const state = await reported(host, { params: ['take', id, seconds, ...old], input });
    const { now, lock } = state;
    if (lock?.id === id) return { now, lock, replaced };
    replaced = undefined;
    if (lock === undefined) continue; // it has just been released
    const because = isLockId(lock.id) ? whyOver(state) : undefined;
    if (because === undefined) throw lockedBy(lock);
    replaced = { lock, because };
  }
  throw new OutriggerError('LOCKED', 'other runs keep acquiring the lock of the cluster');
}

export const lockedBy = (lock: Lock): OutriggerError =>
  new OutriggerError('LOCKED', `the cluster is ${lockedText(lock)}`, {
    hint: isLockId(lock.id)
      ? `wait until it is released (--lock-wait 10m); if the run that holds it has ended: outrigger unlock ${lock.id} -i INVENTORY`
      : BY_HAND,
  });

async function reported(
  host: QueryNode,
  request: Pick<ExecRequest, 'params' | 'input'>,
): Promise<LockState> {
  const { code, stdout, stderr } = await host.exec({
    script: loadScript(SCRIPT),
    timeoutMs: TIMEOUT_MS,
    ...request,
  });
  if (code !== 0 && code !== HELD) {
    const output = asOneLine(stderr, 600) || `exit code ${code} without output`;
    throw new OutriggerError('COMMAND_FAILED', `the lock of the cluster: ${output}`, {
      host: host.name,
      hint: 'the CIB cannot be changed there: check the DC and quorum with `crm_mon -1`',
    });
  }
  const [now = '', ...lines] = stdout.split('\n');
  const xml = lines.join('\n').trim();
  if (!/^\d{1,12}$/.test(now))
    throw new OutriggerError('REPLY_INVALID', 'no response to the lock request', {
      host: host.name,
    });
  return { now: Number(now), lock: xml === '' ? undefined : lockOf(parseXml(xml, 'the lock')) };
}
