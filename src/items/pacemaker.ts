import { CLUSTER_UNIT } from '../pacemaker/names.ts';
import { variablesDiffer, type CertificateVariables } from '../plan/certificates.ts';
import type { HostItem } from '../plan/item.ts';

// A stop waits for the controller, and the start for the cluster: 2 to 20 s in labs of two nodes.
const RESTART_TIMEOUT_MS = 300_000;

/**
 * Pacemaker on a cluster node was started with the variables for certificates: its controller inherits them, and opens
 * the connections. Only a restart of the whole changes them. `isUnfinished`: a run that died left the cluster detached.
 */
export const pacemakerItem = (
  host: string,
  variables: CertificateVariables,
  isUnfinished: boolean,
): HostItem => ({
  kind: 'pacemaker',
  host,
  compare: ({ daemonVariables }) => {
    if (daemonVariables === undefined) return undefined;
    const isOlder = variablesDiffer(daemonVariables, variables);
    if (!isOlder && !isUnfinished) return undefined;
    return {
      attributes: [
        ...(isOlder
          ? [{ name: 'certificates', before: 'not those of the inventory', after: 'in use' }]
          : []),
        ...(isUnfinished
          ? [{ name: 'maintenance mode', before: 'left by an unfinished run', after: 'as it was' }]
          : []),
      ],
      actions: isOlder
        ? [
            {
              kind: 'script',
              script: 'restart-pacemaker',
              params: [CLUSTER_UNIT],
              timeoutMs: RESTART_TIMEOUT_MS,
            },
          ]
        : [],
      needsRestart: isOlder,
      risks: [],
    };
  },
});
