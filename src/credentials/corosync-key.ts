import { posix } from 'node:path';
import { AUTHKEY_FILE } from '../pacemaker/basics/names.ts';
import { OutriggerError } from '../support/errors.ts';
import type { Facts, HostFacts } from '../model/facts.ts';
import type { ProblemCode } from '../model/problem-code.ts';

/** What Corosync encrypts with, where Pacemaker looked for an authkey as well in former times. */
const COROSYNC_KEY = '/etc/corosync/authkey';

/** Why the authkey of a host must not be touched: its place is that of Corosync's own key. */
export function corosyncsKey({
  authkey: { path },
  environmentFile,
}: HostFacts):
  { readonly code: ProblemCode; readonly message: string; readonly hint: string } | undefined {
  if (posix.normalize(path) !== COROSYNC_KEY) return undefined;
  const file = environmentFile ?? 'environment file';
  return {
    code: 'AUTHKEY_IS_COROSYNC_KEY',
    message: `its ${file} uses Corosync's own key as the authkey of Pacemaker (PCMK_authkey_location=${path})`,
    hint: `a cluster node whose ${COROSYNC_KEY} is replaced or removed cannot join again. Copy it to ${AUTHKEY_FILE} (0400 hacluster:haclient) on every node, and remove that line: the key stays the same`,
  };
}

/** Throws REFUSED where that is so on a cluster node. */
export function refuseCorosyncsKey({ clusterNodes }: Pick<Facts, 'clusterNodes'>): void {
  for (const host of clusterNodes.values()) {
    const reason = corosyncsKey(host);
    if (reason !== undefined)
      throw new OutriggerError('REFUSED', `${host.name}: ${reason.message}`, { hint: reason.hint });
  }
}
