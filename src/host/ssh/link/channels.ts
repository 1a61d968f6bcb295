import { setTimeout as sleep } from 'node:timers/promises';

/** sshd allows ten sessions in a connection (MaxSessions): eight leave room for what we do not know of. */
const MOST = 8;

/**
 * sshd counts a session until it has reaped what ran in it: the waits before a refusal is believed. Of a host that has
 * opened a session before it is believed later, as that may take a busy one seconds.
 */
const REFUSED_AGAIN_AFTER_MS = [50, 200, 500];
const LATER_AGAIN_AFTER_MS = [...REFUSED_AGAIN_AFTER_MS, 1000, 2000, 4000];

/** The sessions of one connection: as many at a time as the host allows, which is found out by being refused. */
export class Channels {
  #most = MOST;
  #open = 0;
  #hasOpened = false;
  #waiting: (() => void)[] = [];

  /**
   * Opens a channel as soon as there is room for it; it counts until `release`. `held`: how many channels stay open until
   * this one has been; where the host allows no more than those it rejects, rather than wait for itself.
   */
  async open<T>(attempt: () => Promise<T>, held = 0): Promise<T> {
    for (let alone = 0; ;) {
      await this.#room(held);
      try {
        const channel = await attempt();
        this.#hasOpened = true;
        return channel;
      } catch (error) {
        this.release();
        if (!isRefusal(error)) throw error;
        const patient = this.#hasOpened && held === 0;
        const wait = (patient ? LATER_AGAIN_AFTER_MS : REFUSED_AGAIN_AFTER_MS)[alone];
        if (this.#open > held) this.#most = Math.max(1, Math.min(this.#most, this.#open));
        else if (wait === undefined) throw this.#believed(error, held);
        else {
          alone += 1;
          await sleep(wait);
        }
      }
    }
  }

  /** A channel has ended. */
  release(): void {
    this.#open -= 1;
    // All of them look, in their order: who waits for nothing any more is among them.
    for (const look of this.#waiting.splice(0)) look();
  }

  /** No channel but those that are held was open. */
  #believed(refusal: Error, held: number): Error {
    if (held > 0) this.#most = held;
    return refusal;
  }

  async #room(held: number): Promise<void> {
    while (this.#open >= this.#most) {
      if (this.#most <= held)
        throw new Error(`the host allows no more than ${this.#most} sessions`);
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
    this.#open += 1;
  }
}

/** RFC 4254, 5.1; sshd answers with SSH_OPEN_CONNECT_FAILED beyond MaxSessions (serverloop.c). */
const isRefusal = (error: unknown): error is Error =>
  error instanceof Error && 'reason' in error && typeof error.reason === 'number';
