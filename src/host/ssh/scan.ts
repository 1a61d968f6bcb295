import type { ServerHostKeyAlgorithm } from 'ssh2';
import { OutriggerError } from '../../support/errors.ts';
import { fingerprint, keyTypeOf } from '../known-hosts.ts';
import { connectTimedOut, networkFailure, type Peer, unreachable } from './failures.ts';
import { HandshakeError, shakeHands } from './handshake.ts';
import { HOST_KEY_ALGORITHMS } from './host-key.ts';
import { openSocket } from './socket.ts';

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

/** Asks a server for its host keys, as ssh-keyscan does. They prove nothing until somebody compares them. */
export async function scanHostKeys(
  address: string,
  port: number,
  timeoutMs: number,
): Promise<readonly OfferedKey[]> {
  const peer: Peer = { name: address, connection: { address, port } };
  const limit = AbortSignal.timeout(timeoutMs);
  const answers = await Promise.allSettled(KINDS.map((types) => offeredKey(peer, types, limit)));
  const keys: OfferedKey[] = [];
  for (const answer of answers) {
    if (answer.status === 'rejected') throw scanFailure(peer, answer.reason, timeoutMs);
    if (answer.value !== undefined) keys.push(answer.value);
  }
  return keys;
}

/** The server's key of one kind; undefined when it has none. */
async function offeredKey(
  { connection: { address, port } }: Peer,
  types: readonly string[],
  limit: AbortSignal,
): Promise<OfferedKey | undefined> {
  const socket = await openSocket(address, port, limit);
  try {
    await shakeHands(socket, scanRequest(types), limit);
  } catch (error) {
    if (error instanceof Seen) return describeKey(error.blob);
    if (error instanceof HandshakeError && error.message.includes('no matching host key')) {
      return undefined;
    }
    throw error;
  }
  throw new Error('a handshake ended without a host key');
}

const scanRequest = (types: readonly string[]) => ({
  username: 'outrigger',
  methods: [],
  hostKeyAlgorithms: types.flatMap(
    (type): readonly ServerHostKeyAlgorithm[] => HOST_KEY_ALGORITHMS.get(type) ?? [],
  ),
  hostKeyProblem: (blob: Uint8Array) => new Seen(blob),
  // The signal given to the handshake is the limit.
  timeoutMs: 0,
});

const describeKey = (blob: Uint8Array): OfferedKey => ({
  type: keyTypeOf(blob) ?? 'unknown',
  blob,
  fingerprint: fingerprint(blob),
});

function scanFailure(peer: Peer, reason: unknown, timeoutMs: number): OutriggerError {
  if (reason instanceof DOMException) return connectTimedOut(peer, 'no host key', timeoutMs);
  if (reason instanceof HandshakeError) {
    return unreachable(peer, `the SSH handshake failed: ${reason.message}`, undefined, reason);
  }
  return networkFailure(peer, reason as Error);
}
