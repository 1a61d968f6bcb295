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

  /** Opens a channel as soon as there is room for it; it counts until `release`. */
  async open<T>(attempt: () => Promise<T>): Promise<T> {
    for (let alone = 0; ;) {
      await this.#room();
      try {
        const channel = await attempt();
        this.#hasOpened = true;
        return channel;
      } catch (error) {
        this.release();
        if (!isRefusal(error)) throw error;
        const wait = (this.#hasOpened ? LATER_AGAIN_AFTER_MS : REFUSED_AGAIN_AFTER_MS)[alone];
        if (this.#open > 0) this.#most = Math.max(1, Math.min(this.#most, this.#open));
        else if (wait === undefined) throw error;
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
    this.#waiting.shift()?.();
  }

  async #room(): Promise<void> {
    while (this.#open >= this.#most) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
    this.#open += 1;
  }
}

/** RFC 4254, 5.1; sshd answers with SSH_OPEN_CONNECT_FAILED beyond MaxSessions (serverloop.c). */
const isRefusal = (error: unknown): boolean =>
  error instanceof Error && 'reason' in error && typeof error.reason === 'number';
