import { CERTIFICATE_ROLES } from '../pacemaker/basics/names.ts';
import type { Action } from '../model/action.ts';
import type { DesiredCertificates } from '../credentials/certificates.ts';
import type { OwnCertificateFacts } from '../model/facts.ts';
import { accessTo, type Grant } from '../credentials/file-access.ts';
import type { AttributeChange, HostItem } from '../model/item.ts';
import { CALLED, verifyAction } from './certificate.ts';
import { rightsText } from '../model/rights.ts';

/**
 * The certificates that a host has already: haclient can read them. Their content is not ours. Whether it is right, and
 * whether the rights can be given at all, is judged before there is a plan: see credentials/certificate-problems.ts.
 */
export const ownCertificateItem = (host: string, desired: DesiredCertificates): HostItem => ({
  kind: 'certificate',
  host,
  compare: ({ ownCertificates }) => {
    const grants = ownCertificates === undefined ? [] : grantsOf(ownCertificates);
    if (grants.length === 0) return undefined;
    return {
      attributes: grants.map(rightsChange),
      actions: [...grants.map(rightsAction), verifyAction(desired)],
      needsRestart: false,
      risks: [],
    };
  },
});

type NamedGrant = Grant & { readonly called: string };

/** What is to be granted, each path once: the files of a host often share a directory. */
function grantsOf({ files }: OwnCertificateFacts): readonly NamedGrant[] {
  const grants = new Map<string, NamedGrant>();
  for (const role of CERTIFICATE_ROLES) {
    const file = files[role];
    const access = file && accessTo(role, file);
    if (file === undefined || access?.kind !== 'possible') continue;
    for (const grant of access.grants) {
      const called = grant.path === file.realPath ? CALLED[role] : grant.path;
      if (!grants.has(grant.path)) grants.set(grant.path, { ...grant, called });
    }
  }
  return [...grants.values()];
}

const rightsChange = ({ called, before, after }: NamedGrant): AttributeChange => ({
  name: `permissions of ${called}`,
  before: rightsText(before),
  after: rightsText(after),
  reason: 'hacluster must be able to read the certificates; no other user gets access',
});

const rightsAction = ({ path, after }: NamedGrant): Action => ({
  kind: 'script',
  script: 'set-permissions',
  params: [path, after.owner, after.group, after.mode.padStart(4, '0')],
  timeoutMs: 30_000,
});
