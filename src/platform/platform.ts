import type { ScriptName } from '../model/action.ts';
import type { HostFacts } from '../model/facts.ts';

/** How packages are put on a host. */
export interface Installation {
  readonly script: ScriptName;
  readonly params: readonly string[];
  readonly timeoutMs: number;
}

/** `fetch` downloads what `upgrade` would put there, and changes nothing else. */
export type HowToPut = 'install' | 'fetch' | 'upgrade';

/** What differs between operating systems, in one place. */
export interface Platform {
  readonly family: string;
  /** The packages that make a host fit to be a remote node. */
  readonly remotePackages: readonly string[];
  /** Where systemd reads `PCMK_*` settings for Pacemaker's units. */
  readonly environmentFile: string;
  /** Puts these packages on a host; none is ever removed for them. */
  put(how: HowToPut, names: readonly string[], facts: OsFacts): Installation;
  matches(
    facts: Pick<HostFacts, 'osId' | 'osIdLike' | 'packageManager' | 'serviceManager'>,
  ): boolean;
}

/** What a host is, as far as an installation depends on it. */
export type OsFacts = Pick<HostFacts, 'osId' | 'osVersion' | 'architecture'>;
