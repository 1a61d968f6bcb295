import { messageOf, OutriggerError } from '../../../support/errors.ts';
import type { Secret } from '../../../support/secret.ts';

/** Returns a password when it is first needed; the same one each time. */
export type PasswordSource = () => Promise<Secret>;

/** How long the others wait for a host that neither takes nor refuses it: its sudo may hang in a dead directory service. */
const TURN_MS = 15_000;

/**
 * One sudo password and the hosts that ask for it. A wrong password that is tried everywhere at once locks accounts:
 * the first host tries it alone (one that is silent has its time), no host is tried twice, and what the first host refuses is tried on no other.
 */
export class BecomePassword {
  readonly user: string;
  readonly #source: PasswordSource;
  readonly #turnMs: number;
  readonly #refusedBy = new Map<string, OutriggerError>();
  readonly #acceptedBy = new Set<string>();
  /** The hosts that have been given it and have not answered yet; settled when they have. */
  readonly #tried = new Map<string, Tried>();

  /** `turnMs`: how long the others wait for a host that does not answer. */
  constructor(user: string, source: PasswordSource, turnMs = TURN_MS) {
    this.user = user;
    this.#source = source;
    this.#turnMs = turnMs;
  }

  /** Asks for it, if nobody has. */
  async load(): Promise<void> {
    await this.#source();
  }

  /** The password, once it is this host's turn to be given it. Then one of the other methods has to be called. */
  async turnOf(host: string): Promise<Secret> {
    const password = await this.#source().catch((why: unknown) => {
      throw withoutPassword(host, this.user, why);
    });
    for (;;) {
      const own = this.#refusedBy.get(host);
      if (own !== undefined) throw own;
      if (this.#acceptedBy.has(host)) return password;
      const isProven = this.#acceptedBy.size > 0;
      const [other] = this.#refusedBy.keys();
      if (!isProven && other !== undefined) throw this.#notTried(host, other);
      const itself = this.#tried.get(host);
      const first = [...this.#tried.values()].find(({ isSlow }) => !isSlow());
      if (itself !== undefined) await itself.answer;
      else if (isProven || first === undefined) break;
      else await first.turn;
    }
    this.#tried.set(host, newTried(this.#turnMs));
    return password;
  }

  accepted(host: string): void {
    this.#acceptedBy.add(host);
    this.abandoned(host);
  }

  /** The error of a host that wants another password. */
  refused(host: string): OutriggerError {
    const error = new OutriggerError(
      'PRIVILEGE_MISSING',
      `sudo rejected the password of ${this.user}: it prompted a second time`,
      {
        host,
        hint: 'check `becomePassword` in the inventory; outrigger tries it only once. sudo may also require a second factor, which outrigger cannot provide',
      },
    );
    this.#refusedBy.set(host, error);
    this.abandoned(host);
    return error;
  }

  /** The host has neither taken nor refused it. */
  abandoned(host: string): void {
    this.#tried.get(host)?.settle();
    this.#tried.delete(host);
  }

  #notTried(host: string, other: string): OutriggerError {
    return new OutriggerError(
      'PRIVILEGE_MISSING',
      `the sudo password of ${this.user} was not tried on this host, because ${other} rejected it`,
      {
        host,
        hint: `correct it; if only ${other} has a different password, set \`becomePassword\` for that host`,
      },
    );
  }
}

function withoutPassword(host: string, user: string, why: unknown): Error {
  if (why instanceof OutriggerError && why.code === 'INTERRUPTED') return why;
  return new OutriggerError(
    'PRIVILEGE_MISSING',
    `sudo requires the password of ${user}: ${messageOf(why)}`,
    {
      host,
      hint: [
        ...(why instanceof OutriggerError && why.hint !== undefined ? [why.hint] : []),
        'set `becomePassword` in the inventory: `prompt`, or the place where the password is stored',
      ].join('; '),
      cause: why,
    },
  );
}

interface Tried {
  /** Settled when the host has answered. */
  readonly answer: Promise<void>;
  /** Settled when the host has answered, or has had its time. */
  readonly turn: Promise<void>;
  readonly isSlow: () => boolean;
  readonly settle: () => void;
}

function newTried(turnMs: number): Tried {
  let isSlow = false;
  let settle: () => void = () => undefined;
  const answer = new Promise<void>((resolve) => {
    settle = resolve;
  });
  const turn = new Promise<void>((resolve) => {
    const timer = setTimeout(() => {
      isSlow = true;
      resolve();
    }, turnMs);
    void answer.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
  return { answer, turn, isSlow: () => isSlow, settle };
}
