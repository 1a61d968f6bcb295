import {
  CERTIFICATE_ROLES,
  DAEMON_GROUP,
  DAEMON_USER,
  type CertificateRole,
} from '../pacemaker/names.ts';
import type { Action } from '../plan/action.ts';
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
        ...changed.map((role) => writeAction(role, want)),
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

const writeAction = (role: CertificateRole, want: WantedCertificates): Action => ({
  kind: 'write-certificate',
  role,
  path: pathOf(role, want),
  ...RIGHTS,
});

const rightsAction = (role: CertificateRole, want: WantedCertificates): Action => ({
  kind: 'script',
  script: 'set-rights',
  params: [pathOf(role, want), RIGHTS.owner, RIGHTS.group, RIGHTS.mode],
  timeoutMs: TIMEOUT_MS,
});

/** Verifies the files as the daemons' user sees them. */
export const verifyAction = (want: WantedCertificates): Action => ({
  kind: 'script',
  script: 'verify-certificates',
  params: [...CERTIFICATE_ROLES.map((role) => pathOf(role, want)), DAEMON_USER],
  timeoutMs: TIMEOUT_MS,
});
