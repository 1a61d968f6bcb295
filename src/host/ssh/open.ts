import type { Duplex } from 'node:stream';
import { OutriggerError } from '../../support/errors.ts';
import { afterDrops, isDrop, foreignGreeting } from './link/drops.ts';
import {
  connectTimedOut,
  handshakeFailed,
  type Peer,
  seconds,
  unreachable,
} from './route/failures.ts';
import { HandshakeError, shakeHands } from './link/handshake.ts';
import { everythingRefused, type Identities, identitiesFor } from './keys/identities.ts';
import type { Keyring } from './keys/keyring.ts';
import { type Link, linkOf, type Opened } from './link/link.ts';
import type { Endpoint } from './route/route.ts';
import { openStream } from './link/stream.ts';
import { type Verification, verificationsFor } from './trust/verify.ts';

/** One server, and how to get at it. */
export interface Approach {
  readonly peer: Peer;
  readonly endpoint: Endpoint;
  /** The connection to the jump host before it. */
  readonly via: Link | undefined;
  readonly keyring: Keyring;
  /** Milliseconds for all attempts together. */
  readonly limitMs: number;
  /** Aborted by the caller, or when the time is up. */
  readonly limit: AbortSignal;
}

interface Prepared extends Approach {
  readonly identities: Identities;
  readonly verification: Verification;
}

/** Logs in to one server: its host key is verified first. */
export async function openLink(approach: Approach): Promise<Link> {
  const { peer, endpoint, keyring, limit, via } = approach;
  const identities = await unlessAborted(limit, identitiesFor(peer, endpoint, keyring));
  const opened = await openVerified(approach, identities);
  return linkOf(peer, opened, via);
}

/** One handshake, or one for each kind of key where the right one may be of any. */
async function openVerified(approach: Approach, identities: Identities): Promise<Opened> {
  const { peer, endpoint } = approach;
  const verifications = await verificationsFor(peer, endpoint, approach.limit);
  let failure: unknown;
  for (const verification of verifications) {
    try {
      return await open({ ...approach, identities, verification });
    } catch (thrown) {
      failure = worse(failure, thrown);
      if (!isOtherKind(thrown)) throw thrown;
    }
  }
  throw failure;
}

/** The server has no key of the kind that was asked for, or another one than expected. */
const isOtherKind = (thrown: unknown): boolean =>
  thrown instanceof OutriggerError &&
  (thrown.code === 'HOST_KEY_CHANGED' || hasNoSuchKey(thrown.cause));

const hasNoSuchKey = (cause: unknown): boolean =>
  cause instanceof HandshakeError && cause.message.includes('no matching host key');

const worse = (before: unknown, now: unknown): unknown =>
  before instanceof OutriggerError && before.code === 'HOST_KEY_CHANGED' ? before : now;

/** Tries again where the server hung up before it said anything. */
const open = (approach: Prepared): Promise<Opened> =>
  afterDrops(approach.limit, () => openOnce(approach)).catch((error: unknown) => {
    throw error instanceof HandshakeError ? explain(approach, error) : error;
  });

async function openOnce(approach: Prepared): Promise<Opened> {
  const { peer, endpoint, identities, verification, via, limit, limitMs } = approach;
  const socket: Duplex = await openStream(peer, via, limit).catch((error: unknown) => {
    if (limit.aborted) throw connectTimedOut(peer, 'no response', limitMs);
    throw error;
  });
  const request = {
    username: endpoint.user,
    methods: identities.methods,
    algorithms: { ...endpoint.restrictions.algorithms, hostKey: verification.algorithms },
    hostKeyProblem: verification.problem,
  };
  return shakeHands(socket, request, limit).catch((error: unknown) => {
    // Why a host key could not be judged in time says more.
    if (limit.aborted && !(error instanceof OutriggerError))
      throw connectTimedOut(peer, 'the SSH handshake did not finish', limitMs);
    throw error;
  });
}

function explain({ peer, endpoint, identities, limitMs }: Prepared, error: HandshakeError): Error {
  if (isDrop(error)) {
    return unreachable(
      peer,
      `for ${seconds(limitMs)} it dropped every connection before the SSH handshake`,
      'sshd may be overloaded (MaxStartups), or something else listens on this port',
      error,
    );
  }
  if (
    error.level === 'client-authentication' ||
    /too many authentication failures/i.test(error.message)
  ) {
    return everythingRefused(peer, endpoint.user, identities);
  }
  return handshakeFailed(peer, {
    message: error.message,
    greeting: foreignGreeting(error),
    cause: error,
  });
}

/** Stops waiting when `signal` says so: an agent that never answers must not hold up a run. */
const unlessAborted = <T>(signal: AbortSignal, work: Promise<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    const onAbort = (): void => {
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    void work.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', onAbort);
    });
  });
