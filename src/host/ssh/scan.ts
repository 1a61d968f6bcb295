import { fingerprint, keyTypeOf } from '../known-hosts/known-hosts.ts';
import { afterDrops, foreignGreeting } from './link/drops.ts';
import { connectTimedOut, handshakeFailed, type Peer } from './route/failures.ts';
import { HandshakeError, shakeHands } from './link/handshake.ts';
import { type Algorithms, SIGNATURES } from './route/algorithms.ts';
import type { Patience } from './jump-hosts.ts';
import type { Link } from './link/link.ts';
import { UNRESTRICTED } from './route/restrictions.ts';
import { openStream } from './link/stream.ts';
import { within } from './link/within.ts';

/** A host key that a server offers. */
export interface OfferedKey {
  readonly type: string;
  readonly blob: Uint8Array;
  readonly fingerprint: string;
}

/** The kinds of key to ask for; a server shows one in each handshake. */
const KINDS: readonly (readonly string[])[] = [
  ['ssh-ed25519'],
  ['ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521'],
  ['ssh-rsa'],
];

/** Ends the handshake as soon as the key is seen: nothing is verified and nobody logs in. */
class Seen extends Error {
  readonly blob: Uint8Array;

  constructor(blob: Uint8Array) {
    super('host key seen');
    this.blob = blob;
  }
}

/**
 * Asks a server for its host keys, as ssh-keyscan does, one kind after the other: a server that limits the number of
 * logins under way (MaxStartups) would drop some. They prove nothing until somebody compares them.
 */
export function scanHostKeys(
  peer: Peer,
  via: Link | undefined,
  { limitMs, signal }: Patience,
): Promise<readonly OfferedKey[]> {
  return within(peer, { limitMs, signal }, async (limit) => {
    const keys: OfferedKey[] = [];
    const { algorithms } = peer.at.restrictions ?? UNRESTRICTED;
    for (const types of KINDS) {
      const desired = types
        .flatMap((type) => SIGNATURES.get(type) ?? [])
        .filter((algorithm) => algorithms.hostKey.includes(algorithm));
      if (desired.length === 0) continue;
      const key = await offeredKey(peer, { ...algorithms, hostKey: desired }, via, limit).catch(
        (thrown: unknown) => {
          if (limit.aborted) throw connectTimedOut(peer, 'no host key', limitMs);
          throw thrown;
        },
      );
      if (key !== undefined) keys.push(key);
    }
    return keys;
  });
}

/** The server's key of one kind; undefined when it has none. */
async function offeredKey(
  peer: Peer,
  algorithms: Algorithms,
  via: Link | undefined,
  limit: AbortSignal,
): Promise<OfferedKey | undefined> {
  try {
    await afterDrops(limit, async () =>
      shakeHands(await openStream(peer, via, limit), scanRequest(algorithms), limit),
    );
  } catch (error) {
    if (error instanceof Seen) return describeKey(error.blob);
    if (!(error instanceof HandshakeError)) throw error;
    if (error.message.includes('no matching host key')) return undefined;
    throw handshakeFailed(peer, {
      message: error.message,
      greeting: foreignGreeting(error),
      cause: error,
    });
  }
  throw new Error('a handshake ended without a host key');
}

const scanRequest = (algorithms: Algorithms) => ({
  username: 'outrigger',
  methods: [],
  algorithms,
  hostKeyProblem: (blob: Uint8Array) => Promise.resolve(new Seen(blob)),
});

const describeKey = (blob: Uint8Array): OfferedKey => ({
  type: keyTypeOf(blob) ?? 'unknown',
  blob,
  fingerprint: fingerprint(blob),
});
