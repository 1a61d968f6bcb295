import 'reflect-metadata';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';
import { checkRequest } from '../../../src/credentials/x509/requests/check-request.ts';
import { request } from '../../support/pki.ts';
import { needs } from '../../support/needs.ts';

/** As make-request.sh asks for them. */
const OURS = [
  'keyUsage = critical, digitalSignature',
  'extendedKeyUsage = serverAuth, clientAuth',
  'subjectAltName = DNS:h1',
];
const [USAGE = '', PURPOSES = '', NAME = ''] = OURS;

const EXTENSIONS: readonly (readonly [extensions: readonly string[], fault: string])[] = [
  [
    [...OURS, 'basicConstraints = critical, CA:TRUE'],
    'it requests the critical extension basicConstraints, which no CSR of outrigger requests',
  ],
  [
    [...OURS, 'basicConstraints = CA:TRUE, pathlen:0'],
    'it requests basicConstraints, which no CSR of outrigger requests',
  ],
  [
    [...OURS, 'basicConstraints = CA:FALSE'],
    'it requests basicConstraints, which no CSR of outrigger requests',
  ],
  [
    ['keyUsage = critical, digitalSignature, keyCertSign', PURPOSES, NAME],
    'it requests a different keyUsage than a CSR of outrigger',
  ],
  [
    ['keyUsage = digitalSignature', PURPOSES, NAME],
    'it requests a different keyUsage than a CSR of outrigger',
  ],
  [
    [USAGE, 'extendedKeyUsage = serverAuth, clientAuth, codeSigning', NAME],
    'it requests a different extendedKeyUsage than a CSR of outrigger',
  ],
  [
    [USAGE, 'extendedKeyUsage = anyExtendedKeyUsage', NAME],
    'it requests a different extendedKeyUsage than a CSR of outrigger',
  ],
  [
    [...OURS, 'nameConstraints = permitted;DNS:.example.com'],
    'it requests nameConstraints, which no CSR of outrigger requests',
  ],
  [
    [...OURS, '1.2.3.4.5 = critical, ASN1:NULL'],
    'it requests the critical extension 1.2.3.4.5, which no CSR of outrigger requests',
  ],
  [
    [...OURS, 'tlsfeature = status_request'],
    'it requests tlsfeature, which no CSR of outrigger requests',
  ],
  [[PURPOSES, NAME], 'it does not request keyUsage, as every CSR of outrigger does'],
];

describe('a certificate request that asks for more than ours do', () => {
  before(needs('openssl'));
  let folder = '';
  const path = (name: string): string => join(folder, name);
  const openssl = (...args: string[]): string =>
    execFileSync('openssl', args, { encoding: 'utf8', stdio: 'pipe' });

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'outrigger-request-'));
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const key = (...options: string[]): string => {
    openssl('genpkey', ...options, '-out', path('key'));
    return path('key');
  };
  const ec = (curve: string): string =>
    key('-algorithm', 'EC', '-pkeyopt', `ec_paramgen_curve:${curve}`);

  const made = (extensions: readonly string[], attributes: readonly string[] = []): string => {
    const section = attributes.length === 0 ? [] : ['attributes = attributes'];
    writeFileSync(
      path('conf'),
      [
        '[req]',
        'prompt = no',
        'distinguished_name = subject',
        'req_extensions = extensions',
        ...section,
        '[subject]',
        'CN = h1',
        '[attributes]',
        ...attributes,
        '[extensions]',
        ...extensions,
        '',
      ].join('\n'),
    );
    return path('conf');
  };

  const faultOf = async (pem: string): Promise<string | undefined> => {
    const checked = await checkRequest(pem, 'h1');
    return 'fault' in checked ? checked.fault : undefined;
  };

  const requested = (file: string, conf = made(OURS), digest = '-sha256'): string =>
    openssl('req', '-new', digest, '-key', file, '-config', conf);

  it('is ours when openssl makes it as our script has it', async () => {
    assert.equal(await faultOf(requested(ec('P-256'))), undefined);
  });

  for (const [extensions, fault] of EXTENSIONS)
    it(`is refused by name: ${extensions.find((one) => !OURS.includes(one)) ?? 'less'}: ${fault}`, async () => {
      assert.equal(await faultOf(requested(ec('P-256'), made(extensions))), fault);
    });

  it('is refused with another attribute, whatever that is', async () => {
    const attributes = [
      ['challengePassword = secret1', 'challengePassword'],
      ['unstructuredName = somebody', 'unstructuredName'],
    ] as const;
    for (const [attribute, name] of attributes)
      assert.equal(
        await faultOf(requested(ec('P-256'), made(OURS, [attribute]))),
        `it has the attribute ${name}, which no CSR of outrigger requests`,
      );
  });

  it('is refused with an extension twice, and with a second list of extensions', async () => {
    const again = new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: 'h2' }]);
    const twice = await faultOf((await request('h1', { more: [again] })).pem);
    assert.match(twice ?? '', /^it names CN=h1, dns:h1, dns:h2 instead of this node only$/);
    const usage = new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true);
    assert.equal(
      await faultOf((await request('h1', { more: [usage] })).pem),
      'it requests keyUsage more than once',
    );
    const more = new x509.ExtensionsAttribute([new x509.BasicConstraintsExtension(true)]);
    assert.equal(
      await faultOf((await request('h1', { attributes: [more] })).pem),
      'it has more than one extensionRequest',
    );
  });

  it('may have any key that TLS is spoken with, and no weak one', async () => {
    const rsa = (bits: number): string =>
      key('-algorithm', 'RSA', '-pkeyopt', `rsa_keygen_bits:${bits}`);
    for (const file of [ec('P-384'), rsa(2048)])
      assert.equal(await faultOf(requested(file)), undefined);
    assert.equal(await faultOf(requested(key('-algorithm', 'ED25519'))), undefined);
    assert.equal(await faultOf(requested(rsa(1024))), 'its RSA key has 1024 bits: at least 2048');
    assert.match(
      (await faultOf(requested(ec('secp256k1')))) ?? '',
      /^its key is on the curve secp256k1, which GnuTLS does not support/,
    );
    assert.equal(
      await faultOf(requested(rsa(2048), made(OURS), '-sha1')),
      'it is signed with SHA-1, which is no longer accepted',
    );
  });
});
