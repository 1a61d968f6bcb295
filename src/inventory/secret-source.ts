import { childPointer } from '../support/yaml/json-pointer.ts';
import type { Sound } from '../support/yaml/sound.ts';
import { absolutePath, type PathBase, type PlaceBase } from './file-paths.ts';
import type { SecretSource as Written } from './schema-types.ts';
import type { SecretSource } from './spec.ts';

/** Where a secret comes from, as the inventory says it at this place of it. */
export function secretSource(
  desired: Sound<Written> | 'prompt' | undefined,
  base: PlaceBase,
  pointer: string,
): SecretSource | undefined {
  if (desired === undefined) return undefined;
  if (desired === 'prompt') return { kind: 'prompt' };
  const at = base.placeOf(pointer);
  const { file, command, askpass } = desired;
  if (file !== undefined) return { kind: 'file', path: absolutePath(file, base), at };
  if (command !== undefined) return { kind: 'command', argv: argvOf(command, base), at };
  if (askpass !== undefined) return { kind: 'askpass', argv: argvOf(askpass, base), at };
  return encryptedSource(desired, base, pointer);
}

function encryptedSource(
  { age, identity, passphrase, ansibleVault, password, sops, extract }: Sound<Written>,
  base: PlaceBase,
  pointer: string,
): SecretSource | undefined {
  const at = base.placeOf(pointer);
  const path = (file: string): string => absolutePath(file, base);
  if (age !== undefined && identity !== undefined)
    return { kind: 'age', path: path(age), opener: { identities: path(identity) }, at };
  const opener =
    age === undefined
      ? secretSource(password, base, childPointer(pointer, 'password'))
      : secretSource(passphrase, base, childPointer(pointer, 'passphrase'));
  if (age !== undefined)
    return opener && { kind: 'age', path: path(age), opener: { passphrase: opener }, at };
  if (ansibleVault !== undefined)
    return opener && { kind: 'ansible-vault', path: path(ansibleVault), password: opener, at };
  if (sops === undefined) return undefined;
  const keys = (extract ?? []).filter((key) => key !== undefined);
  return { kind: 'sops', path: path(sops), extract: keys, at };
}

/** A program and its arguments. A name without a slash is looked for on the PATH, as a shell does. */
export function argvOf([program = '', ...args]: readonly (string | undefined)[], base: PathBase) {
  const path = program.includes('/') ? absolutePath(program, base) : program;
  return [path, ...args.filter((arg) => arg !== undefined)];
}
