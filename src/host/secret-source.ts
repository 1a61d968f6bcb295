import { MOST_BYTES } from '../spec/files-named.ts';
import type { SecretSource } from '../spec/spec.ts';
import { messageOf, OutriggerError } from '../support/errors.ts';
import { Secret } from '../support/secret.ts';
import { askProgram, firstLine } from './askpass.ts';
import { openLocalFile } from './local-file.ts';

/** Asks a person, or a program in their place, for a secret. Rejects with an OutriggerError where nobody answers. */
export type AskSecret = (question: string) => Promise<Secret>;

/** The secret from where the inventory says; `ask` is for a prompt. Rejects with an OutriggerError. */
export function secretFrom(
  source: SecretSource,
  question: string,
  { ask, signal }: { readonly ask: AskSecret; readonly signal: AbortSignal },
): Promise<Secret> {
  switch (source.kind) {
    case 'prompt':
      return ask(question);
    case 'askpass':
      return askProgram(source.argv, question, signal);
    case 'file':
      return Promise.resolve().then(() => secretIn(source.path));
  }
}

/** The first line of a file that only its owner can read. */
function secretIn(path: string): Secret {
  try {
    return new Secret(readPrivately(path));
  } catch (thrown) {
    throw new OutriggerError(
      'INPUT_INVALID',
      `cannot take a secret from ${path}: ${messageOf(thrown)}`,
      {
        hint: 'its first line is the secret, and only its owner may read it: chmod 600',
      },
    );
  }
}

function readPrivately(path: string): Buffer {
  const { mode, content } = openLocalFile(path, MOST_BYTES['become-password']);
  if ((mode & 0o077) !== 0) throw new Error('others can read it');
  const line = firstLine(content);
  if (line.length === 0) throw new Error('its first line is empty');
  return line;
}
