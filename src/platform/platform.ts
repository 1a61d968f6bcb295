import type { ScriptName } from '../plan/action.ts';
import type { HostFacts } from '../plan/facts.ts';

/** What differs between operating systems, in one place. */
export interface Platform {
  readonly family: string;
  /** The packages that make a host fit to be a remote node. */
  readonly remotePackages: readonly string[];
  readonly installScript: ScriptName;
  /** Where systemd reads `PCMK_*` settings for Pacemaker's units. */
  readonly environmentFile: string;
  matches(
    facts: Pick<HostFacts, 'osId' | 'osIdLike' | 'packageManager' | 'serviceManager'>,
  ): boolean;
}
