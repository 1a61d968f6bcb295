import { hostname } from 'node:os';
import type { QueryNode } from '../../host/host.ts';
import {
  extendLock,
  isLockId,
  lockedText,
  takingLock,
  type Lock,
} from '../../pacemaker/procedures/lock.ts';
import type { CibOperation } from '../../pacemaker/procedures/edit.ts';
import { messageOf, OutriggerError } from '../../support/errors.ts';
import {
  lockedBy,
  newLockId,
  readLock,
  releaseLock,
  takeLock,
  whyOver,
  type Taken,
} from './lock.ts';
import { processIdentity } from '../../host/files/process-identity.ts';
import { userName } from '../../records/run-log.ts';

/** Longer than a batch takes; a run that is killed with the lock keeps others waiting as long. */
const LEASE_MS = 30 * 60_000;

/** For how long the lock is assumed to be held without another reading. */
const BELIEVED_MS = 10_000;

/** The lock of the cluster, held by this run for some time. */
export interface Lease {
  readonly id: string;
  /** In whose place it was taken, and why. */
  readonly replaced: Taken['replaced'];
  /** The ID of the lock that the CIB must hold for an edit of this run; empty: none. */
  readonly required: () => string;
  /**
   * The edit that makes it last longer, once half of its time is over, or takes it if that was left for later; it goes along
   * with another edit of the CIB.
   */
  readonly extension: () => readonly CibOperation[];
  /** An edit of the CIB that holds this extension was accepted under the lock. */
  readonly extended: (operations: readonly CibOperation[]) => void;
  /** Makes it last longer by an edit of its own, if it is time for that; several who ask at once wait for one edit. */
  readonly extend: (edit: () => Promise<void>) => Promise<void>;
  /** Rejects with LOCKED once the lock is lost. Looks at it when the last look is some time ago, or its time is over. */
  readonly confirm: () => Promise<void>;
  /** That the lock is lost, as far as this run has found out. */
  readonly ended: () => OutriggerError | undefined;
  /** What an edit is made for: the lock that it takes may have been taken by an earlier try whose answer was lost. */
  readonly found: (lock: Lock | undefined) => void;
  /** Finds out who holds the lock in the place of this run, for which it is lost from now on; undefined: this run does. */
  readonly lost: () => Promise<OutriggerError | undefined>;
  /** Gives it back. Gives why that failed; it expires then. */
  readonly release: () => Promise<string | undefined>;
}

/** Takes the lock of the cluster for `leaseMs`. Rejects with LOCKED when another holds it. */
export async function takeLease(queryNode: QueryNode, leaseMs = LEASE_MS): Promise<Lease> {
  const taken = await takeLock(queryNode, { ...ourselves(), leaseMs });
  return leaseOf(queryNode, leaseMs, { ...taken, isTaken: true });
}

/**
 * The lock of the cluster, to be taken by the first edit of the CIB and as a part of it: for a cluster that no edit must wake
 * before that. Rejects with LOCKED when another holds it now; so does that edit later.
 */
export async function takeLeaseLater(queryNode: QueryNode, leaseMs = LEASE_MS): Promise<Lease> {
  const { now, lock: old } = await readLock(queryNode);
  const because = whyOver({ now, lock: old });
  if (old !== undefined && (because === undefined || !isLockId(old.id))) throw lockedBy(old);
  const lock = { ...ourselves(), id: newLockId(), taken: now, expires: 0 };
  const replaced = old && { lock: old, because: because ?? '' };
  return leaseOf(queryNode, leaseMs, { now, lock, replaced, isTaken: false });
}

const ourselves = (): Pick<Lock, 'holder' | 'process'> => ({
  holder: `${userName()}@${hostname()}, process ${process.pid}`,
  process: processIdentity() ?? '',
});

