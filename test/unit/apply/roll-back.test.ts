import assert from 'node:assert/strict';
import { credentialsInUse } from '../../../src/apply/credentials/roll-back.ts';
import { certificateVariables, NO_CERTIFICATES } from '../../../src/credentials/certificates.ts';

const OURS = certificateVariables(false);
const inOwnFiles = (host: string): Record<string, string> => ({
  ...NO_CERTIFICATES,
  PCMK_ca_file: '/etc/pki/ca.pem',
  PCMK_cert_file: `/etc/pki/${host}.pem`,
  PCMK_key_file: `/etc/pki/${host}.key`,
});

const before = (kind: 'to-certificates' | 'to-authkey', hosts: Record<string, object>) =>
  credentialsInUse(kind, new Map(Object.entries(hosts) as [string, Record<string, string>][]));

const asMap = (hosts: Record<string, object>) => new Map(Object.entries(hosts));

describe('what hosts used before a conversion', () => {
  it('is the authkey of all, whoever has certificates by now', () => {
    assert.deepEqual(
      before('to-certificates', { c1: { PCMK_debug: 'no' }, h1: OURS }),
      asMap({ c1: NO_CERTIFICATES, h1: NO_CERTIFICATES }),
    );
  });

  it('is what each host has, while no run has begun it', () => {
    const hosts = { c1: inOwnFiles('c1'), h1: inOwnFiles('h1') };
    assert.deepEqual(before('to-authkey', hosts), asMap(hosts));
  });

  it('is the same on a host that was converted already, where the files are outrigger’s', () => {
    assert.deepEqual(before('to-authkey', { c1: OURS, h1: {} }), asMap({ c1: OURS, h1: OURS }));
  });

  it('is not known of such a host where paths may be others on each', () => {
    assert.equal(before('to-authkey', { c1: inOwnFiles('c1'), h1: {} }), undefined);
  });
});
