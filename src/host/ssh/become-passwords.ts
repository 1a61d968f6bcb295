import type { Secret } from '../../support/secret.ts';
import type { Connection } from '../host.ts';
import { type AskSecret, secretFrom } from '../secret-source.ts';
import { BecomePassword } from './become-password.ts';

/** The sudo passwords of a run: each is asked for once, for all hosts that share it. */
export class BecomePasswords {
  readonly #asking: { readonly ask: AskSecret; readonly signal: AbortSignal };
  readonly #passwords = new Map<string, BecomePassword>();
  /** One question at a time. */
  #questions: Promise<unknown> = Promise.resolve();

  constructor(asking: { readonly ask: AskSecret; readonly signal: AbortSignal }) {
    this.#asking = asking;
  }

  /** The password that sudo may ask for there; undefined: it must not ask. */
  of({ become, becomePassword: source }: Connection, user: string): BecomePassword | undefined {
    if (become === 'none' || source === undefined) return undefined;
    const key = JSON.stringify([source, user]);
    const known = this.#passwords.get(key);
    if (known !== undefined) return known;
    let answer: Promise<Secret> | undefined;
    const password = new BecomePassword(user, () => {
      answer ??= this.#inTurn(() => secretFrom(source, `sudo password of ${user}:`, this.#asking));
      return answer;
    });
    this.#passwords.set(key, password);
    return password;
  }

  #inTurn(ask: () => Promise<Secret>): Promise<Secret> {
    const answer = this.#questions.then(ask);
    this.#questions = answer.catch(() => undefined);
    return answer;
  }
}
