import type { HostItem } from '../plan/item.ts';
import type { Platform } from '../platform/platform.ts';

/** The packages of a remote node are installed; none is ever removed or upgraded for it. */
export const packageItem = (host: string, platform: Platform): HostItem => ({
  kind: 'package',
  host,
  compare: (facts) => {
    const { packages } = facts;
    const missing = platform.remotePackages.filter((name) => packages[name] === undefined);
    if (missing.length === 0) return undefined;
    return {
      attributes: missing.map((name) => ({ name, before: undefined, after: 'installed' })),
      actions: [{ kind: 'script', ...platform.install(missing, facts) }],
      needsRestart: false,
      risks: [],
    };
  },
});
