import { errnoOf, OutriggerError } from '../../../support/errors.ts';
import { printable, asOneLine, shorten } from '../../../support/text/printable.ts';
import { fingerprint, type KnownHost } from '../../known-hosts/known-hosts.ts';
import { withoutHostCertificate } from './certificates.ts';
import type { Endpoint } from './route.ts';

/** Who is spoken to: the host of the inventory, and the server that is its own or a jump host on the way. */
export interface Peer {
  readonly name: string;
  readonly at: Pick<Endpoint, 'address' | 'port'> & Partial<Pick<Endpoint, 'restrictions'>>;
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
  ['ETIMEDOUT', 'connection timed out'],
  ['ENOTFOUND', 'its name does not resolve'],
  ['EAI_AGAIN', 'DNS does not respond'],
]);

/** A handshake that ended before it was one. */
export const handshakeFailed = (
  peer: Peer,
  { message, greeting, cause }: { message: string; greeting: string | undefined; cause: unknown },
): OutriggerError =>
  greeting === undefined
    ? unreachable(
        peer,
        `the SSH handshake failed: ${message}`,
        message.includes('no matching host key')
          ? 'outrigger accepts plain host keys of the types ed25519, ECDSA and RSA with SHA-2, and no SSH certificates'
          : 'compare with `ssh -v`: the host may support only algorithms that outrigger does not support',
        cause,
      )
    : unreachable(
        peer,
        `not an SSH server, it sent: ${shorten(greeting.split(/\r?\n/)[0] ?? '', 100)}`,
        'something else listens on this port: check `address` and `port`',
        cause,
      );

/** A failure of the network, in words. */
export function networkFailure(peer: Peer, error: Error): OutriggerError {
  const code = errnoOf(error) ?? '';
  return unreachable(peer, NETWORK_WORDS.get(code) ?? error.message, undefined, error);
}

export const connectTimedOut = (peer: Peer, stage: string, limitMs: number): OutriggerError =>
  unreachable(peer, `${stage} within ${seconds(limitMs)}`);

export const connectionLost = (peer: Peer, why: string | undefined): OutriggerError =>
  new OutriggerError(
    'HOST_UNREACHABLE',
    `connection lost to ${whereIs(peer)}${why === undefined ? '' : `: ${printable(why)}`}`,
    { host: peer.name, hint: 'run again when the host is reachable: completed steps are kept' },
  );

export const interrupted = (peer: Peer): OutriggerError =>
  new OutriggerError('INTERRUPTED', `canceled the connection to ${whereIs(peer)}`, {
    host: peer.name,
  });

const trustCommand = ({ name, isJumpHost }: Peer): string =>
  `outrigger trust -i INVENTORY${isJumpHost === true ? '' : ` --limit ${name}`}`;

/** `authority`: the one that is trusted to certify the host. */
export const hostKeyUnknown = (
  peer: Peer,
  blob: Uint8Array,
  authority: KnownHost | undefined,
): OutriggerError =>
  new OutriggerError(
    'HOST_KEY_UNKNOWN',
    `${whereIs(peer)} presents an unknown host key: ${fingerprint(blob)}`,
    {
      host: peer.name,
      hint:
        authority === undefined
          ? `compare the fingerprint with that of the host, then record it: ${trustCommand(peer)}`
          : withoutHostCertificate(authority, trustCommand(peer)),
    },
  );

export const hostKeyChanged = (peer: Peer, blob: Uint8Array, known: KnownHost): OutriggerError =>
  new OutriggerError(
    'HOST_KEY_CHANGED',
    `${whereIs(peer)} presents the host key ${fingerprint(blob)}, ` +
      `but ${known.file}:${known.line} contains ${fingerprint(known.blob)} (${known.keyType})`,
    {
      host: peer.name,
      hint:
        'another machine may be responding: clarify this before anything else. Only if the host was really ' +
        `reinstalled: outrigger trust -i INVENTORY --replace ${printable(peer.name)} --fingerprint SHA256:…, ` +
        'with the fingerprint that the host itself shows (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub there)',
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
    `${whereIs(peer)} presents the host key ${fingerprint(blob)} (${printable(type)}), but the inventory pins ${pinned.join(', ')}`,
    {
      host: peer.name,
      hint:
        'another machine may be responding: clarify this before anything else. Only if the host was really ' +
        'reinstalled: write its new fingerprint to `hostKeys` of its `connection`',
    },
  );

export const hostKeyRevoked = (peer: Peer, blob: Uint8Array, known: KnownHost): OutriggerError =>
  new OutriggerError(
    'HOST_KEY_CHANGED',
    `${whereIs(peer)} presents the host key ${fingerprint(blob)}, which ${known.file}:${known.line} revokes`,
    { host: peer.name, hint: 'never trust a revoked key: find out which machine presents it' },
  );

export const hostKeyRevokedIn = (peer: Peer, blob: Uint8Array, file: string): OutriggerError =>
  new OutriggerError(
    'HOST_KEY_CHANGED',
    `${whereIs(peer)} presents the host key ${fingerprint(blob)}, which ${file} (RevokedHostKeys) revokes`,
    { host: peer.name, hint: 'never trust a revoked key: find out which machine presents it' },
  );

export const noHostKey = (peer: Peer): OutriggerError =>
  unreachable(
    peer,
    'it offers no host key of a type that outrigger accepts',
    'accepted are ed25519, ECDSA, and RSA with SHA-2: `ssh-keygen -A` on the host creates the usual ones',
  );

export const authenticationFailed = (peer: Peer, message: string, hint: string): OutriggerError =>
  new OutriggerError('AUTHENTICATION_FAILED', message, { host: peer.name, hint });

/** A command that could not be brought to an end as expected. */
export const commandFailed = (peer: Peer, message: string): OutriggerError =>
  new OutriggerError('COMMAND_FAILED', asOneLine(message), { host: peer.name });

export const timedOut = (peer: Peer, what: string, limitMs: number): OutriggerError =>
  new OutriggerError('TIMED_OUT', `${what} did not finish within ${seconds(limitMs)}`, {
    host: peer.name,
  });

/** What went wrong with a jump host, for a host behind it. */
export const jumpHostFailed = (name: string, alias: string, why: OutriggerError): OutriggerError =>
  new OutriggerError(why.code, `the jump host ${printable(alias)}: ${why.message}`, {
    host: name,
    cause: why,
    hint: why.hint,
  });
