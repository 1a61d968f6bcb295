import { OutriggerError } from '../support/errors.ts';
import type { Terminal } from './terminal.ts';

type Ask = (
  question: { readonly message: string; readonly default: boolean },
  context: { readonly signal: AbortSignal },
) => Promise<boolean>;

/** What a prompt throws when it is left by Ctrl-C, by the end of the input or by an interrupt. */
const LEFT = ['ExitPromptError', 'AbortPromptError'];

/** Asks yes or no. Throws REFUSED for a no, INTERRUPTED when the prompt was left without an answer. */
export async function askSure(
  terminal: Pick<Terminal, 'signal'>,
  message: string,
  nothingWas: string,
  ask: Ask = promptFor,
): Promise<void> {
  let isSure: boolean;
  try {
    isSure = await ask({ message, default: false }, { signal: terminal.signal });
  } catch (thrown) {
    if (!(thrown instanceof Error) || !LEFT.includes(thrown.name)) throw thrown;
    throw new OutriggerError('INTERRUPTED', `interrupted: ${nothingWas}`, { cause: thrown });
  }
  if (!isSure) throw new OutriggerError('REFUSED', `not confirmed: ${nothingWas}`);
}

const promptFor: Ask = async (question, context) => {
  const { default: confirm } = await import('@inquirer/confirm');
  return confirm(question, context);
};
