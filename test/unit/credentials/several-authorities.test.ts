import 'reflect-metadata';
import assert from 'node:assert/strict';
import { checkSet } from '../../../src/credentials/x509/checks/check-set.ts';
import { setOf, reported, type Texts } from '../../support/certificate-sets.ts';
import { issue, makeAuthority, NOW, revoke, type Issued } from '../../support/pki.ts';

describe('several authorities in one CA file', () => {
  let authority: Issued;
  let good: Issued;

  before(async () => {
    authority = await makeAuthority();
    good = await issue({}, authority);
  });

  const reportedOf = async (files: Partial<Texts>): Promise<string[]> => {
    const set = setOf({
      ca: authority.pem,
      crl: undefined,
      certificate: good.pem,
      key: good.key,
      ...files,
    });
    const { findings } = await checkSet(set, { now: NOW, publicAuthorities: new Set() });
    return reported(findings);
  };

  it('tells of lists of other authorities of the CA file that leave out that of a certificate', async () => {
    const other = await makeAuthority({ name: 'another authority' });
    const ca = authority.pem + other.pem;
    const lists = [await revoke(other, []), await revoke(authority, [])];
    assert.deepEqual(await reportedOf({ ca, crl: lists.join('') }), []);
    assert.deepEqual(await reportedOf({ ca, crl: lists[0] }), [
      'error r1.pem: crl.pem contains no CRL of its CA (CN=the authority)',
    ]);
  });

  it('tells of two authorities of one name that nothing tells apart', async () => {
    const ca = authority.pem + (await makeAuthority()).pem;
    const said =
      'it does not identify which of the CAs named CN=the authority has signed it: it needs an authority key identifier, or the CAs need different names';
    const crl = await revoke(authority, []);
    assert.deepEqual(await reportedOf({ ca, crl }), [
      `error crl.pem: ${said}`,
      `error r1.pem: ${said}`,
    ]);
    const { AuthorityKeyIdentifierExtension } = await import('@peculiar/x509');
    const key = await AuthorityKeyIdentifierExtension.create(authority.keys.publicKey);
    const named = await issue({ more: [key] }, authority);
    const files = { ca, certificate: named.pem, key: named.key };
    assert.deepEqual(await reportedOf(files), []);
  });
});
