import { DAEMON_GROUP, DAEMON_USER } from '../pacemaker/names.ts';
import type { AuthkeyFacts } from '../plan/facts.ts';
import type { AttributeChange, HostItem } from '../plan/item.ts';
import type { Risk } from '../plan/risk.ts';

const MODE = '0400';
const TIMEOUT_MS = 30_000;

/** The key that every node shall hold: its digest, or undefined while it has still to be made. */
export interface WantedAuthkey {
  readonly digest: string | undefined;
  /** What the plan calls it: `the cluster's key`, `a new key`, `the key of FILE`. */
  readonly description: string;
}

/**
 * The authkey of a host: the right content, readable by hacluster and by nobody else. Its SELinux label is set when it is
 * written, and not compared: the policy leaves Pacemaker's domain unconfined (rhcs.te of fedora-selinux), so that a wrong
 * label keeps nobody from it who should read it, and asking the policy would cost every plan a program more.
 */
export const authkeyItem = (
  host: string,
  want: WantedAuthkey,
  risks: readonly Risk[] = [],
): HostItem => ({
  kind: 'authkey',
  host,
  compare: ({ authkey }) => {
    const content = contentChange(authkey, want);
    if (content !== undefined) {
      return {
        attributes: [content],
        actions: [
          {
            kind: 'write-authkey',
            path: authkey.path,
            owner: DAEMON_USER,
            group: DAEMON_GROUP,
            mode: MODE,
          },
        ],
        needsRestart: true,
        risks,
      };
    }
    const rights = rightsChanges(authkey);
    if (rights.length === 0) return undefined;
    const params = [authkey.path, DAEMON_USER, DAEMON_GROUP, MODE];
    return {
      attributes: rights,
      actions: [{ kind: 'script', script: 'set-rights', params, timeoutMs: TIMEOUT_MS }],
      needsRestart: false,
      risks: [],
    };
  },
});

function contentChange(authkey: AuthkeyFacts, want: WantedAuthkey): AttributeChange | undefined {
  if (authkey.digest !== undefined && authkey.digest === want.digest) return undefined;
  const before = authkey.digest === undefined ? undefined : 'another key';
  return { name: 'content', before, after: want.description };
}

function rightsChanges({ owner, group, mode }: AuthkeyFacts): readonly AttributeChange[] {
  if (readableByClusterOnly(owner, group, mode)) return [];
  return [
    {
      name: 'rights',
      before: `${mode.padStart(4, '0')} ${owner}:${group}`,
      after: `${MODE} ${DAEMON_USER}:${DAEMON_GROUP}`,
      reason: 'hacluster must be able to read the key, and nobody outside haclient may',
    },
  ];
}

/**
 * 0400 hacluster:haclient (pcs) is as good as 0640 root:haclient (Debian, crmsh, Pacemaker's own test suite): what
 * counts is that hacluster can read it and that others cannot.
 */
function readableByClusterOnly(owner: string, group: string, mode: string): boolean {
  const bits = Number.parseInt(mode, 8);
  const othersCannot = (bits & 0o007) === 0 && (bits & 0o022) === 0;
  const trustedGroup = group === DAEMON_GROUP || (bits & 0o070) === 0;
  const clusterCan =
    (owner === DAEMON_USER && (bits & 0o400) !== 0) ||
    (group === DAEMON_GROUP && (bits & 0o040) !== 0);
  const trustedOwner = owner === DAEMON_USER || owner === 'root';
  return othersCannot && trustedGroup && clusterCan && trustedOwner;
}
