import type { Decrypter } from 'age-encryption';
import { messageOf } from '../../support/errors.ts';

/** Opens an age file with identities, a text as age-keygen writes it. Rejects with the reason where they do not. */
export async function openWithIdentities(file: Buffer, identities: string): Promise<Buffer> {
  const keys = identities
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  const odd = keys.map(problemOf).find((problem) => problem !== undefined);
  if (odd !== undefined) throw new Error(odd);
  if (keys.length === 0) throw new Error('the identity file contains no identity');
  return open(file, 'no identity in the identity file can decrypt it', (decrypter) => {
    for (const key of keys) decrypter.addIdentity(key);
  });
}

/** Opens an age file that a passphrase has encrypted. */
export const openWithPassphrase = (file: Buffer, passphrase: string): Promise<Buffer> =>
  open(file, 'wrong passphrase', (decrypter) => {
    decrypter.addPassphrase(passphrase);
  });

const NATIVE = /^AGE-SECRET-KEY-(?:PQ-)?1[0-9A-Z]+$/;

/** What a line of an identity file is, if nothing that we can open with; the line itself is never quoted. */
function problemOf(line: string): string | undefined {
  if (NATIVE.test(line)) return undefined;
  if (line.startsWith('AGE-PLUGIN-')) return 'identities of age plugins are not supported';
  if (/^-----BEGIN AGE|^age-encryption\.org/.test(line))
    return 'the identity file is encrypted itself';
  if (/^-----BEGIN|^ssh-/.test(line)) return 'SSH keys are not supported as age identities';
  return 'the identity file contains something other than age identities (AGE-SECRET-KEY-1...)';
}

const ARMOR = '-----BEGIN AGE ENCRYPTED FILE-----';
/** How age's own error begins for a file that is whole and that nothing given opens. */
const NOT_OPENED = 'no identity matched';

async function open(
  file: Buffer,
  closed: string,
  give: (decrypter: Decrypter) => void,
): Promise<Buffer> {
  const age = await import('age-encryption');
  const decrypter = new age.Decrypter();
  try {
    give(decrypter);
  } catch {
    // What was thrown may quote the identity, which is a secret.
    throw new Error('the identity file contains a damaged identity');
  }
  const text = file.toString('latin1').trim();
  try {
    const bytes = text.startsWith(ARMOR) ? age.armor.decode(text) : file;
    return Buffer.from(await decrypter.decrypt(bytes));
  } catch (thrown) {
    const isClosed = messageOf(thrown).startsWith(NOT_OPENED);
    const why = isClosed ? closed : `it is not a complete age file (${messageOf(thrown)})`;
    throw new Error(why, { cause: thrown });
  }
}
