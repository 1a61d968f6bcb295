import { askProgram } from '../../host/secrets/askpass.ts';
import { OutriggerError } from '../../support/errors.ts';
import { Secret } from '../../support/secret.ts';
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

type AskHidden = (
  question: { readonly message: string; readonly mask: boolean },
  context: { readonly signal: AbortSignal; readonly output: NodeJS.WritableStream },
) => Promise<string>;

type PromptTerminal = Pick<Terminal, 'signal' | 'env' | 'inIsTerminal' | 'errStream'>;

/**
 * Asks for a secret: the program SSH_ASKPASS, as ssh decides that, or else the person at the terminal. The question
 * goes to stderr, for stdout may be read by a program. Throws REFUSED where nobody can be asked.
 */
export async function askSecret(
  terminal: PromptTerminal,
  question: string,
  ask: AskHidden = hiddenPromptFor,
): Promise<Secret> {
  const { signal, inIsTerminal, errStream: output } = terminal;
  const program = askpassProgram(terminal);
  if (program !== undefined) return askProgram([program], question, signal);
  if (!inIsTerminal) {
    throw new OutriggerError('REFUSED', 'cannot prompt for it (no terminal, no SSH_ASKPASS)');
  }
  try {
    const answer = await ask({ message: question, mask: false }, { signal, output });
    return new Secret(new TextEncoder().encode(answer));
  } catch (thrown) {
    if (!(thrown instanceof Error) || !LEFT.includes(thrown.name)) throw thrown;
    throw new OutriggerError('INTERRUPTED', 'interrupted: nothing was changed', { cause: thrown });
  }
}

/** The program to ask instead of the person at the terminal (ssh(1), SSH_ASKPASS and SSH_ASKPASS_REQUIRE). */
function askpassProgram({ env, inIsTerminal }: PromptTerminal): string | undefined {
  const program = env['SSH_ASKPASS'] ?? '';
  const required = env['SSH_ASKPASS_REQUIRE'] ?? '';
  if (program === '' || required === 'never') return undefined;
  return !inIsTerminal || required === 'force' || required === 'prefer' ? program : undefined;
}

const hiddenPromptFor: AskHidden = async (question, context) => {
  const { default: password } = await import('@inquirer/password');
  return password(question, context);
};
