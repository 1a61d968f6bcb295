import { rightsText } from '../model/rights.ts';
import { DAEMON_GROUP, DAEMON_USER } from '../pacemaker/basics/names.ts';
import type { CertificateRole } from '../pacemaker/basics/names.ts';
import type { FileReach, OwnFileFacts, Rights } from '../model/facts.ts';

/** Access of haclient to a file, or through a directory; no other user gains or loses anything. */
export interface Grant {
  readonly path: string;
  readonly before: Rights;
  readonly after: Rights;
}

/** How hacluster comes to read a file: what has to be granted, or why that is not ours to do. */
export type Access =
  | { readonly kind: 'possible'; readonly grants: readonly Grant[] }
  | { readonly kind: 'refused'; readonly because: string; readonly hint: string };

/** Pacemaker's own configuration directory: what is below it is used by Pacemaker only. */
const OURS = '/etc/pacemaker';

const isOurs = (path: string): boolean => path === OURS || path.startsWith(`${OURS}/`);

/** What hacluster needs to read a certificate file of a host, and what speaks against using it. */
export function accessTo(role: CertificateRole, file: OwnFileFacts): Access {
  const exposed = exposure(role, file);
  if (exposed !== undefined) return exposed;
  if (file.isReadable === true) return possible([]);
  const grants: Grant[] = [];
  const stops = ({ isPassable, ...rights }: OwnFileFacts['above'][number]): boolean =>
    isPassable !== true && !allows(rights, 1);
  for (const { path, owner, group, mode } of file.above.filter(stops)) {
    const rights = { owner, group, mode };
    if (!isOurs(path)) return notOurs(path, rights);
    grants.push(grant(path, rights, 0o010));
  }
  const { realPath, rights } = file;
  if (!allows(rights, 4)) {
    if (isOfOthers(rights)) return ofOthers(realPath, rights);
    grants.push(grant(realPath, rights, 0o040));
  }
  if (grants.length > 0 || file.isReadable === undefined) return possible(grants);
  return refused(
    `${DAEMON_USER} cannot read ${realPath}, although its permissions allow it`,
    'check ACLs (getfacl), mount options and SELinux there',
  );
}

/**
 * What hacluster needs to read a file of Pacemaker's own whose rights are what they should be, or become so: that it is
 * given access to Pacemaker's directory. That other people's directories are in the way, or something that no rights show, is not
 * ours to mend.
 */
export function accessToOurs(reach: FileReach | undefined, rights: Rights): Access {
  if (reach?.isReadable !== false) return possible([]);
  const { path, realPath, above } = reach;
  const grants: Grant[] = [];
  for (const { isPassable, path: directory, ...found } of above) {
    if (isPassable === true || allows(found, 1)) continue;
    if (!isOurs(directory)) return elsewhere(reach, directory, found);
    grants.push(grant(directory, found, 0o050));
  }
  if (grants.length > 0 || !allows(rights, 4)) return possible(grants);
  return refused(
    `${DAEMON_USER} cannot read ${path}${linkTo(path, realPath)}, although the permissions allow it (${rightsText(rights)})`,
    'check ACLs (getfacl), mount options and SELinux there',
  );
}

const linkTo = (path: string, realPath: string): string =>
  path === realPath ? '' : `, which leads to ${realPath}`;

const elsewhere = ({ path, realPath }: FileReach, directory: string, rights: Rights): Access =>
  refused(
    `${DAEMON_USER} cannot read ${path}${linkTo(path, realPath)}: it cannot search the directory ${directory} (${rightsText(rights)})`,
    path === realPath
      ? `grant ${DAEMON_GROUP} search permission, if that is acceptable (setfacl -m g:${DAEMON_GROUP}:x ${directory}), or move the file to ${OURS}`
      : `replace the link with the file itself, or grant ${DAEMON_GROUP} search permission on that directory, if that is acceptable (setfacl -m g:${DAEMON_GROUP}:x ${directory})`,
  );

/** What is to be granted for files of Pacemaker's own, each directory once. */
export function grantsFor(files: readonly (Rights & { readonly reach?: FileReach | undefined })[]) {
  const grants = new Map<string, Grant>();
  for (const { reach, ...rights } of files) {
    const access = accessToOurs(reach, rights);
    if (access.kind === 'possible') for (const one of access.grants) grants.set(one.path, one);
  }
  return [...grants.values()];
}

/**
 * What others could do with a file: who can replace the authority, or its list, decides who is let in. A service that
 * shares certificate and key may own them.
 */
function exposure(
  role: CertificateRole,
  { realPath, rights, above }: OwnFileFacts,
): Access | undefined {
  const isJudge = role === 'ca' || role === 'crl';
  const open = [...above, { path: realPath, ...rights }].find(
    (one) => isOpenToAll(one) || (isJudge && isWritableByOthers(one)),
  );
  if (open !== undefined)
    return refused(
      `users other than root can write to ${open.path} (${rightsText(open)}) and replace a file that Pacemaker trusts`,
      'remove that permission, or move the certificates elsewhere',
    );
  if (role === 'key' && (bitsOf(rights) & 0o004) !== 0)
    return refused(
      `the key ${realPath} is world-readable (${rightsText(rights)})`,
      `chmod o-rwx ${realPath}; if other users had access to that host, get a new certificate`,
    );
  return undefined;
}

/** In a directory with the sticky bit everybody may add files, and replace only their own. */
const isOpenToAll = (rights: Rights): boolean => (bitsOf(rights) & 0o1002) === 0o002;

const isWritableByOthers = (rights: Rights): boolean =>
  ((bitsOf(rights) & 0o020) !== 0 && rights.group !== 'root') ||
  (rights.owner !== 'root' && rights.owner !== DAEMON_USER);

/** Whether hacluster may read (4) or pass (1), by owner, group and mode. */
function allows(rights: Rights, right: 1 | 4): boolean {
  const bits = bitsOf(rights);
  if (rights.owner === DAEMON_USER) return (bits & (right << 6)) !== 0;
  if (rights.group === DAEMON_GROUP) return (bits & (right << 3)) !== 0;
  return (bits & right) !== 0;
}

/** Another group reads it by its group rights: with haclient in its place those would be shut out. */
const isOfOthers = (rights: Rights): boolean =>
  (bitsOf(rights) & 0o070) !== 0 && !['root', DAEMON_GROUP].includes(rights.group);

const grant = (path: string, before: Rights, bits: number): Grant => ({
  path,
  before,
  after: {
    owner: before.owner,
    group: DAEMON_GROUP,
    mode: (bitsOf(before) | bits).toString(8),
  },
});

const possible = (grants: readonly Grant[]): Access => ({ kind: 'possible', grants });

const refused = (because: string, hint: string): Access => ({ kind: 'refused', because, hint });

const notOurs = (path: string, rights: Rights): Access =>
  refused(
    `${DAEMON_USER} cannot search the directory ${path} (${rightsText(rights)}), which is not Pacemaker's own`,
    `grant ${DAEMON_GROUP} search permission, if that is acceptable (setfacl -m g:${DAEMON_GROUP}:x ${path}), or move the certificates elsewhere`,
  );

const ofOthers = (path: string, rights: Rights): Access =>
  refused(
    `${DAEMON_USER} cannot read ${path} (${rightsText(rights)}), and changing its group would remove the access of another group`,
    `setfacl -m g:${DAEMON_GROUP}:r ${path}`,
  );

const bitsOf = ({ mode }: Rights): number => Number.parseInt(mode, 8);
