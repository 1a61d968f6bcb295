import type { Keyring } from './keys/keyring.ts';
import type { Link } from './link/link.ts';
import { openLink } from './open.ts';
import type { Endpoint } from './route/route.ts';
import { within } from './link/within.ts';

/** How long each server on the way may take, and who may call it off. */
export interface Patience {
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

interface Shared {
  readonly opening: Promise<Link>;
  /** Once it is open. */
  link: Link | undefined;
}

/**
 * The jump hosts of a run: one connection to each, whatever the number of hosts behind it. One that could not be
 * reached is not tried again for the next host; one that was lost later is.
 */
export class JumpHosts {
  readonly #keyring: Keyring;
  readonly #shared = new Map<string, Shared>();

  constructor(keyring: Keyring) {
    this.#keyring = keyring;
  }

  /** The connection to the last of these, through the ones before it; undefined: there is none. */
  async reach(jumps: readonly Endpoint[], patience: Patience): Promise<Link | undefined> {
    const last = jumps.at(-1);
    if (last === undefined) return undefined;
    const way = JSON.stringify(jumps);
    const known = this.#shared.get(way);
    if (known !== undefined && known.link?.ended.aborted !== true) return known.opening;
    const shared: Shared = {
      opening: this.#open(jumps.slice(0, -1), last, patience).then((link) => (shared.link = link)),
      link: undefined,
    };
    this.#shared.set(way, shared);
    return shared.opening;
  }

  /** Ends them all; never rejects. */
  async close(): Promise<void> {
    const links = await Promise.allSettled(
      [...this.#shared.values()].map(({ opening }) => opening),
    );
    // The last ones first: they run through the others.
    for (const link of links.reverse()) {
      if (link.status === 'fulfilled') await link.value.close();
    }
  }

  async #open(before: readonly Endpoint[], jump: Endpoint, patience: Patience): Promise<Link> {
    const via = await this.reach(before, patience);
    const { limitMs } = patience;
    const peer = { name: jump.alias, at: jump, behind: before.at(-1)?.alias, isJumpHost: true };
    return within(peer, patience, (limit) =>
      openLink({ peer, endpoint: jump, via, keyring: this.#keyring, limitMs, limit }),
    );
  }
}
