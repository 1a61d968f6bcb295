import assert from 'node:assert/strict';
import { createPrivateKey, generateKeyPairSync, type KeyPairKeyObjectResult } from 'node:crypto';
import { checkSet } from '../../../src/credentials/x509/checks/check-set.ts';
import { signCertificate } from '../../../src/credentials/x509/library.ts';
import { setOf, reported } from '../../support/certificate-sets.ts';
import { inDays, makeAuthority, NOW, type Issued } from '../../support/pki.ts';

describe('the key of a certificate', () => {
  let authority: Issued;

  before(async () => {
    authority = await makeAuthority();
  });

  const found = async (certificate: string, key: string): Promise<string[]> => {
    const set = setOf({ ca: authority.pem, crl: undefined, certificate, key });
    return reported((await checkSet(set, { now: NOW, publicAuthorities: new Set() })).findings);
  };

  // As GnuTLS 3.8.9 takes them by default, which is how Pacemaker uses it (seen, one by one).
  const curve = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve });
  const dsa = () => generateKeyPairSync('dsa', { modulusLength: 2048, divisorLength: 256 });
  const KEYS: readonly (readonly [
    what: string,
    make: () => KeyPairKeyObjectResult,
    bad: string,
  ])[] = [
    ['P-384', () => curve('secp384r1'), ''],
    ['P-521', () => curve('secp521r1'), ''],
    ['Ed25519', () => generateKeyPairSync('ed25519'), ''],
    ['secp256k1', () => curve('secp256k1'), 'the key of CN=node is on the curve secp256k1'],
    ['P-224', () => curve('secp224r1'), 'the key of CN=node is on the curve secp224r1'],
    ['brainpool', () => curve('brainpoolP256r1'), 'the key of CN=node is on the curve brainpoolP'],
    ['DSA', dsa, 'its key is DSA, which TLS no longer supports'],
  ];
  for (const [what, make, bad] of KEYS) {
    it(`${bad === '' ? 'may be' : 'must not be'} one of ${what}`, async () => {
      const { privateKey } = make();
      const terms = { name: 'node', serial: '4711', key: privateKey };
      const certificate = await signCertificate(
        { ...terms, notBefore: inDays(-1), notAfter: inDays(365) },
        { certificate: authority.pem, key: createPrivateKey(authority.key) },
      );
      const key = String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
      const [said = '', ...others] = await found(certificate, key);
      assert.deepEqual(others, []);
      assert.ok(bad === '' ? said === '' : said.startsWith(`error r1.pem: ${bad}`), said);
    });
  }
});
