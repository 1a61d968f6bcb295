import { DAEMON_GROUP, DAEMON_USER } from '../pacemaker/basics/names.ts';
import type { FileReach } from './facts.ts';

/** Who owns a file on a host, and its mode in octal digits. */
interface FileRights {
  readonly owner: string;
  readonly group: string;
  readonly mode: string;
}

/** `0640 root:haclient` */
export const rightsText = ({ owner, group, mode }: FileRights): string =>
  `${mode.padStart(4, '0')} ${owner}:${group}`;

/**
 * 0400 hacluster:haclient (pcs) is as good as 0640 root:haclient (Debian, crmsh, Pacemaker's own test suite): what
 * counts is that the daemon can read it and that others cannot. Whether it can is what was tried, or else what owner,
 * group and mode say; others can do nothing in a directory that they may not pass.
 */
export const readableByClusterOnly = (file: ReachedFile): boolean =>
  isShutToOthers(file) && isReadByCluster(file) && TRUSTED_OWNERS.includes(file.owner);

/** A name that leads elsewhere: what it leads to is not given other rights (set-permissions.sh), but replaced by a file. */
export const isLink = (reach: FileReach | undefined): boolean =>
  reach !== undefined && reach.path !== reach.realPath;

type ReachedFile = FileRights & { readonly reach?: FileReach | undefined };

const TRUSTED_OWNERS: readonly string[] = [DAEMON_USER, 'root'];

function isShutToOthers({ group, mode, reach }: ReachedFile): boolean {
  const bits = Number.parseInt(mode, 8);
  const isBehind = reach !== undefined && isBehindClosedDirectory(reach);
  const isTrustedGroup =
    group === DAEMON_GROUP || (bits & 0o070) === 0 || (isBehind && group === 'root');
  return isTrustedGroup && (bits & 0o020) === 0 && (isBehind || (bits & 0o007) === 0);
}

function isReadByCluster({ owner, group, mode, reach }: ReachedFile): boolean {
  const bits = Number.parseInt(mode, 8);
  return (
    reach?.isReadable ??
    ((owner === DAEMON_USER && (bits & 0o400) !== 0) ||
      (group === DAEMON_GROUP && (bits & 0o040) !== 0))
  );
}

const bitsOf = ({ mode }: FileRights): number => Number.parseInt(mode, 8);

/** Others may not pass one of the directories in which the file itself is. */
const isBehindClosedDirectory = ({ above, realPath }: FileReach): boolean =>
  above.some(
    (directory) => realPath.startsWith(`${directory.path}/`) && (bitsOf(directory) & 0o001) === 0,
  );
