import { DAEMON_GROUP, DAEMON_USER } from '../pacemaker/basics/names.ts';
import type { Action } from '../model/action.ts';
import type { AuthkeyFacts } from '../model/facts.ts';
import { grantsFor, type Grant } from '../credentials/file-access.ts';
import type { AttributeChange, HostItem } from '../model/item.ts';
import type { Risk } from '../model/risk.ts';
import { grantAction, grantChange, triedReach } from './grants.ts';
import { isLink, readableByClusterOnly, rightsText } from '../model/rights.ts';

const MODE = '0400';
const TIMEOUT_MS = 30_000;

/** The key that every node shall hold: its digest, or undefined while it has still to be made. */
export interface DesiredAuthkey {
  readonly digest: string | undefined;
  /** What the plan shows as the desired content: `matches the cluster`, `new key`. */
  readonly description: string;
}

/**
 * The authkey of a host: the right content, readable by hacluster and by no other user. Its SELinux label is set when it is
 * written, and not compared: the policy leaves Pacemaker's domain unconfined (rhcs.te of fedora-selinux), so that a wrong
 * label keeps nobody from it who should read it, and asking the policy would cost every plan a program more.
 */
export const authkeyItem = (
  host: string,
  desired: DesiredAuthkey,
  risks: readonly Risk[] = [],
): HostItem => ({
  kind: 'authkey',
  host,
  compare: ({ authkey }) => {
    const content = contentChange(authkey, desired);
    const grants = grantsFor([authkey]);
    if (content !== undefined) {
      return {
        attributes: [...grants.map(grantChange), content],
        actions: [...grants.map(grantAction), write(authkey)],
        needsRestart: true,
        risks,
      };
    }
    const rights = rightsChanges(authkey, grants);
    if (rights.length + grants.length === 0) return undefined;
    return {
      attributes: [...grants.map(grantChange), ...rights],
      actions: [...grants.map(grantAction), ...(rights.length === 0 ? [] : [repaired(authkey)])],
      needsRestart: false,
      risks: [],
    };
  },
});

const RIGHTS = { owner: DAEMON_USER, group: DAEMON_GROUP, mode: MODE };

const write = ({ path }: AuthkeyFacts): Action => ({ kind: 'write-authkey', path, ...RIGHTS });

/** The target of a link may be used by something else: the link is replaced by a file, and that one stays as it is. */
const repaired = (authkey: AuthkeyFacts): Action =>
  isLink(authkey.reach)
    ? write(authkey)
    : {
        kind: 'script',
        script: 'set-permissions',
        timeoutMs: TIMEOUT_MS,
        params: [authkey.path, DAEMON_USER, DAEMON_GROUP, MODE],
      };

/** The content that is not the desired one: `differs from c1`. */
const otherContent = ({ description }: DesiredAuthkey): string =>
  description.startsWith('matches ')
    ? description.replace('matches ', 'differs from ')
    : 'previous key';

function contentChange(
  authkey: AuthkeyFacts,
  desired: DesiredAuthkey,
): AttributeChange | undefined {
  if (authkey.digest !== undefined && authkey.digest === desired.digest) return undefined;
  const before = authkey.digest === undefined ? undefined : otherContent(desired);
  return { name: 'content', before, after: desired.description };
}

function rightsChanges(
  { owner, group, mode, reach }: AuthkeyFacts,
  grants: readonly Grant[],
): readonly AttributeChange[] {
  const tried = triedReach({ reach }, grants);
  if (readableByClusterOnly({ owner, group, mode, reach: tried })) return [];
  return [
    {
      name: 'permissions',
      before: rightsText({ owner, group, mode }),
      after: `${MODE} ${DAEMON_USER}:${DAEMON_GROUP}`,
      reason: `hacluster must be able to read the key, and no user outside haclient${isLink(reach) ? '; the link is replaced by a file' : ''}`,
    },
  ];
}
