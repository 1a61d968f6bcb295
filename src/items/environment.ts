import { DEFAULT_PORT } from '../pacemaker/names.ts';
import type { HostItem } from '../plan/item.ts';
import type { Platform } from '../platform/platform.ts';

const VARIABLE = 'PCMK_remote_port';

/** The daemon listens on the port that the cluster connects to: `PCMK_remote_port` in the environment file. */
export const environmentItem = (host: string, port: number, platform: Platform): HostItem => ({
  kind: 'environment',
  host,
  compare: ({ environment }) => {
    const before = environment[VARIABLE];
    if ((before ?? String(DEFAULT_PORT)) === String(port)) return undefined;
    return {
      attributes: [{ name: VARIABLE, before, after: String(port) }],
      actions: [
        {
          kind: 'script',
          script: 'set-environment',
          params: [platform.environmentFile, VARIABLE, String(port)],
          timeoutMs: 30_000,
        },
      ],
      needsRestart: true,
      risks: [],
    };
  },
});
