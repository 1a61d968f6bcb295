import { connectedNames, nodeConnection } from '../pacemaker/cib/cib.ts';
import { connectionState } from '../pacemaker/status/crm-mon.ts';
import type { ClusterFacts } from '../model/facts.ts';

/**
 * Whether the cluster would connect to a node again at whatever edit of its configuration: after a graceful stop of the daemon
 * the connection stays stopped until something else changes, and its next start may fail and get the node fenced (3.0.0).
 */
export const isRestless = ({ cib, mon }: ClusterFacts): boolean =>
  connectedNames(cib).some((name) => {
    const connection = nodeConnection(cib, name);
    const state = connectionState(mon, name);
    if (connection?.targetRole?.toLowerCase() === 'stopped' || state.state === 'node-online')
      return false;
    if (state.why !== 'not-started') return false;
    const { isGuest = false, managedResource } = connection ?? {};
    return !isGuest || mon.resources.some(({ id, active }) => id === managedResource && active);
  });
