import { REMOTE_UNIT } from '../pacemaker/basics/names.ts';
import {
  usesCertificates,
  variablesDiffer,
  type CertificateVariables,
} from '../credentials/certificates.ts';
import type { HostFacts, UnitFacts } from '../model/facts.ts';
import type { AttributeChange, HostItem } from '../model/item.ts';

const ABSENT: UnitFacts = {
  loadState: 'not-found',
  activeState: 'inactive',
  unitFileState: '',
  startedAt: undefined,
};

// systemd's default stop timeout (90 s) plus a start and the port (0.1 to 0.8 s, seen on 3.0.0).
const RESTART_TIMEOUT_MS = 120_000;

/**
 * The daemon is enabled at boot, runs, listens, and was started after what it uses was written: its program, and the authkey
 * or with `certificates` the files that these variables name.
 */
export const serviceItem = (
  host: string,
  port: number,
  certificates?: CertificateVariables,
): HostItem => ({
  kind: 'service',
  host,
  compare: (facts) => {
    const unit = facts.units[REMOTE_UNIT] ?? ABSENT;
    const boot = bootChanges(unit);
    const running = runningChanges(facts, unit, port, certificates);
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
  return [{ name: 'enabled at boot', before: bootText(unit), after: 'yes' }];
}

/** Another state than disabled, such as masked, is named. */
const bootText = ({ unitFileState }: UnitFacts): string | undefined =>
  unitFileState === 'disabled' ? 'no' : unitFileState || undefined;

function runningChanges(
  facts: HostFacts,
  unit: UnitFacts,
  port: number,
  certificates: CertificateVariables | undefined,
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
  if (facts.isDaemonReplaced === true) {
    return [
      {
        name: 'started',
        before: 'before its package was upgraded',
        after: 'after its package was upgraded',
        reason: 'it still runs the previous version of its program',
      },
    ];
  }
  if (certificates !== undefined) return certificateChanges(facts, unit, certificates);
  if (usesCertificates(facts.daemonVariables ?? {})) {
    return [
      {
        name: 'started',
        before: 'with certificates',
        after: 'with the authkey',
        reason: 'a daemon that was started with certificates does not use the authkey',
      },
    ];
  }
  if (unit.startedAt !== undefined && unit.startedAt < facts.authkey.modifiedAt) {
    return [
      {
        name: 'started',
        before: 'before its key was written',
        after: 'after its key was written',
        reason: 'a daemon may read the key only once (Pacemaker 3.0.2 and later)',
      },
    ];
  }
  return [];
}

/** It reads certificates and their paths once, when it is started (daemons/execd/remoted_tls.c). */
function certificateChanges(
  { certificates, daemonVariables }: HostFacts,
  { startedAt }: UnitFacts,
  desired: CertificateVariables,
): readonly AttributeChange[] {
  const written = Object.values(certificates).map(({ modifiedAt }) => modifiedAt);
  const isStale = startedAt !== undefined && written.some((when) => startedAt < when);
  const isOlder = daemonVariables !== undefined && variablesDiffer(daemonVariables, desired);
  return isStale || isOlder
    ? [
        {
          name: 'started',
          before: 'before its certificates were installed',
          after: 'after its certificates were installed',
          reason: 'a daemon reads them only when it starts',
        },
      ]
    : [];
}
