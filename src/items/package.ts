import type { HostItem } from '../plan/item.ts';
import type { Platform } from '../platform/platform.ts';

// Measured: 14 s on 2 bare hosts, 35 s on 6 that share two cores; a slow mirror needs more.
const INSTALL_TIMEOUT_MS = 600_000;

/** The packages of a remote node are installed; none is ever removed or upgraded for it. */
export const packageItem = (host: string, platform: Platform): HostItem => ({
  kind: 'package',
  host,
  compare: ({ packages }) => {
    const missing = platform.remotePackages.filter((name) => packages[name] === undefined);
    if (missing.length === 0) return undefined;
    return {
      attributes: missing.map((name) => ({ name, before: undefined, after: 'installed' })),
      actions: [
        {
          kind: 'script',
          script: platform.installScript,
          params: missing,
          timeoutMs: INSTALL_TIMEOUT_MS,
        },
      ],
      needsRestart: false,
      risks: [],
    };
  },
});
