import {
  CERTIFICATE_ROLES,
  DAEMON_GROUP,
  DAEMON_USER,
  WAITING_PAIR,
  type CertificateRole,
} from '../pacemaker/basics/names.ts';
import type { Action, ScriptName } from '../model/action.ts';
import {
  isThatFile,
  type DesiredCertificates,
  type DesiredFile,
} from '../credentials/certificates.ts';
import type { CertificateFileFacts, HostFacts } from '../model/facts.ts';
import { grantsFor, type Grant } from '../credentials/file-access.ts';
import type { AttributeChange, HostItem } from '../model/item.ts';
import { grantAction, grantChange, triedReach } from './grants.ts';
import { isLink, readableByClusterOnly, rightsText } from '../model/rights.ts';

const RIGHTS = { owner: 'root', group: DAEMON_GROUP, mode: '0640' } as const;
const TIMEOUT_MS = 30_000;

/** What a plan calls the files. */
export const CALLED: Readonly<Record<CertificateRole, string>> = {
  ca: 'authority',
  certificate: 'certificate',
  key: 'key',
  crl: 'CRL',
};

/**
 * The certificate files of a host: the right content, readable by haclient and by no other user. Once they are written they
 * are verified there, as the daemons' user sees them, before any daemon is configured to use them.
 */
export const certificateItem = (host: string, desired: DesiredCertificates): HostItem => ({
  kind: 'certificate',
  host,
  compare: ({ certificates, authkey }) => {
    const desiredRoles = CERTIFICATE_ROLES.filter((role) => desired.files[role] !== undefined);
    const isOther = (role: CertificateRole): boolean =>
      !isThatFile(certificates[role], desired.files[role]);
    const there = desiredRoles.flatMap((role) => certificates[role] ?? []);
    // Its directory is the same, and is there before they are.
    const grants = grantsFor([...there, authkey]);
    const isExposed = (role: CertificateRole): boolean => !hasRights(certificates[role], grants);
    const changed = desiredRoles.filter(isOther);
    const exposed = desiredRoles.filter((role) => !isOther(role) && isExposed(role));
    if (changed.length + exposed.length + grants.length === 0) return undefined;
    return {
      attributes: [
        ...grants.map(grantChange),
        ...changed.map((role) => contentChange(role, certificates, desired)),
        ...exposed.map((role) => rightsChange(role, certificates)),
      ],
      actions: [
        ...grants.map(grantAction),
        ...writeActions(changed, certificates, desired),
        ...exposed.map((role) => rightsAction(role, certificates, desired)),
        verifyAction(desired),
      ],
      needsRestart: changed.length > 0,
      risks: [],
    };
  },
});

const hasRights = (file: CertificateFileFacts | undefined, grants: readonly Grant[]): boolean =>
  file !== undefined && readableByClusterOnly({ ...file, reach: triedReach(file, grants) });

const contentChange = (
  role: CertificateRole,
  certificates: HostFacts['certificates'],
  { files }: DesiredCertificates,
): AttributeChange => ({
  name: CALLED[role],
  before: certificates[role] === undefined ? undefined : 'another',
  after: files[role]?.description,
});

const rightsChange = (
  role: CertificateRole,
  certificates: HostFacts['certificates'],
): AttributeChange => ({
  name: `permissions of ${CALLED[role]}`,
  before: certificates[role] && rightsText(certificates[role]),
  after: rightsText(RIGHTS),
  reason: `hacluster must be able to read it, and no user outside haclient${isLink(certificates[role]?.reach) ? '; the link is replaced by a file' : ''}`,
});

const pathOf = (role: CertificateRole, { files }: DesiredCertificates): string =>
  files[role]?.path ?? '';

const writeAction = (
  role: CertificateRole,
  desired: DesiredCertificates,
  path = pathOf(role, desired),
): Action => ({ kind: 'write-certificate', role, path, ...RIGHTS });

/**
 * A key takes the place of another one together with its certificate, once the two are verified: a daemon that is started in
 * between, or by an interrupted run, finds a pair that fits; so does a cluster node that connects just then.
 */
function writeActions(
  changed: readonly CertificateRole[],
  certificates: HostFacts['certificates'],
  desired: DesiredCertificates,
): readonly Action[] {
  const isReplaced =
    changed.includes('certificate') &&
    certificates.certificate !== undefined &&
    certificates.key !== undefined;
  const isPair = changed.includes('key') && (desired.isKeyMadeThere === true || isReplaced);
  if (!isPair) return changed.map((role) => writeAction(role, desired));
  const { certificate, key } = WAITING_PAIR;
  const others = changed.filter((role) => role === 'ca' || role === 'crl');
  return [
    ...others.map((role) => writeAction(role, desired)),
    writeAction('certificate', desired, certificate),
    desired.isKeyMadeThere === true ? rightsOf(key) : writeAction('key', desired, key),
    verifyAction({ ...desired, files: { ...desired.files, ...waitingFiles(desired) } }),
    script('activate-pair', [
      key,
      pathOf('key', desired),
      certificate,
      pathOf('certificate', desired),
    ]),
  ];
}

const waitingFiles = ({ files: { certificate, key } }: DesiredCertificates) => ({
  ...(certificate && { certificate: { ...certificate, path: WAITING_PAIR.certificate } }),
  ...(key && { key: { ...key, path: WAITING_PAIR.key } }),
});

const script = (name: ScriptName, params: readonly string[]): Action => ({
  kind: 'script',
  script: name,
  params,
  timeoutMs: TIMEOUT_MS,
});

const rightsOf = (path: string): Action =>
  script('set-permissions', [path, RIGHTS.owner, RIGHTS.group, RIGHTS.mode]);

/** Of a link as of the authkey's: a file takes its place. The key that was made there is copied there, for there is no other copy. */
function rightsAction(
  role: CertificateRole,
  certificates: HostFacts['certificates'],
  desired: DesiredCertificates,
): Action {
  if (!isLink(certificates[role]?.reach)) return rightsOf(pathOf(role, desired));
  return role === 'key' && desired.isKeyMadeThere === true
    ? takeIn(desired.files.key)
    : writeAction(role, desired);
}

const takeIn = (key: DesiredFile | undefined): Action => {
  const { owner, group, mode } = RIGHTS;
  return script('replace-key-link', [key?.path ?? '', key?.digest ?? '', owner, group, mode]);
};

/** Verifies the files as the daemons' user sees them. */
export const verifyAction = (desired: DesiredCertificates): Action =>
  script('verify-certificates', [
    ...CERTIFICATE_ROLES.map((role) => pathOf(role, desired)),
    DAEMON_USER,
  ]);
