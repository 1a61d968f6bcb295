import { setTimeout as sleep } from 'node:timers/promises';
import { OutriggerError } from '../../support/errors.ts';
import type { ConnectHost, Connection } from '../host.ts';
import { entriesFor, type KnownHost, loadKnownHosts } from '../known-hosts.ts';
import {
  connectTimedOut,
  interrupted,
  networkFailure,
  type Peer,
  unreachable,
} from './failures.ts';
import { HandshakeError, shakeHands } from './handshake.ts';
import { hostKeyProblem, offeredAlgorithms } from './host-key.ts';
import { everythingRefused, type Identities, identitiesFor } from './identities.ts';
import { linkOf, type Opened } from './link.ts';
import { openSocket } from './socket.ts';
import { SshHost } from './ssh-host.ts';

/** sshd drops connections unheard when many arrive at once (MaxStartups): the waits before trying again. */
const RETRY_AFTER_MS = [250, 750, 2000];

/** Everything that the attempts to reach one host share. */
interface Approach {
  readonly peer: Peer;
  readonly connection: Connection;
  readonly identities: Identities;
  /** What known_hosts says about this host. */
  readonly known: readonly KnownHost[];
  /** Aborted by the caller, or when the time for all attempts together is up. */
  readonly limit: AbortSignal;
}

export const connectSsh: ConnectHost = async (name, connection, signal) => {
  const peer: Peer = { name, connection };
  const outOfTime = new AbortController();
  const timer = setTimeout(() => {
    outOfTime.abort();
  }, connection.connectTimeoutMs);
  const limit = AbortSignal.any([signal, outOfTime.signal]);
  try {
    limit.throwIfAborted();
    const identities = await unlessAborted(limit, identitiesFor(peer, connection));
    const known = await knownKeys(peer, connection);
    const opened = await open({ peer, connection, identities, known, limit });
    return new SshHost(linkOf(peer, opened), connection);
  } catch (error) {
    if (signal.aborted) throw interrupted(peer);
    if (error instanceof OutriggerError) throw error;
    throw connectTimedOut(peer, 'no connection', connection.connectTimeoutMs);
  } finally {
    clearTimeout(timer);
  }
};

async function knownKeys(
  { name }: Peer,
  { address, port, knownHostsFile }: Connection,
): Promise<readonly KnownHost[]> {
  try {
    return entriesFor(await loadKnownHosts(knownHostsFile), address, port);
  } catch (error) {
    if (!(error instanceof OutriggerError)) throw error;
    const { code, message, hint, cause } = error;
    throw new OutriggerError(code, message, {
      host: name,
      cause,
      ...(hint === undefined ? {} : { hint }),
    });
  }
}

/** Tries again where the host dropped the connection before it said anything. */
async function open(approach: Approach, tries = 0): Promise<Opened> {
  try {
    return await openOnce(approach);
  } catch (error) {
    const wait = RETRY_AFTER_MS[tries];
    if (!(error instanceof HandshakeError)) throw error;
    if (wait === undefined || !isDrop(error)) throw explain(approach, error);
    // Half of the wait is random, so that those who were dropped together do not come back together.
    await sleep(wait / 2 + Math.random() * (wait / 2), undefined, { signal: approach.limit }).catch(
      () => {
        throw explain(approach, error);
      },
    );
    return open(approach, tries + 1);
  }
}

async function openOnce(approach: Approach): Promise<Opened> {
  const { peer, connection, identities, known, limit } = approach;
  const { address, port, user, connectTimeoutMs } = connection;
  const socket = await openSocket(address, port, limit).catch((error: unknown) => {
    if (limit.aborted) throw connectTimedOut(peer, 'no answer', connectTimeoutMs);
    throw networkFailure(peer, error as Error);
  });
  const request = {
    username: user,
    methods: identities.methods,
    hostKeyAlgorithms: offeredAlgorithms(known),
    hostKeyProblem: (blob: Uint8Array) => hostKeyProblem(peer, blob, known),
    timeoutMs: connectTimeoutMs,
  };
  return shakeHands(socket, request, limit).catch((error: unknown) => {
    if (limit.aborted) {
      throw connectTimedOut(peer, 'the SSH handshake did not finish', connectTimeoutMs);
    }
    throw error;
  });
}

const isDrop = ({ stage, level, message }: HandshakeError): boolean =>
  stage === 'before-host-key' &&
  (level === 'client-socket' || /^(connection closed|Connection lost before)/.test(message));

function explain({ peer, connection, identities }: Approach, error: HandshakeError): Error {
  if (isDrop(error)) {
    return unreachable(
      peer,
      'it drops connections before the SSH handshake',
      'sshd may be overloaded (MaxStartups), or something else listens on this port',
      error,
    );
  }
  if (
    error.level === 'client-authentication' ||
    /too many authentication failures/i.test(error.message)
  ) {
    return everythingRefused(peer, connection.user, identities);
  }
  return unreachable(
    peer,
    `the SSH handshake failed: ${error.message}`,
    'compare with `ssh -v`: the host may speak only algorithms that outrigger does not',
    error,
  );
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
