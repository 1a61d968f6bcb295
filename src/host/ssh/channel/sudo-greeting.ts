import { type Dialog, listenToSudo } from '../../../shell/script.ts';
import { OutriggerError } from '../../../support/errors.ts';
import { printable } from '../../../support/text/printable.ts';
import { reveal } from '../../../support/secret.ts';
import type { BecomePassword } from './become-password.ts';
import type { Greeting } from './command.ts';

interface Prompt {
  readonly host: string;
  readonly gate: string;
  readonly password: BecomePassword;
}

/**
 * Answers sudo until it lets us through. The password is sent in answer to our own question only, and once; the script
 * only after our own shell has spoken: neither can be read as the other.
 */
export function greetSudo({ host, gate, password }: Prompt): Greeting {
  const listen = listenToSudo(gate);
  let dialog: Dialog | undefined;
  let turn: 'none' | 'waiting' | 'ours' | 'over' = 'none';
  return {
    hear: async (text, write) => {
      dialog = listen(text);
      if (dialog.isThrough) {
        if (turn === 'ours') password.accepted(host);
        turn = 'over';
        return 'through';
      }
      const { questions, promptedUser } = dialog;
      if (questions > 1 && turn === 'ours') {
        turn = 'over';
        throw password.refused(host);
      }
      if (promptedUser === undefined || turn !== 'none') return 'waiting';
      if (!isSameUser(promptedUser, password.user))
        throw wrongUser(host, password.user, promptedUser);
      turn = 'waiting';
      const secret = await password.turnOf(host);
      if (isOver(turn)) password.abandoned(host);
      else {
        turn = 'ours';
        write(Buffer.concat([reveal(secret), Buffer.from('\n')]));
      }
      return 'waiting';
    },
    ended: () => {
      // With `passwd_tries=1` sudo does not ask again.
      if (turn === 'ours' && dialog?.isIncorrect === true) password.refused(host);
      else if (turn === 'ours') password.abandoned(host);
      turn = 'over';
    },
  };
}

/** Asked after a wait, in which the command may have ended. */
const isOver = (turn: string): boolean => turn === 'over';

/** sudo may add or leave out a domain; one that does not know `%p` repeats it. */
const isSameUser = (promptedUser: string, user: string): boolean =>
  promptedUser === '%p' || plainName(promptedUser) === plainName(user);

const plainName = (user: string): string =>
  user.toLowerCase().replace(/^.*\\/, '').replace(/@.*$/, '');

const wrongUser = (host: string, user: string, promptedUser: string): OutriggerError =>
  new OutriggerError(
    'PRIVILEGE_MISSING',
    `sudo asks for the password of ${printable(promptedUser)}, not of ${user}; no password was sent`,
    { host, hint: `add \`Defaults:${user} !targetpw, !rootpw, !runaspw\` in /etc/sudoers.d` },
  );
