import { createDecipheriv, createHmac, pbkdf2Sync, timingSafeEqual } from 'node:crypto';

// Ansible's lib/ansible/parsing/vault: the header, then hexadecimal text in lines, which holds salt, HMAC and ciphertext,
// each hexadecimal again. A library that gives text (npm: ansible-vault) would damage keys: they are any bytes.
const HEADER = /^\$ANSIBLE_VAULT;1\.[12];AES256(?:;[^\r\n]*)?\r?\n/;
const HEX = /^(?:[0-9a-f]{2})+$/i;
const ITERATIONS = 10_000;
const KEY_BYTES = 32;
const BLOCK_BYTES = 16;

/** What a file of ansible-vault holds, or why it stays closed. */
export type OpenedVault = { readonly content: Buffer } | { readonly fault: string };

/** Opens a whole file that ansible-vault has encrypted. Pure; takes some milliseconds. */
export function openAnsibleVault(text: string, password: Uint8Array): OpenedVault {
  const header = HEADER.exec(text)?.[0];
  if (header === undefined) return { fault: 'it does not begin with $ANSIBLE_VAULT;1.1;AES256' };
  const [salt, code, secret, ...more] = (unhex(text.slice(header.length).replace(/\s/g, '')) ?? '')
    .toString()
    .split('\n')
    .map(unhex);
  if (salt === undefined || code === undefined || secret === undefined || more.length > 0)
    return { fault: 'it is damaged' };
  const keys = pbkdf2Sync(password, salt, ITERATIONS, 2 * KEY_BYTES + BLOCK_BYTES, 'sha256');
  const key = keys.subarray(0, KEY_BYTES);
  const own = createHmac('sha256', keys.subarray(KEY_BYTES, 2 * KEY_BYTES))
    .update(secret)
    .digest();
  if (code.length !== own.length || !timingSafeEqual(own, code)) return { fault: 'wrong password' };
  const cipher = createDecipheriv('aes-256-ctr', key, keys.subarray(2 * KEY_BYTES));
  const content = withoutPadding(Buffer.concat([cipher.update(secret), cipher.final()]));
  return content === undefined ? { fault: 'it is damaged' } : { content };
}

const unhex = (text: string): Buffer | undefined =>
  HEX.test(text) ? Buffer.from(text, 'hex') : undefined;

/** PKCS #7: as many bytes as each of them says. */
function withoutPadding(padded: Buffer): Buffer | undefined {
  const length = padded.at(-1) ?? 0;
  const start = padded.length - length;
  const isWhole =
    length > 0 &&
    length <= BLOCK_BYTES &&
    start >= 0 &&
    padded.subarray(start).every((byte) => byte === length);
  return isWhole ? padded.subarray(0, start) : undefined;
}
