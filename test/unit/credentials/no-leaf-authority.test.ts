import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkSet } from '../../../src/credentials/x509/checks/check-set.ts';
import { setOf, reported } from '../../support/certificate-sets.ts';
import { needs } from '../../support/needs.ts';

/** The extensions that well-known issuers give to a machine, by what they write themselves (checked: OpenSSL 3.0.19). */
const ISSUERS: Readonly<Record<string, readonly string[]>> = {
  // pkg/util/pki/certificatetemplate.go
  'cert-manager': [
    'keyUsage = critical, digitalSignature, keyEncipherment',
    'extendedKeyUsage = serverAuth, clientAuth',
    'basicConstraints = critical, CA:FALSE',
    'authorityKeyIdentifier = keyid',
    'subjectAltName = critical, DNS:r1',
  ],
  // go.step.sm/crypto/x509util, DefaultLeafTemplate; the provisioner is step-ca's own extension
  'step-ca': [
    'keyUsage = critical, digitalSignature',
    'extendedKeyUsage = serverAuth, clientAuth',
    'subjectKeyIdentifier = hash',
    'authorityKeyIdentifier = keyid',
    'subjectAltName = DNS:r1',
    '1.3.6.1.4.1.37476.9000.64.1 = DER:30:07:02:01:01:04:00:04:00',
  ],
  // install/share/profiles/caIPAserviceCert.cfg
  FreeIPA: [
    'authorityKeyIdentifier = keyid',
    'authorityInfoAccess = OCSP;URI:http://ipa-ca.example.com/ca/ocsp',
    'keyUsage = critical, digitalSignature, nonRepudiation, keyEncipherment, dataEncipherment',
    'extendedKeyUsage = serverAuth, clientAuth',
    'crlDistributionPoints = URI:http://ipa-ca.example.com/ipa/crl/MasterCRL.bin',
    'subjectKeyIdentifier = hash',
    'subjectAltName = DNS:r1',
  ],
  'Microsoft AD CS (Computer)': [
    '1.3.6.1.4.1.311.20.2 = ASN1:BMPSTRING:Machine',
    'extendedKeyUsage = clientAuth, serverAuth',
    'keyUsage = digitalSignature, keyEncipherment',
    'subjectKeyIdentifier = hash',
    'authorityKeyIdentifier = keyid',
    'subjectAltName = DNS:r1',
  ],
  // x509-types/COMMON, serverClient
  'easy-rsa': [
    'basicConstraints = CA:FALSE',
    'subjectKeyIdentifier = hash',
    'authorityKeyIdentifier = keyid, issuer:always',
    'extendedKeyUsage = serverAuth, clientAuth',
    'keyUsage = digitalSignature, keyEncipherment',
    'subjectAltName = DNS:r1',
  ],
  // apps/openssl.cnf, usr_cert
  'openssl ca': [
    'basicConstraints = CA:FALSE',
    'nsComment = "OpenSSL Generated Certificate"',
    'subjectKeyIdentifier = hash',
    'authorityKeyIdentifier = keyid, issuer',
  ],
  'a very old one': [],
};

const AUTHORITY =
  /^error r1\.pem: it is a CA certificate \(CA:TRUE\): anyone with its key could issue certificates for this cluster/;

const REFUSED: readonly (readonly [how: string, extensions: readonly string[], said: RegExp])[] = [
  ['v3_ca of openssl.cnf', ['basicConstraints = critical, CA:TRUE'], AUTHORITY],
  [
    'CA:TRUE that OpenSSL does not count, for the key usage lacks keyCertSign',
    ['basicConstraints = critical, CA:TRUE, pathlen:0', 'keyUsage = critical, digitalSignature'],
    AUTHORITY,
  ],
  [
    'keyCertSign without basic constraints',
    ['keyUsage = digitalSignature, keyCertSign'],
    /^error r1\.pem: it can sign certificates \(key usage keyCertSign, no basic constraints\)/,
  ],
  [
    'keyCertSign and CA:FALSE, which is only told',
    ['basicConstraints = CA:FALSE', 'keyUsage = digitalSignature, keyCertSign'],
    /^warning r1\.pem: its key usage has keyCertSign, which is allowed only for a CA/,
  ],
];

describe('the certificate of a node', function () {
  this.timeout(20_000);
  before(needs('openssl'));
  let folder = '';
  const path = (name: string): string => join(folder, name);
  const openssl = (...args: string[]): string =>
    execFileSync('openssl', args, { encoding: 'utf8', stdio: 'pipe' });
  const text = (name: string): string => readFileSync(path(name), 'utf8');

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'outrigger-leaf-'));
    for (const name of ['ca', 'r1'])
      openssl(
        ...['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'],
        ...['-out', path(`${name}.key`)],
      );
    const authority = ['-subj', '/CN=ca', '-addext', 'keyUsage=critical,keyCertSign,cRLSign'];
    openssl('req', '-x509', '-key', path('ca.key'), ...authority, '-out', path('ca.pem'));
    openssl('req', '-new', '-key', path('r1.key'), '-subj', '/CN=r1', '-out', path('r1.csr'));
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const found = async (certificate: string, ca = text('ca.pem')): Promise<string[]> => {
    const set = setOf({ ca, crl: undefined, certificate, key: text('r1.key') });
    const around = { now: new Date(), publicAuthorities: new Set<string>(), warnBeforeMs: 0 };
    return reported((await checkSet(set, around)).findings);
  };

  const issued = (extensions: readonly string[]): string => {
    writeFileSync(path('extensions'), extensions.join('\n'));
    return openssl(
      ...['x509', '-req', '-in', path('r1.csr'), '-CA', path('ca.pem'), '-CAkey', path('ca.key')],
      ...['-CAcreateserial', '-days', '30', '-extfile', path('extensions')],
    );
  };

  for (const [issuer, extensions] of Object.entries(ISSUERS))
    it(`may be one of ${issuer}`, async () => {
      assert.deepEqual(await found(issued(extensions)), []);
    });

  for (const [how, extensions, said] of REFUSED)
    it(`is not that of an authority: ${how}`, async () => {
      const findings = await found(issued(extensions));
      assert.equal(findings.length, 1, findings.join('\n'));
      assert.match(findings[0] ?? '', said);
    });

  it('is not its own authority, as `openssl req -x509` makes it by default', async () => {
    const own = openssl('req', '-x509', '-key', path('r1.key'), '-subj', '/CN=r1');
    const findings = await found(own, own);
    assert.equal(findings.length, 1, findings.join('\n'));
    assert.match(findings[0] ?? '', AUTHORITY);
  });
});
