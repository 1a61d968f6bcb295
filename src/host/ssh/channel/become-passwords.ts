import type { Secret } from '../../../support/secret.ts';
import type { Connection } from '../../host.ts';
import { asksPerson, sameSource, type FetchSecret } from '../../secrets/secret-source.ts';
import { BecomePassword } from './become-password.ts';

/** The sudo passwords of a run: each is asked for once, for all hosts that share it. */
export class BecomePasswords {
  readonly #fetchSecret: FetchSecret;
  readonly #passwords = new Map<string, BecomePassword>();
  /** One question at a time. */
  #questions: Promise<unknown> = Promise.resolve();

  constructor(fetchSecret: FetchSecret) {
    this.#fetchSecret = fetchSecret;
  }

  /** Fetches the password of a machine now, if a person may have to be asked for it. */
  async prepare(connection: Connection, user: string): Promise<void> {
    const { becomePassword } = connection;
    if (becomePassword !== undefined && asksPerson(becomePassword))
      await this.of(connection, user)?.load();
  }

  /** The password that sudo may ask for there; undefined: it must not ask. */
  of({ become, becomePassword: source }: Connection, user: string): BecomePassword | undefined {
    if (become === 'none' || source === undefined) return undefined;
    const key = JSON.stringify([sameSource(source), user]);
    const known = this.#passwords.get(key);
    if (known !== undefined) return known;
    let answer: Promise<Secret> | undefined;
    const password = new BecomePassword(user, () => {
      answer ??= this.#inTurn(() =>
        this.#fetchSecret(source, { question: `sudo password of ${user}:` }),
      );
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