function leaseOf(
  queryNode: QueryNode,
  leaseMs: number,
  { lock, now, replaced, isTaken: wasTaken }: Taken & { readonly isTaken: boolean },
): Lease {
  const clock = clockFrom(now);
  let isTaken = wasTaken;
  let { expires } = lock;
  let proposed = expires;
  let edit: Promise<void> | undefined;
  const found = (now: Lock | undefined): void => {
    if (isTaken || now?.id !== lock.id) return;
    isTaken = true;
    ({ expires } = now);
  };
  const watch = watchLock(queryNode, lock.id, { isOver: () => clock() >= expires, found });
  const extension = (): readonly CibOperation[] => {
    if (isTaken && expires - clock() >= leaseMs / 2000) return [];
    proposed = Math.ceil(clock() + leaseMs / 1000);
    return isTaken
      ? extendLock(proposed)
      : takingLock({ ...lock, expires: proposed }, replaced?.lock);
  };
  return {
    id: lock.id,
    replaced,
    required: () => (isTaken ? lock.id : (replaced?.lock.id ?? '')),
    extension,
    extended: (operations) => {
      watch.seen();
      if (operations.length === 0) return;
      isTaken = true;
      expires = proposed;
    },
    extend: async (byItself) => {
      if (!isTaken || extension().length === 0) return;
      edit ??= byItself().finally(() => (edit = undefined));
      await edit;
    },
    found,
    ended: watch.ended,
    lost: watch.lost,
    confirm: async () => {
      if (isTaken || watch.ended() !== undefined) await watch.confirm();
    },
    release: async () => {
      if (!isTaken && proposed === lock.expires) return undefined; // not even tried
      try {
        await releaseLock(queryNode, lock.id);
        return undefined;
      } catch (thrown) {
        if (!(thrown instanceof OutriggerError)) throw thrown;
        return messageOf(thrown);
      }
    },
  };
}

/**
 * The clock of a cluster node, in seconds, from what it just reported. A host that was suspended loses time by one of its clocks, one
 * that was set by the other.
 */
function clockFrom(now: number): () => number {
  const began = { steady: performance.now(), wall: Date.now() };
  return () => now + Math.max(performance.now() - began.steady, Date.now() - began.wall) / 1000;
}

/** Looks now and then whether the lock of this ID is there. */
function watchLock(
  queryNode: QueryNode,
  id: string,
  { isOver, found }: { readonly isOver: () => boolean } & Pick<Lease, 'found'>,
): Pick<Lease, 'confirm' | 'ended' | 'lost'> & { readonly seen: () => void } {
  let looked = performance.now();
  let end: OutriggerError | undefined;
  let look: Promise<void> | undefined;
  let isSeen = true;
  const lookAgain = async (): Promise<void> => {
    isSeen = false;
    try {
      const { lock } = await readLock(queryNode);
      isSeen = lock?.id === id;
      if (isSeen) found(lock);
      else end ??= lostTo(lock, queryNode.name);
      looked = performance.now();
    } catch (thrown) {
      // Without an answer it is believed to be there until its time is over.
      if (!(thrown instanceof OutriggerError) || isOver()) throw thrown;
    }
  };
  return {
    seen: () => (looked = performance.now()),
    confirm: async () => {
      if (end === undefined && (isOver() || performance.now() - looked >= BELIEVED_MS)) {
        look ??= lookAgain().finally(() => (look = undefined));
        await look;
      }
      if (end !== undefined) throw end;
    },
    ended: () => end,
    lost: async () => {
      await Promise.allSettled([lookAgain()]);
      return isSeen ? end : (end ??= lostTo(undefined, queryNode.name));
    },
  };
}

function lostTo(other: Lock | undefined, host: string): OutriggerError {
  const now = other === undefined ? 'it was removed' : `the cluster is now ${lockedText(other)}`;
  return new OutriggerError('LOCKED', `this run no longer holds the lock of the cluster: ${now}`, {
    host,
    hint: 'it was removed with `unlock`, or this run was suspended for longer than its lease: check whether another run is active, then apply again',
  });
}
