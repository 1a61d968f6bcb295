import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, randomBytes, X509Certificate, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { Secret } from '../../../src/support/secret.ts';
import {
  authorityOf,
  listValidity,
  serialOf,
  validityOf,
} from '../../../src/credentials/x509/authority.ts';
import { checkSet } from '../../../src/credentials/x509/checks/check-set.ts';
import {
  normalSerial,
  readRevocationList,
  signAuthority,
  signCertificate,
  signRevocationList,
  type Issuer,
} from '../../../src/credentials/x509/library.ts';
import { pemBlocks } from '../../../src/credentials/x509/pem.ts';
import { DAY_MS } from '../../../src/credentials/x509/time-left.ts';
import { inDays, NOW } from '../../support/pki.ts';
import { cases } from '../../support/cases.ts';
import { skipUnless } from '../../support/needs.ts';

const YEAR = { validityMs: 365 * DAY_MS };
const newKey = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const newSerial = (): string => serialOf(randomBytes(16));

describe("outrigger's own authority", () => {
  let folder = '';
  let issuer: Issuer;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'outrigger-authority-'));
    const key = newKey();
    const terms = { ...authorityOf('prod', NOW), serial: newSerial(), key };
    issuer = { certificate: await signAuthority(terms), key };
  });

  after(() => {
    rmSync(folder, { recursive: true });
  });

  const until = (): Date => new Date(new X509Certificate(issuer.certificate).validTo);

  const issueFor = async (name: string) => {
    const key = newKey();
    const terms = { name, serial: newSerial(), key, ...validityOf(YEAR, until(), NOW) };
    const pem = await signCertificate(terms, issuer);
    return { pem, key: key.export({ type: 'pkcs8', format: 'pem' }), serial: terms.serial };
  };

  const listOf = (...serials: string[]) =>
    signRevocationList(
      {
        ...listValidity(YEAR, until(), NOW),
        revoked: new Map(serials.map((serial) => [serial, NOW])),
      },
      issuer,
    );

  /** What the checks of every other authority say of it. */
  const findings = async (name: string, ...revoked: string[]) => {
    const { pem, key, serial } = await issueFor(name);
    const crl = await listOf(...(revoked.includes(name) ? [serial] : revoked));
    const set = await checkSet(
      {
        ca: { path: 'ca.pem', text: issuer.certificate },
        crl: { path: 'crl.pem', text: crl },
        nodes: [
          {
            node: name,
            certificate: { path: 'c.pem', text: pem },
            key: { path: 'c.key', content: new Secret(Buffer.from(key)) },
          },
        ],
      },
      { now: NOW, publicAuthorities: new Set() },
    );
    return set.findings.map(({ path, message }) => `${path}: ${message}`);
  };

  it('issues what the checks find good, and revokes what they find revoked', async () => {
    assert.deepEqual(await findings('r1'), []);
    assert.deepEqual(await findings('r1', '1f'), []);
    assert.deepEqual(await findings('r1', 'r1'), ['c.pem: it is revoked by crl.pem']);
  });

  const verify = (certificate: string, crl: string, purpose: string): string => {
    const put = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    const moment = String(NOW.getTime() / 1000);
    const args = [
      'verify',
      '-x509_strict',
      '-crl_check',
      '-purpose',
      purpose,
      '-attime',
      moment,
      '-CAfile',
      put('ca.pem', issuer.certificate),
      '-CRLfile',
      put('crl.pem', crl),
      put('c.pem', certificate),
    ];
    try {
      return execFileSync('openssl', args, { encoding: 'utf8', stdio: 'pipe' });
    } catch (thrown) {
      return (thrown as { stderr: string }).stderr;
    }
  };

  it('is believed by openssl, strictly, for servers and for clients, with a list of nobody and of somebody', async function () {
    skipUnless(this, 'openssl');
    const { pem, serial } = await issueFor('r1');
    for (const purpose of ['sslserver', 'sslclient'])
      for (const crl of [await listOf(), await listOf('1f')])
        assert.match(verify(pem, crl, purpose), /c\.pem: OK/);
    assert.match(verify(pem, await listOf('1f', serial), 'sslserver'), /certificate revoked/);
  });

  it('says whose a certificate is, and is valid a day ago and a year from now', async () => {
    const read = new X509Certificate((await issueFor('r-1.example')).pem);
    assert.equal(read.subject, 'CN=r-1.example');
    assert.equal(read.subjectAltName, 'DNS:r-1.example');
    assert.equal(read.issuer, 'CN=outrigger authority of prod');
    assert.deepEqual(new Date(read.validFrom), inDays(-1));
    assert.deepEqual(new Date(read.validTo), inDays(365));
  });

  it('issues nothing that lasts longer than itself', () => {
    const soon = inDays(20);
    assert.deepEqual(validityOf(YEAR, soon, NOW).notAfter, soon);
    assert.deepEqual(listValidity(YEAR, soon, NOW).nextUpdate, soon);
  });

  it('makes serial numbers that are positive and 16 bytes long, whatever chance gives', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (random) => {
        const serial = serialOf(random);
        assert.match(serial, /^[4-7][0-9a-f]{31}$/);
        assert.equal(normalSerial(serial), serial);
      }),
    );
  });

  it('lists exactly what is revoked, whatever the serial numbers are', async () => {
    const anySerial = fc
      .uint8Array({ minLength: 1, maxLength: 20 })
      .map((bytes) => normalSerial(Buffer.from(bytes).toString('hex')))
      .filter((serial) => serial !== '0');
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(anySerial, { maxLength: 5 }), async (serials) => {
        const blocks = pemBlocks(await listOf(...serials));
        assert.ok(!('fault' in blocks) && blocks[0]?.label === 'X509 CRL');
        const { revoked } = readRevocationList(blocks[0].der);
        assert.deepEqual([...revoked.keys()].sort(), [...serials].sort());
      }),
      { numRuns: cases(30) },
    );
  });
});
