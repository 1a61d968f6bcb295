import { CERTIFICATE_ROLES } from '../pacemaker/basics/names.ts';
import { OutriggerError } from '../support/errors.ts';
import type { Facts, FileReach, HostFacts, Rights } from '../model/facts.ts';
import { accessToOurs } from './file-access.ts';

/** Why a daemon cannot read a file, and what to do about it. */
export interface Unreadable {
  readonly message: string;
  readonly hint: string;
}

type Reached = Rights & { readonly reach?: FileReach | undefined };

/** The files by which the daemon of a host authenticates. */
const filesOf = ({ authkey, certificates }: HostFacts, isX509: boolean): readonly Reached[] =>
  isX509 ? CERTIFICATE_ROLES.flatMap((role) => certificates[role] ?? []) : [authkey];

/** What of the credentials of a host its daemon cannot read, and no apply can mend. */
export function unreadableFile(host: HostFacts, isX509: boolean): Unreadable | undefined {
  for (const { reach, ...rights } of filesOf(host, isX509)) {
    const access = accessToOurs(reach, rights);
    if (access.kind === 'refused') return { message: access.because, hint: access.hint };
  }
  return undefined;
}

/** A file of the credentials of a host that is there, and that its daemon cannot read. */
export const closedFile = (host: HostFacts, isX509: boolean): string | undefined =>
  filesOf(host, isX509).find(({ mode, reach }) => mode !== '' && reach?.isReadable === false)?.reach
    ?.path;

/**
 * Throws REFUSED where that is so on a cluster node. A connection that moves there would fail, and its node be fenced. The
 * daemons of other nodes run as root.
 */
export function refuseUnreadable({ clusterNodes }: Pick<Facts, 'clusterNodes'>, isX509: boolean) {
  for (const host of clusterNodes.values()) {
    const found = unreadableFile(host, isX509);
    if (found === undefined) continue;
    throw new OutriggerError('REFUSED', `${found.message}: no connection can run on ${host.name}`, {
      host: host.name,
      hint: found.hint,
    });
  }
}
