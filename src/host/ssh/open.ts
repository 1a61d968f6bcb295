import type { Duplex } from 'node:stream';
import { OutriggerError } from '../../support/errors.ts';
import { entriesFor, type KnownHost, loadKnownHosts } from '../known-hosts.ts';
import { afterDrops, isDrop } from './drops.ts';
import { connectTimedOut, type Peer, seconds, unreachable } from './failures.ts';
import { HandshakeError, shakeHands } from './handshake.ts';
import { hostKeyProblem, offeredAlgorithms } from './host-key.ts';
import { everythingRefused, type Identities, identitiesFor } from './identities.ts';
import type { Keyring } from './keyring.ts';
import { type Link, linkOf, type Opened } from './link.ts';
import type { Endpoint } from './route.ts';
import { openStream } from './stream.ts';

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
  /** What known_hosts says about this server. */
  readonly known: readonly KnownHost[];
}

/** Logs in to one server: its host key is verified first. */
export async function openLink(approach: Approach): Promise<Link> {
  const { peer, endpoint, keyring, limit, via } = approach;
  const identities = await unlessAborted(limit, identitiesFor(peer, endpoint, keyring));
  const known = await knownKeys(peer, endpoint);
  const opened = await open({ ...approach, identities, known });
  return linkOf(peer, opened, via);
}

async function knownKeys({ name }: Peer, { knownHosts }: Endpoint): Promise<readonly KnownHost[]> {
  try {
    const files = await Promise.all(knownHosts.files.map((file) => loadKnownHosts(file)));
    return entriesFor(files.flat(), knownHosts.name);
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

/** Tries again where the server hung up before it said anything. */
const open = (approach: Prepared): Promise<Opened> =>
  afterDrops(approach.limit, () => openOnce(approach)).catch((error: unknown) => {
    throw error instanceof HandshakeError ? explain(approach, error) : error;
  });

async function openOnce(approach: Prepared): Promise<Opened> {
  const { peer, endpoint, identities, known, via, limit, limitMs } = approach;
  const socket: Duplex = await openStream(peer, via, limit).catch((error: unknown) => {
    if (limit.aborted) throw connectTimedOut(peer, 'no answer', limitMs);
    throw error;
  });
  const request = {
    username: endpoint.user,
    methods: identities.methods,
    hostKeyAlgorithms: offeredAlgorithms(known),
    hostKeyProblem: (blob: Uint8Array) => hostKeyProblem(peer, blob, known),
    timeoutMs: limitMs,
  };
  return shakeHands(socket, request, limit).catch((error: unknown) => {
    if (limit.aborted) throw connectTimedOut(peer, 'the SSH handshake did not finish', limitMs);
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
