import {
  CERTIFICATE_ROLES,
  DAEMON_GROUP,
  DAEMON_USER,
  WAITING_PAIR,
  type CertificateRole,
} from '../pacemaker/names.ts';
import type { Action, ScriptName } from '../plan/action.ts';
import { isThatFile, type WantedCertificates } from '../plan/certificates.ts';
import type { CertificateFileFacts, HostFacts } from '../plan/facts.ts';
import type { AttributeChange, HostItem } from '../plan/item.ts';
import { readableByClusterOnly, rightsText } from './rights.ts';

const RIGHTS = { owner: 'root', group: DAEMON_GROUP, mode: '0640' } as const;
const TIMEOUT_MS = 30_000;

/** What a plan calls the files. */
export const CALLED: Readonly<Record<CertificateRole, string>> = {
  ca: 'authority',
  certificate: 'certificate',
  key: 'key',
  crl: 'revocation list',
};

/**
 * The certificate files of a host: the right content, readable by haclient and by nobody else. Once they are written they
 * are verified there, as the daemons' user sees them, before any daemon is told of them.
 */
export const certificateItem = (host: string, want: WantedCertificates): HostItem => ({
  kind: 'certificate',
  host,
  compare: ({ certificates }) => {
    const wanted = CERTIFICATE_ROLES.filter((role) => want.files[role] !== undefined);
    const isOther = (role: CertificateRole): boolean =>
      !isThatFile(certificates[role], want.files[role]);
    const isExposed = (role: CertificateRole): boolean => !hasRights(certificates[role]);
    const changed = wanted.filter(isOther);
    const exposed = wanted.filter((role) => !isOther(role) && isExposed(role));
    if (changed.length + exposed.length === 0) return undefined;
    return {
      attributes: [
        ...changed.map((role) => contentChange(role, certificates, want)),
        ...exposed.map((role) => rightsChange(role, certificates)),
      ],
      actions: [
        ...writeActions(changed, certificates, want),
        ...exposed.map((role) => rightsAction(role, want)),
        verifyAction(want),
      ],
      needsRestart: changed.length > 0,
      risks: [],
    };
  },
});

const hasRights = (file: CertificateFileFacts | undefined): boolean =>
  file !== undefined && readableByClusterOnly(file);

const contentChange = (
  role: CertificateRole,
  certificates: HostFacts['certificates'],
  { files }: WantedCertificates,
): AttributeChange => ({
  name: CALLED[role],
  before: certificates[role] === undefined ? undefined : 'another',
  after: files[role]?.description,
});

const rightsChange = (
  role: CertificateRole,
  certificates: HostFacts['certificates'],
): AttributeChange => ({
  name: `rights of ${CALLED[role]}`,
  before: certificates[role] && rightsText(certificates[role]),
  after: rightsText(RIGHTS),
  reason: 'hacluster must be able to read it, and nobody outside haclient may',
});

const pathOf = (role: CertificateRole, { files }: WantedCertificates): string =>
  files[role]?.path ?? '';

const writeAction = (
  role: CertificateRole,
  want: WantedCertificates,
  path = pathOf(role, want),
): Action => ({ kind: 'write-certificate', role, path, ...RIGHTS });

/**
 * A key takes the place of another one together with its certificate, once the two are verified: a daemon that is started in
 * between, or by a run that died, finds a pair that fits; so does a cluster node that connects just then.
 */
function writeActions(
  changed: readonly CertificateRole[],
  certificates: HostFacts['certificates'],
  want: WantedCertificates,
): readonly Action[] {
  const isReplaced =
    changed.includes('certificate') &&
    certificates.certificate !== undefined &&
    certificates.key !== undefined;
  const isPair = changed.includes('key') && (want.isKeyMadeThere === true || isReplaced);
  if (!isPair) return changed.map((role) => writeAction(role, want));
  const { certificate, key } = WAITING_PAIR;
  const others = changed.filter((role) => role === 'ca' || role === 'crl');
  return [
    ...others.map((role) => writeAction(role, want)),
    writeAction('certificate', want, certificate),
    want.isKeyMadeThere === true ? rightsOf(key) : writeAction('key', want, key),
    verifyAction({ ...want, files: { ...want.files, ...waitingFiles(want) } }),
    script('take-up-pair', [
      ...[key, pathOf('key', want)],
      ...[certificate, pathOf('certificate', want)],
    ]),
  ];
}

const waitingFiles = ({ files: { certificate, key } }: WantedCertificates) => ({
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
  script('set-rights', [path, RIGHTS.owner, RIGHTS.group, RIGHTS.mode]);

const rightsAction = (role: CertificateRole, want: WantedCertificates): Action =>
  rightsOf(pathOf(role, want));

/** Verifies the files as the daemons' user sees them. */
export const verifyAction = (want: WantedCertificates): Action =>
  script('verify-certificates', [
    ...CERTIFICATE_ROLES.map((role) => pathOf(role, want)),
    DAEMON_USER,
  ]);
