import type { Cib } from '../../src/pacemaker/cib/cib.ts';
import { isBeingRemoved } from '../../src/pacemaker/procedures/edit.ts';
import type { Reported } from './crm-mon.ts';

/** Resources of others on remote nodes: each leaves its node when that is to be disconnected, unless it is blocked. */
export class FakeResources {
  /** The node that each is active on. */
  readonly on = new Map<string, string>();
  readonly blocked = new Set<string>();

  /** What crm_mon says of them. */
  reported(cib: Cib): Pick<Reported, 'resources' | 'blocked'> {
    const isStopped = (node: string): boolean => isToBeStopped(cib, node);
    return {
      resources: Object.fromEntries(
        [...this.on].filter(([id, node]) => this.blocked.has(id) || !isStopped(node)),
      ),
      blocked: [...this.blocked].filter((id) => isStopped(this.on.get(id) ?? '')),
    };
  }

  /** Whether a connection is stopped: something that does not leave keeps its node connected. */
  isDisconnected(cib: Cib, node: string): boolean {
    const stays = [...this.on].some(([id, on]) => on === node && this.blocked.has(id));
    return isToBeStopped(cib, node) && !stays;
  }
}

const isToBeStopped = (cib: Cib, node: string): boolean =>
  isBeingRemoved(cib, node) || cib.remoteConnections.get(node)?.targetRole === 'Stopped';
