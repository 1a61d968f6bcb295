import { REMOTE_UNIT } from '../pacemaker/names.ts';
import type { HostFacts, UnitFacts } from '../plan/facts.ts';
import type { AttributeChange, HostItem } from '../plan/item.ts';

const ABSENT: UnitFacts = {
  loadState: 'not-found',
  activeState: 'inactive',
  unitFileState: '',
  startedAt: undefined,
};

// systemd's default stop timeout (90 s) plus a start and the port (0.1 to 0.8 s, seen on 3.0.0).
const RESTART_TIMEOUT_MS = 120_000;

/** The daemon is enabled at boot, runs, listens, and was started after the key that it uses was written. */
export const serviceItem = (host: string, port: number): HostItem => ({
  kind: 'service',
  host,
  compare: (facts) => {
    const unit = facts.units[REMOTE_UNIT] ?? ABSENT;
    const boot = bootChanges(unit);
    const running = runningChanges(facts, unit, port);
    if (boot.length + running.length === 0) return undefined;
    const isActive = unit.activeState === 'active';
    return {
      attributes: [...boot, ...running],
      actions: [
        {
          kind: 'script',
          script: 'start-service',
          params: [REMOTE_UNIT, running.length === 0 ? 'enable' : 'restart', String(port)],
          timeoutMs: RESTART_TIMEOUT_MS,
        },
      ],
      needsRestart: isActive && running.length > 0,
      risks: [],
    };
  },
});

function bootChanges(unit: UnitFacts): readonly AttributeChange[] {
  if (unit.unitFileState === 'enabled') return [];
  return [{ name: 'at boot', before: unit.unitFileState || undefined, after: 'enabled' }];
}

function runningChanges(
  facts: HostFacts,
  unit: UnitFacts,
  port: number,
): readonly AttributeChange[] {
  if (unit.activeState !== 'active') {
    return [
      {
        name: 'state',
        before: unit.loadState === 'not-found' ? undefined : unit.activeState,
        after: 'active',
      },
    ];
  }
  if (!facts.listening.includes(port)) {
    return [{ name: `port ${port}`, before: 'not listening', after: 'listening' }];
  }
  if (unit.startedAt !== undefined && unit.startedAt < facts.authkey.modifiedAt) {
    return [
      {
        name: 'started',
        before: 'before its key was written',
        after: 'after its key was written',
        reason: 'a daemon may keep the key that it read first for life (Pacemaker 3.0.2 and later)',
      },
    ];
  }
  return [];
}
