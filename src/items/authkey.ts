import { DAEMON_GROUP, DAEMON_USER } from '../pacemaker/names.ts';
import type { AuthkeyFacts } from '../plan/facts.ts';
import type { AttributeChange, HostItem } from '../plan/item.ts';
import type { Risk } from '../plan/risk.ts';
import { readableByClusterOnly, rightsText } from './rights.ts';

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
  if (readableByClusterOnly({ owner, group, mode })) return [];
  return [
    {
      name: 'rights',
      before: rightsText({ owner, group, mode }),
      after: `${MODE} ${DAEMON_USER}:${DAEMON_GROUP}`,
      reason: 'hacluster must be able to read the key, and nobody outside haclient may',
    },
  ];
}
