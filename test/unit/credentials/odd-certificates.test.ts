import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { checkSet } from '../../../src/credentials/x509/checks/check-set.ts';
import type { CheckedSet } from '../../../src/credentials/x509/checks/certificate-set.ts';
import { certificatesIn } from '../../../src/credentials/x509/trust.ts';
import { pemBlocks } from '../../../src/credentials/x509/pem.ts';
import { cases, TIMES_AS_MANY } from '../../support/cases.ts';
import { needs } from '../../support/needs.ts';

let folder = '';

const openssl = (...parameters: string[]): void => {
  execFileSync('openssl', parameters, { cwd: folder, stdio: 'ignore' });
};

const text = (name: string): string => readFileSync(join(folder, name), 'utf8');

const checked = (certificate: string, ca = text('ca.pem'), crl?: string): Promise<CheckedSet> =>
  checkSet(
    {
      ca: { path: 'ca.pem', text: ca },
      crl: crl === undefined ? undefined : { path: 'crl.pem', text: crl },
      nodes: [
        {
          node: 'c1',
          certificate: { path: 'c1.pem', text: certificate },
          key: {
            path: 'c1.key',
            reported: { count: 1, isEncrypted: false, publicDigest: 'other' },
          },
        },
      ],
    },
    { now: new Date(), publicAuthorities: new Set() },
  );

/** The certificate with other bytes in place of some of its own. */
function patched(pem: string, from: RegExp, to: string): string {
  const [block] = [pemBlocks(pem)].flat();
  assert.ok(block !== undefined && 'der' in block);
  const der = Buffer.from(block.der).toString('latin1');
  assert.match(der, from);
  const base64 = Buffer.from(der.replace(from, to), 'latin1').toString('base64');
  return `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`;
}

/** A PEM file with one byte of what is in it changed. */
function withByte(pem: string, at: number, byte: number): string {
  const [block] = [pemBlocks(pem)].flat();
  assert.ok(block !== undefined && 'der' in block);
  const der = Buffer.from(block.der);
  der[Math.floor(at * der.length)] = byte;
  return `-----BEGIN ${block.label}-----\n${der.toString('base64')}\n-----END ${block.label}-----\n`;
}

describe('a certificate that is not like others', function () {
  this.timeout(60_000 * TIMES_AS_MANY);
  before(needs('openssl'));

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'outrigger-odd-'));
    const usage = 'keyUsage=critical,keyCertSign,cRLSign';
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    openssl(
      ...['req', '-x509', ...curve, '-days', '99', '-subj', '/CN=t CA', '-addext', usage],
      ...['-keyout', 'ca.key', '-out', 'ca.pem'],
    );
    openssl('req', ...curve, '-subj', '/', '-keyout', 'c1.key', '-out', 'c1.csr');
    const names = 'keyUsage=critical,digitalSignature\nsubjectAltName=critical,DNS:c1\n';
    writeFileSync(join(folder, 'extensions'), names);
    openssl(
      ...['x509', '-req', '-in', 'c1.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-days', '9'],
      ...['-CAcreateserial', '-extfile', 'extensions', '-out', 'c1.pem'],
    );
    writeFileSync(
      join(folder, 'crl.cnf'),
      '[ca]\ndefault_ca=a\n[a]\ndatabase=index\ndefault_md=sha256\ndefault_crl_days=30\n',
    );
    writeFileSync(join(folder, 'index'), '');
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('has no subject, and is right with alternative names; those tell whose it is', async () => {
    const { findings, nodes } = await checked(text('c1.pem'));
    assert.equal(nodes.get('c1')?.subject, 'DNS:c1');
    assert.deepEqual(
      findings.filter(({ path, isExpiry }) => path === 'c1.pem' && isExpiry !== true),
      [],
    );
    assert.match(findings.map(({ message }) => message).join('\n'), /DNS:c1 expires in 8 days/);
  });

  it('has any one byte changed, and is judged all the same, as is its authority and its list', async () => {
    openssl(
      ...['ca', '-gencrl', '-keyfile', 'ca.key', '-cert', 'ca.pem', '-out', 'crl.pem'],
      ...['-config', 'crl.cnf'],
    );
    const [leaf, ca, crl] = ['c1.pem', 'ca.pem', 'crl.pem'].map(text) as [string, string, string];
    const somewhere = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('leaf', 'ca', 'crl'),
        somewhere,
        fc.integer({ min: 0, max: 255 }),
        async (which, at, byte) => {
          const of = (name: string, pem: string): string =>
            name === which ? withByte(pem, at, byte) : pem;
          const { findings } = await checked(of('leaf', leaf), of('ca', ca), of('crl', crl));
          assert.ok(Array.isArray(findings));
        },
      ),
      { numRuns: cases(150) },
    );
  });

  it('has a key of a kind that nobody knows, and cannot be read', async () => {
    // id-ecPublicKey, 1.2.840.10045.2.1, and the arc beside it
    const key = String.raw`\x2a\x86\x48\xce\x3d\x02\x01`;
    const pem = patched(text('c1.pem'), new RegExp(key), '*\u0086H\u00ce=\u0002\u0009');
    const { findings, nodes } = await checked(pem);
    assert.equal(nodes.size, 0);
    assert.match(findings.map(({ message }) => message).join('\n'), /certificate cannot be parsed/);
  });

  it('ends at no time that a calendar has, and cannot be read', async () => {
    const pem = patched(text('c1.pem'), /(\d{12}Z..)\d{12}Z/s, '$1991399999999Z');
    const { findings, nodes } = await checked(pem);
    assert.equal(nodes.size, 0);
    assert.match(
      findings.map(({ path, message }) => `${path}: ${message}`).join('\n'),
      /^c1\.pem: its certificate cannot be parsed/m,
    );
    assert.deepEqual(certificatesIn(pem), []);
  });
});
