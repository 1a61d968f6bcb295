import { OutriggerError } from '../../support/errors.ts';
import { printable, printableLines, shorten } from '../../support/printable.ts';
import { fingerprint, type KnownHost } from '../known-hosts.ts';
import type { Endpoint } from './route.ts';

/** Who is spoken to: the host of the inventory, and the server that is its own or a jump host on the way. */
export interface Peer {
  readonly name: string;
  readonly at: Pick<Endpoint, 'address' | 'port'>;
  /** What the operator calls the last jump host before it. */
  readonly behind?: string | undefined;
  /** It is a jump host: no host of the inventory that could be chosen by its name. */
  readonly isJumpHost?: boolean | undefined;
}

export const seconds = (milliseconds: number): string => `${milliseconds / 1000} s`;

const whereIs = ({ at: { address, port }, behind }: Peer): string => {
  const place = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
  return behind === undefined ? place : `${place} behind ${printable(behind)}`;
};

export const unreachable = (
  peer: Peer,
  why: string,
  hint?: string,
  cause?: unknown,
): OutriggerError =>
  new OutriggerError('HOST_UNREACHABLE', `cannot reach ${whereIs(peer)}: ${printable(why)}`, {
    host: peer.name,
    hint: hint ?? 'check that the host is up, its address and port, and that sshd runs there',
    cause,
  });

const NETWORK_WORDS = new Map([
  ['ECONNREFUSED', 'connection refused'],
  ['ECONNRESET', 'connection reset by the host'],
  ['EHOSTUNREACH', 'no route to the host'],
  ['ENETUNREACH', 'no route to its network'],
  ['EHOSTDOWN', 'the host is down'],
  ['ETIMEDOUT', 'the network gave up waiting for an answer'],
  ['ENOTFOUND', 'its name is not known to DNS'],
  ['EAI_AGAIN', 'DNS does not answer'],
]);

/** A handshake that ended before it was one. */
export const handshakeFailed = (
  peer: Peer,
  { message, said, cause }: { message: string; said: string | undefined; cause: unknown },
): OutriggerError =>
  said === undefined
    ? unreachable(
        peer,
        `the SSH handshake failed: ${message}`,
        'compare with `ssh -v`: the host may speak only algorithms that outrigger does not',
        cause,
      )
    : unreachable(
        peer,
        `it does not speak SSH, but says: ${shorten(said.split(/\r?\n/)[0] ?? '', 100)}`,
        'something else listens on this port: check `address` and `port`',
        cause,
      );

/** A failure of the network, in words. */
export function networkFailure(peer: Peer, error: Error): OutriggerError {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return unreachable(peer, NETWORK_WORDS.get(code) ?? error.message, undefined, error);
}

export const connectTimedOut = (peer: Peer, stage: string, limitMs: number): OutriggerError =>
  unreachable(peer, `${stage} within ${seconds(limitMs)}`);

export const connectionLost = (peer: Peer, why: string | undefined): OutriggerError =>
  new OutriggerError(
    'HOST_UNREACHABLE',
    `connection lost to ${whereIs(peer)}${why === undefined ? '' : `: ${printable(why)}`}`,
    { host: peer.name, hint: 'run again when the host answers: what is already done stays done' },
  );

export const interrupted = (peer: Peer): OutriggerError =>
  new OutriggerError('INTERRUPTED', `given up connecting to ${whereIs(peer)}`, { host: peer.name });

const trustCommand = ({ name, isJumpHost }: Peer): string =>
  `outrigger trust -i INVENTORY${isJumpHost === true ? '' : ` --limit ${name}`}`;

export const hostKeyUnknown = (peer: Peer, blob: Uint8Array): OutriggerError =>
  new OutriggerError(
    'HOST_KEY_UNKNOWN',
    `${whereIs(peer)} answers with a host key that nobody has confirmed: ${fingerprint(blob)}`,
    {
      host: peer.name,
      hint: `compare the fingerprint with the host's own, then record it: ${trustCommand(peer)}`,
    },
  );

export const hostKeyChanged = (peer: Peer, blob: Uint8Array, known: KnownHost): OutriggerError =>
  new OutriggerError(
    'HOST_KEY_CHANGED',
    `${whereIs(peer)} answers with the host key ${fingerprint(blob)}, ` +
      `but ${known.file}:${known.line} holds ${fingerprint(known.blob)} (${known.keyType})`,
    {
      host: peer.name,
      hint:
        'another machine may be answering: find out before anything else. Only if the host was really installed ' +
        `anew: remove that line, then ${trustCommand(peer)}`,
    },
  );

export const hostKeyUnpinned = (
  peer: Peer,
  blob: Uint8Array,
  type: string,
  pinned: readonly string[],
): OutriggerError =>
  new OutriggerError(
    'HOST_KEY_CHANGED',
    `${whereIs(peer)} answers with the host key ${fingerprint(blob)} (${printable(type)}), but the inventory pins ${pinned.join(', ')}`,
    {
      host: peer.name,
      hint:
        'another machine may be answering: find out before anything else. Only if the host was really installed ' +
        'anew: write its new fingerprint into `hostKeys` of its `connection`',
    },
  );

export const hostKeyRevoked = (peer: Peer, blob: Uint8Array, known: KnownHost): OutriggerError =>
  new OutriggerError(
    'HOST_KEY_CHANGED',
    `${whereIs(peer)} answers with the host key ${fingerprint(blob)}, which ${known.file}:${known.line} revokes`,
    { host: peer.name, hint: 'never trust a revoked key: find out which machine answers with it' },
  );

export const authenticationFailed = (peer: Peer, message: string, hint: string): OutriggerError =>
  new OutriggerError('AUTHENTICATION_FAILED', message, { host: peer.name, hint });

/** A command that could not be brought to an end as expected. */
export const commandFailed = (peer: Peer, message: string): OutriggerError =>
  new OutriggerError('COMMAND_FAILED', printableLines(message), { host: peer.name });

export const timedOut = (peer: Peer, what: string, limitMs: number): OutriggerError =>
  new OutriggerError('TIMED_OUT', `${what} did not finish within ${seconds(limitMs)}`, {
    host: peer.name,
  });

/** What went wrong with a jump host, for a host behind it. */
export const jumpHostFailed = (name: string, alias: string, why: OutriggerError): OutriggerError =>
  new OutriggerError(why.code, `the jump host ${printable(alias)}: ${why.message}`, {
    host: name,
    cause: why,
    ...(why.hint === undefined ? {} : { hint: why.hint }),
  });
