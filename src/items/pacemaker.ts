import { CLUSTER_UNIT } from '../pacemaker/basics/names.ts';
import type { Action } from '../model/action.ts';
import {
  usesCertificates,
  variablesDiffer,
  type CertificateVariables,
} from '../credentials/certificates.ts';
import type { HostFacts } from '../model/facts.ts';
import type { AttributeChange, HostItem } from '../model/item.ts';

// A stop waits for the controller, and the start for the cluster: 2 to 20 s in labs of two nodes.
const RESTART_TIMEOUT_MS = 300_000;

const RESTART: Action = {
  kind: 'script',
  script: 'restart-pacemaker',
  params: [CLUSTER_UNIT],
  timeoutMs: RESTART_TIMEOUT_MS,
};

/** What Pacemaker on a cluster node shall have been started with. */
export interface DesiredPacemaker {
  /** The variables for certificates; `none`: it shall not use any. */
  readonly certificates: CertificateVariables | 'none';
  /** A key that replaces the one which a connection may have been made with; undefined: nothing replaces it. */
  readonly newKey: { readonly digest: string | undefined } | undefined;
  /** An interrupted run left the cluster in maintenance mode, or connections pinned. */
  readonly isUnfinished: boolean;
}

/**
 * Pacemaker on a cluster node uses the credentials of the inventory. Its controller opens the connections: it inherits the
 * variables for certificates from its parent, and may keep an authkey for life; only a restart of the whole changes that.
 */
export const pacemakerItem = (host: string, desired: DesiredPacemaker): HostItem => ({
  kind: 'pacemaker',
  host,
  compare: (facts) => {
    if (facts.daemonVariables === undefined) return undefined;
    const older = olderThan(facts, facts.daemonVariables, desired);
    if (older === undefined && !desired.isUnfinished) return undefined;
    return {
      attributes: [
        ...(older === undefined ? [] : [older]),
        ...(desired.isUnfinished
          ? [
              {
                name: 'temporary markers in the CIB',
                before: 'left by an interrupted run',
                after: undefined,
              },
            ]
          : []),
      ],
      actions: older === undefined ? [] : [RESTART],
      needsRestart: older !== undefined,
      risks: [],
    };
  },
});

/** The same for a cluster node whose Pacemaker ran before: one that is stopped is started. */
export const runningPacemakerItem = (host: string, desired: DesiredPacemaker): HostItem => {
  const item = pacemakerItem(host, desired);
  return {
    ...item,
    compare: (facts) =>
      facts.daemonVariables === undefined
        ? {
            attributes: [{ name: 'Pacemaker', before: 'stopped', after: 'running' }],
            actions: [RESTART],
            needsRestart: true,
            risks: [],
          }
        : item.compare(facts),
  };
};

function olderThan(
  facts: HostFacts,
  uses: CertificateVariables,
  { certificates, newKey }: DesiredPacemaker,
): AttributeChange | undefined {
  if (certificates !== 'none') {
    return variablesDiffer(uses, certificates)
      ? { name: 'certificates', before: 'differ from the inventory', after: 'in use' }
      : undefined;
  }
  if (usesCertificates(uses))
    return { name: 'certificates', before: 'in use', after: undefined, reason: 'the authkey is' };
  if (newKey === undefined || facts.keepsAuthkey !== true) return undefined;
  const { startedAt } = facts.units[CLUSTER_UNIT] ?? {};
  const isOlder = startedAt !== undefined && startedAt < facts.authkey.modifiedAt;
  return isOlder || facts.authkey.digest !== newKey.digest
    ? {
        name: 'authkey',
        before: 'previous one',
        after: 'in use',
        reason: 'this version of Pacemaker reads the key only once',
      }
    : undefined;
}
