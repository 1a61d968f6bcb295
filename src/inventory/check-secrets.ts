import { errorAt, type Finding } from '../support/yaml/diagnostic.ts';
import { childPointer } from '../support/yaml/json-pointer.ts';
import type { Sound } from '../support/yaml/sound.ts';
import type { Inventory, SecretSource } from './schema-types.ts';
import { sectionsOf } from './sections.ts';

/** What an inventory declares of one secret, and where. */
export interface WrittenSecret {
  readonly pointer: string;
  /** What it is; `opener`: what opens the one before it. */
  readonly kind: 'become-password' | 'authkey' | 'passphrase' | 'opener';
  readonly source: Sound<SecretSource>;
}

/** Every secret of an inventory that lives somewhere, those that open others right behind them. */
export function secretsOf(inventory: Sound<Inventory>): WrittenSecret[] {
  const { authkey, x509, method } = inventory.authentication ?? {};
  return [
    ...sectionsOf(inventory).flatMap(({ pointer, connection }) =>
      written(
        'become-password',
        `${pointer}/connection/becomePassword`,
        connection?.becomePassword,
      ),
    ),
    ...written('authkey', '/authentication/authkey', authkey),
    ...(method === 'x509' && x509?.authority !== undefined
      ? written('passphrase', '/authentication/x509/passphrase', x509.passphrase)
      : []),
  ];
}

function written(
  kind: WrittenSecret['kind'],
  pointer: string,
  source: WrittenSecret['source'] | 'prompt' | undefined,
): WrittenSecret[] {
  if (source === undefined || source === 'prompt') return [];
  return [
    { kind, pointer, source },
    ...written('opener', childPointer(pointer, 'passphrase'), source.passphrase),
    ...written('opener', childPointer(pointer, 'password'), source.password),
  ];
}

/** Where a secret may live: one of these. */
const PLACES = ['source', 'file', 'command', 'askpass', 'age', 'ansibleVault', 'sops'] as const;

/** What stands beside a place, and nowhere else. */
const BESIDE: Readonly<Record<string, readonly string[]>> = {
  age: ['identity', 'passphrase'],
  ansibleVault: ['password'],
  sops: ['extract'],
};

/** Files whose format sops derives from their names: one value of theirs is a secret, not the whole. */
const STRUCTURED = /\.(ya?ml|json|env|ini)$/;

/** One place for each secret, and what belongs to it. */
export const checkSecrets = (inventory: Sound<Inventory>): Finding[] =>
  secretsOf(inventory).flatMap(({ pointer, source }) => checkSource(pointer, source));

function checkSource(pointer: string, source: WrittenSecret['source']): Finding[] {
  const keys = Object.keys(source);
  const places = PLACES.filter((place) => keys.includes(place));
  const [place, second] = places;
  if (place === undefined) return lonely(pointer, keys);
  if (second !== undefined) {
    const message = `\`${second}\` cannot be combined with \`${place}\`: a secret has one source`;
    return [errorAt(childPointer(pointer, second), 'conflicting-keys', message, { at: 'key' })];
  }
  const beside = BESIDE[place] ?? [];
  const openers = keys.filter((key) => beside.includes(key));
  return [
    ...keys
      .filter((key) => key !== place && !beside.includes(key))
      .map((key) =>
        errorAt(
          childPointer(pointer, key),
          'conflicting-keys',
          `\`${key}\` is not allowed with \`${place}\``,
          { at: 'key' },
        ),
      ),
    ...openers
      .slice(1)
      .map((key) =>
        errorAt(
          childPointer(pointer, key),
          'conflicting-keys',
          `\`${key}\` cannot be combined with \`${openers[0] ?? ''}\``,
          { at: 'key', expected: 'only the one that decrypts the file' },
        ),
      ),
    ...(openers.length === 0 ? missing(pointer, place, source) : []),
  ];
}

function lonely(pointer: string, keys: readonly string[]): Finding[] {
  const key = keys.find((one) => Object.values(BESIDE).flat().includes(one));
  if (key === undefined) return [];
  const place = Object.keys(BESIDE).find((one) => BESIDE[one]?.includes(key)) ?? '';
  const message = `\`${key}\` requires \`${place}\`, the file that it decrypts`;
  return [errorAt(childPointer(pointer, key), 'missing-key', message, { at: 'key' })];
}

function missing(pointer: string, place: string, source: WrittenSecret['source']): Finding[] {
  const path = childPointer(pointer, place);
  if (place === 'age' || place === 'ansibleVault') {
    const expected = BESIDE[place]?.map((key) => `\`${key}\``).join(' or ') ?? '';
    return [
      errorAt(path, 'missing-key', `\`${place}\` requires a key that decrypts the file`, {
        at: 'key',
        expected: `${expected} next to it`,
      }),
    ];
  }
  if (place !== 'sops' || !STRUCTURED.test(source.sops ?? '')) return [];
  const message = `\`sops\` requires \`extract\`: the value of ${source.sops ?? ''} that is the secret`;
  return [
    errorAt(path, 'missing-key', message, {
      at: 'key',
      expected: '`extract` next to it: the path of keys to the value',
    }),
  ];
}
