import { REMOTE_UNIT } from '../pacemaker/basics/names.ts';
import type { HostItem } from '../model/item.ts';
import type { HowToPut, Platform } from '../platform/platform.ts';

/** Its scriptlets restart the daemon. */
const DAEMON = 'pacemaker-remote';

/**
 * The packages of a remote node are installed, and where upgrades were requested, none is available; none is ever
 * removed for it.
 */
export const packageItem = (host: string, platform: Platform): HostItem => ({
  kind: 'package',
  host,
  compare: (facts) => {
    const { packages, upgrades, units } = facts;
    const missing = platform.remotePackages.filter((name) => packages[name] === undefined);
    const present = platform.remotePackages.filter((name) => packages[name] !== undefined);
    const offers = upgrades?.offers ?? [];
    const changed = [...missing, ...offers.map(({ name }) => name)];
    if (changed.length === 0) return undefined;
    const put = (how: HowToPut, names: readonly string[]) => ({
      kind: 'script' as const,
      ...platform.put(how, names, facts),
    });
    const hasOffers = offers.length > 0;
    return {
      attributes: [
        ...missing.map((name) => ({ name, before: undefined, after: 'installed' })),
        ...offers.map(({ name, installed, offered }) => ({
          name,
          before: installed,
          after: offered,
        })),
      ],
      ...(hasOffers && { preparations: [put('fetch', present)] }),
      actions: [
        ...(hasOffers ? [put('upgrade', present)] : []),
        ...(missing.length > 0 ? [put('install', missing)] : []),
      ],
      // A daemon may run whose package an upgrade has left unconfigured.
      needsRestart: units[REMOTE_UNIT]?.activeState === 'active' && changed.includes(DAEMON),
      risks: [],
    };
  },
});
