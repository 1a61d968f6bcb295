import { DAEMON_GROUP, DAEMON_USER } from '../pacemaker/names.ts';

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
 * counts is that hacluster can read it and that others cannot.
 */
export function readableByClusterOnly({ owner, group, mode }: FileRights): boolean {
  const bits = Number.parseInt(mode, 8);
  const othersCannot = (bits & 0o007) === 0 && (bits & 0o022) === 0;
  const trustedGroup = group === DAEMON_GROUP || (bits & 0o070) === 0;
  const clusterCan =
    (owner === DAEMON_USER && (bits & 0o400) !== 0) ||
    (group === DAEMON_GROUP && (bits & 0o040) !== 0);
  const trustedOwner = owner === DAEMON_USER || owner === 'root';
  return othersCannot && trustedGroup && clusterCan && trustedOwner;
}
