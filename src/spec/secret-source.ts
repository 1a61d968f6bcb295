import { absolutePath, type PathBase } from './file-paths.ts';
import type { Connection } from './schema-types.ts';
import type { Sound } from '../support/sound.ts';
import type { SecretSource } from './spec.ts';

/** Where a secret comes from, as an inventory says it. */
export function secretSource(
  wanted: Sound<Connection>['becomePassword'],
  base: PathBase,
): SecretSource | undefined {
  if (wanted === undefined) return undefined;
  if (wanted === 'prompt') return { kind: 'prompt' };
  const { file, askpass } = wanted;
  if (file !== undefined) return { kind: 'file', path: absolutePath(file, base) };
  return askpass === undefined ? undefined : { kind: 'askpass', argv: argvOf(askpass, base) };
}

/** A program and its arguments. A name without a slash is looked for on the PATH, as a shell does. */
export function argvOf([program = '', ...args]: readonly (string | undefined)[], base: PathBase) {
  const path = program.includes('/') ? absolutePath(program, base) : program;
  return [path, ...args.filter((arg) => arg !== undefined)];
}
