import { OutriggerError } from '../../../support/errors.ts';
import { asOneLine } from '../../../support/text/printable.ts';
import type { Become } from '../../../shell/script.ts';

interface Refusal {
  readonly pattern: RegExp;
  readonly message: string;
  readonly hint: string;
}

/** What sudo (the C one and sudo-rs) and env print, in the C locale, instead of running a command. */
const REFUSALS: readonly Refusal[] = [
  {
    pattern: /incorrect (password|authentication) attempt/,
    message: 'sudo rejected the password of',
    hint: 'check `becomePassword` in the inventory; outrigger tries it only once',
  },
  {
    pattern: /a password is required|interactive authentication is required/,
    message: 'sudo requires a password for',
    hint: 'set `becomePassword` in `connection`, or allow the user to run commands without a password: `USER ALL=(root) NOPASSWD: ALL` in /etc/sudoers.d',
  },
  {
    pattern: /not in the sudoers file|not allowed to|may not run sudo|I'm afraid I can't do that/,
    message: 'sudo does not permit commands for',
    hint: 'add a rule for the user in /etc/sudoers.d, or connect as another user',
  },
  {
    pattern: /must have a tty|no tty present/,
    message: 'sudo requires a terminal for',
    hint: 'add `Defaults:USER !requiretty` in /etc/sudoers.d',
  },
  {
    pattern: /sudo['’]?: (command not found|not found|No such file or directory)/,
    message: 'sudo is not installed, but `become` is set for',
    hint: 'install sudo, or connect as root with `become: none`',
  },
];

/** Why sudo did not start a command, or undefined when something else is to blame. */
export function sudoRefusal(
  name: string,
  user: string,
  stderr: string,
): OutriggerError | undefined {
  const refusal = REFUSALS.find(({ pattern }) => pattern.test(stderr));
  if (refusal !== undefined) {
    return new OutriggerError('PRIVILEGE_MISSING', `${refusal.message} ${user}`, {
      host: name,
      hint: refusal.hint.replaceAll('USER', user),
    });
  }
  if (!/^sudo: /m.test(stderr)) return undefined;
  return new OutriggerError('PRIVILEGE_MISSING', `sudo refuses: ${asOneLine(stderr)}`, {
    host: name,
  });
}

/** The commands run, but not as root. */
export const notRoot = (
  name: string,
  { user, become }: { readonly user: string; readonly become: Become },
  uid: string,
): OutriggerError =>
  new OutriggerError('PRIVILEGE_MISSING', `${user} is not root there (uid ${uid})`, {
    host: name,
    hint:
      become === 'none'
        ? 'connect as root, or set `become: sudo`'
        : 'sudo must run commands as root: look for `Defaults runas_default`',
  });
