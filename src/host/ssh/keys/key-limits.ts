import { messageOf, OutriggerError } from '../../../support/errors.ts';
import { printable } from '../../../support/text/printable.ts';
import { fingerprint, keyTypeOf } from '../../known-hosts/known-hosts.ts';
import { isRevokedIn } from '../../known-hosts/revoked-keys.ts';
import { SIGNATURES } from '../route/algorithms.ts';
import { hostKeyRevokedIn, type Peer } from '../route/failures.ts';
import type { Restrictions } from '../route/restrictions.ts';

/** Why ssh_config forbids to believe this host key, whatever else speaks for it. */
export function forbiddenHostKey(
  peer: Peer,
  blob: Uint8Array,
  { revokedKeys, rsaBits }: Restrictions,
): OutriggerError | undefined {
  for (const file of revokedKeys) {
    const problem = revokedBy(peer, blob, file);
    if (problem !== undefined) return problem;
  }
  const bits = rsaBitsOf(blob);
  if (bits === undefined || bits >= rsaBits) return undefined;
  return new OutriggerError(
    'HOST_KEY_UNKNOWN',
    `the host key ${fingerprint(blob)} of ${printable(peer.name)} has ${bits} bits, but RSA keys must have at least ${rsaBits}`,
    {
      host: peer.name,
      hint: 'create a new host key there: ssh-keygen -A, or ssh-keygen -t ed25519',
    },
  );
}

/** As ssh does: where the file cannot be read, every key counts as revoked. */
function revokedBy(peer: Peer, blob: Uint8Array, file: string): OutriggerError | undefined {
  try {
    return isRevokedIn(file, blob) ? hostKeyRevokedIn(peer, blob, file) : undefined;
  } catch (cause) {
    return new OutriggerError(
      'HOST_KEY_UNKNOWN',
      `cannot read the revoked host keys in ${file} (RevokedHostKeys): ${messageOf(cause)}`,
      {
        host: peer.name,
        hint: 'without it no host is trusted, not by ssh either: fix the file',
        cause,
      },
    );
  }
}

/** Why ssh_config forbids to log in with this key. */
export function forbiddenLoginKey(
  blob: Uint8Array,
  { algorithms: { publicKey }, rsaBits }: Restrictions,
): string | undefined {
  const type = keyTypeOf(blob) ?? '';
  // ssh2 chooses between the two signatures of an RSA key itself.
  const isAllowed = SIGNATURES.get(type)?.every((name) => publicKey.includes(name)) ?? true;
  if (!isAllowed) return `PubkeyAcceptedAlgorithms does not allow ${type}`;
  const bits = rsaBitsOf(blob);
  return bits === undefined || bits >= rsaBits
    ? undefined
    : `it has ${bits} bits, but RSA keys must have at least ${rsaBits}`;
}

/** The length of an RSA key; undefined: it is of another type. */
function rsaBitsOf(blob: Uint8Array): number | undefined {
  if (keyTypeOf(blob) !== 'ssh-rsa') return undefined;
  // Type, exponent, modulus, each with its length before it (RFC 4253, 6.6).
  const bytes = Buffer.from(blob);
  let at = 0;
  for (let skipped = 0; skipped < 2; skipped += 1) {
    if (at + 4 > bytes.length) return 0;
    at += 4 + bytes.readUInt32BE(at);
  }
  const hex = bytes
    .subarray(at + 4)
    .toString('hex')
    .replace(/^0+/, '');
  const [top = '0'] = hex;
  return hex.length * 4 - Math.clz32(Number.parseInt(top, 16)) + 28;
}
