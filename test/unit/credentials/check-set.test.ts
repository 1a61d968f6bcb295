import 'reflect-metadata';
import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { checkSet } from '../../../src/credentials/x509/checks/check-set.ts';
import { setOf, reported, type Texts } from '../../support/certificate-sets.ts';
import {
  DAY_MS,
  inDays,
  issue,
  makeAuthority,
  NOW,
  revoke,
  type Issued,
  type Made,
} from '../../support/pki.ts';

describe('a set of certificates', () => {
  let authority: Issued;
  let good: Issued;

  before(async () => {
    authority = await makeAuthority();
    good = await issue({}, authority);
  });

  const check = async (
    files: Partial<Texts> = {},
    publicAuthorities: ReadonlySet<string> = new Set(),
    warnBeforeMs?: number,
  ) => {
    const { ca = authority.pem, crl, certificate = good.pem, key = good.key } = files;
    return checkSet(setOf({ ca, crl, certificate, key }), {
      now: NOW,
      publicAuthorities,
      warnBeforeMs,
    });
  };

  /** What is told of a certificate of the good authority that differs in this. */
  const reportedOf = async (made: Made): Promise<string[]> => {
    const { pem, key } = await issue(made, authority);
    return reported((await check({ certificate: pem, key })).findings);
  };

  it('that is good is found good, and says who it is', async () => {
    const crl = await revoke(authority, []);
    const { findings, nodes, ca } = await check({ crl });
    assert.deepEqual(reported(findings), []);
    const { subject, fingerprint, notAfter } = nodes.get('r1') ?? {};
    assert.equal(subject, 'CN=node');
    assert.match(fingerprint ?? '', /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    assert.deepEqual(notAfter, inDays(365));
    assert.deepEqual(
      ca.map((one) => one.subject),
      ['CN=the authority'],
    );
  });

  const BAD: readonly (readonly [what: string, made: Made, said: string])[] = [
    [
      'expired',
      { notBefore: inDays(-9), notAfter: inDays(-2) },
      'error r1.pem: CN=node expired on 2030-05-30',
    ],
    [
      'not valid yet',
      { notBefore: inDays(2) },
      'error r1.pem: CN=node is not valid before 2030-06-03',
    ],
    [
      'about to expire',
      { notAfter: inDays(12.5) },
      'warning r1.pem: CN=node expires in 12 days, on 2030-06-14',
    ],
    [
      'about to expire tomorrow',
      { notAfter: inDays(1.5) },
      'warning r1.pem: CN=node expires in 36 h, on 2030-06-03',
    ],
    [
      'not for TLS',
      { usages: x509.KeyUsageFlags.keyEncipherment },
      'error r1.pem: it cannot be used for TLS (key usage without digitalSignature)',
    ],
    [
      'for servers only',
      { purposes: [x509.ExtendedKeyUsage.serverAuth] },
      'warning r1.pem: its extended key usage lacks clientAuth: Pacemaker 3.0.0 does not check it, other versions may',
    ],
    [
      'with a short key',
      { algorithm: 'rsa1024' },
      'error r1.pem: its RSA key has 1024 bits: at least 2048',
    ],
    [
      'signed with SHA-1',
      { hash: 'SHA-1' },
      'error r1.pem: CN=node is signed with SHA-1, which is no longer accepted',
    ],
    [
      'with an unknown critical extension',
      { more: [new x509.Extension('1.2.3.4.5', true, new Uint8Array([5, 0]))] },
      'error r1.pem: it has a critical extension that GnuTLS does not support (1.2.3.4.5)',
    ],
  ];

  for (const [what, made, said] of BAD) {
    it(`tells of a certificate that is ${what}`, async () => {
      assert.deepEqual(await reportedOf(made), [said]);
    });
  }

  it('tells of a certificate of another authority, be it of the same name', async () => {
    const other = await makeAuthority();
    const { pem, key } = await issue({}, other);
    assert.deepEqual(reported((await check({ certificate: pem, key })).findings), [
      'error r1.pem: it is not issued by a CA of ca.pem (its issuer is CN=the authority)',
    ]);
  });

  it('takes a chain over an authority in the certificate file, and warns of it', async () => {
    const below = await issue({ name: 'below', isAuthority: true }, authority);
    const { pem, key } = await issue({}, below);
    assert.match(
      reported((await check({ certificate: pem, key })).findings).join('\n'),
      /^error r1.pem: it is not issued by a CA of ca.pem \(its issuer is CN=below\)$/,
    );
    const { findings } = await check({ certificate: pem + below.pem, key });
    assert.deepEqual(
      findings.map(({ severity, path }) => [severity, path]),
      [['warning', 'ca.pem']],
    );
  });

  it('tells of an authority below it whose signature is not accepted', async () => {
    const below = await issue({ name: 'below', isAuthority: true, hash: 'SHA-1' }, authority);
    const { pem, key } = await issue({}, below);
    const said = reported((await check({ certificate: pem + below.pem, key })).findings);
    assert.equal(
      said[0],
      'error r1.pem: CN=below is signed with SHA-1, which is no longer accepted',
    );
  });

  it('does not take a certificate that is no authority for one', async () => {
    const { pem, key } = await issue({}, good);
    const said = reported((await check({ certificate: pem + good.pem, key })).findings);
    assert.ok(
      said.includes('error r1.pem: it is not issued by a CA of ca.pem (its issuer is CN=node)'),
      said.join('\n'),
    );
  });

  it('tells of an authority that may not sign, is none, or has expired', async () => {
    const noSign = await makeAuthority({ usages: x509.KeyUsageFlags.digitalSignature });
    const none = await issue({ name: 'none' });
    const old = await makeAuthority({ notBefore: inDays(-9), notAfter: inDays(-2) });
    for (const [made, said] of [
      [
        noSign,
        /CN=the authority is not allowed to sign certificates \(key usage without keyCertSign\)/,
      ],
      [none, /CN=none is not a CA certificate \(CA:TRUE\)/],
      [old, /CN=the authority expired on 2030-05-30/],
    ] as const) {
      const { pem, key } = await issue({}, made);
      const { findings } = await check({ ca: made.pem, certificate: pem, key });
      assert.match(reported(findings).join('\n'), said);
    }
  });

  it('warns of an authority that issues to everybody', async () => {
    const fingerprint = (await check()).ca[0]?.fingerprint ?? '';
    const { findings } = await check({}, new Set([fingerprint]));
    assert.match(reported(findings).join('\n'), /^warning ca.pem: CN=the authority is a public CA/);
  });

  it('warns of the authority of an organisation: below another one, with policies and places of lists', async () => {
    const {
      AuthorityInfoAccessExtension,
      CertificatePolicyExtension,
      CRLDistributionPointsExtension,
      Extension,
    } = await import('@peculiar/x509');
    const root = await makeAuthority({ name: 'Example Corp Root CA G2' });
    // As issuing authorities of companies have them; permitted: DNS names below example.com.
    const constraints = new Extension(
      '2.5.29.30',
      true,
      Buffer.from('3012a010300e820c6578616d706c652e636f6d2e', 'hex'),
    );
    const more = [
      new CRLDistributionPointsExtension(['http://pki.example.com/issuing3.crl']),
      new AuthorityInfoAccessExtension({ ocsp: 'http://ocsp.example.com' }),
      new CertificatePolicyExtension(['1.3.6.1.4.1.99999.1.2']),
    ];
    const issuing = await issue(
      { name: 'Example Corp Issuing CA 3', isAuthority: true, more: [...more, constraints] },
      root,
    );
    const leaf = await issue({}, issuing);
    const said = (name: string): string =>
      `warning ca.pem: CN=${name} looks like the CA of an organization: anyone with a certificate of it is a full peer of the cluster; use a CA for this cluster only`;
    for (const ca of [issuing.pem, issuing.pem + root.pem]) {
      const files = { ca, certificate: leaf.pem, key: leaf.key };
      assert.deepEqual(reported((await check(files)).findings), [
        said('Example Corp Issuing CA 3'),
      ]);
    }
    const only = await makeAuthority({ name: 'Corp', more: more.slice(0, 1) });
    const own = await issue({}, only);
    const files = { ca: only.pem, certificate: own.pem, key: own.key };
    assert.deepEqual(reported((await check(files)).findings), [said('Corp')]);
  });

  it('tells of the key of another certificate, without showing it', async () => {
    const { key } = await issue({}, authority);
    assert.deepEqual(reported((await check({ key })).findings), [
      'error r1.key: it is not the key of r1.pem',
    ]);
  });

  it('tells of encrypted keys in both forms', async () => {
    const encrypted = createPrivateKey(good.key).export({
      type: 'pkcs8',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase: 'x',
    });
    const old = createPrivateKey(good.key).export({
      type: 'sec1',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase: 'x',
    });
    for (const key of [encrypted, old]) {
      assert.deepEqual(reported((await check({ key: String(key) })).findings), [
        'error r1.key: its key is encrypted: Pacemaker reads unencrypted keys only',
      ]);
    }
  });

  it('tells of files that are cut off, are something else, or are damaged', async () => {
    const cut = good.pem.slice(0, 200);
    const damaged = good.pem.replace(/\n[A-Za-z0-9+/]{4}/, '\n\u0000\u0000\u0000\u0000');
    const cases: readonly (readonly [Partial<Texts>, string])[] = [
      [{ certificate: cut }, 'error r1.pem: it is truncated: a PEM block has no end'],
      [{ certificate: '' }, 'error r1.pem: it is not in PEM format'],
      [
        { certificate: good.key },
        'error r1.pem: it contains a private key: keep the key in a separate file',
      ],
      [{ certificate: damaged }, 'error r1.pem: its CERTIFICATE block is damaged'],
      [{ key: good.pem }, 'error r1.key: it contains no private key'],
      [{ key: good.key + good.key }, 'error r1.key: it contains more than one private key'],
      [
        { ca: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n' },
        'error ca.pem: its certificate cannot be parsed',
      ],
      [{ crl: good.pem }, 'error crl.pem: it contains no CRL (X509 CRL)'],
    ];
    for (const [files, said] of cases) {
      const found = reported((await check(files)).findings);
      assert.ok(
        found.some((line) => line.startsWith(said)),
        `${said}\nnot in\n${found.join('\n')}`,
      );
    }
  });

  it('tells of a certificate that is revoked, and of no other', async () => {
    const other = await issue({}, authority);
    const crl = await revoke(authority, [other]);
    assert.deepEqual(reported((await check({ crl })).findings), []);
    const { findings } = await check({ crl, certificate: other.pem, key: other.key });
    assert.deepEqual(reported(findings), ['error r1.pem: it is revoked by crl.pem']);
  });

  it('tells of an authority below that of the CA file which is revoked, where the chain needs it', async () => {
    const below = await issue({ name: 'below', isAuthority: true }, authority);
    const leaf = await issue({}, below);
    const crl = (await revoke(authority, [below])) + (await revoke(below, []));
    const chain = { crl, certificate: leaf.pem + below.pem, key: leaf.key };
    const said = reported((await check(chain)).findings).filter((line) => line.startsWith('error'));
    assert.deepEqual(said, ['error r1.pem: CN=below is revoked by crl.pem']);
    const useless = { crl: await revoke(authority, [below]), certificate: good.pem + below.pem };
    const other = reported((await check(useless)).findings);
    assert.deepEqual(
      other.filter((line) => line.startsWith('error')),
      [],
    );
  });

  it('tells of a revocation list that somebody else signed in the name of the authority', async () => {
    const crl = await revoke(await makeAuthority(), [good]);
    assert.match(
      reported((await check({ crl })).findings).join('\n'),
      /^error crl.pem: it is not signed by a CA of the CA file[^\n]*$/,
    );
  });

  const FRESHNESS: readonly (readonly [number, number, readonly string[]])[] = [
    [-1, 30, []],
    [-1, 5.5, ['warning crl.pem: its CRL expires in 5 days, on 2030-06-07']],
    [-1, 0.5, ['error crl.pem: its CRL expires in 12 h: get a new one from the CA']],
    [-9, -1, ['error crl.pem: its CRL expired on 2030-05-31: get a new one from the CA']],
    [1, 30, ['error crl.pem: its CRL is not valid before 2030-06-02']],
  ];

  it('warns as long before the end as the inventory says', async () => {
    const { pem, key } = await issue({ notAfter: inDays(50) }, authority);
    const crl = await revoke(authority, [], { until: inDays(40.5) });
    const files = { certificate: pem, key, crl };
    assert.deepEqual(reported((await check(files)).findings), []);
    const { findings } = await check(files, new Set(), 60 * DAY_MS);
    assert.deepEqual(reported(findings), [
      'warning crl.pem: its CRL expires in 40 days, on 2030-07-12',
      'warning r1.pem: CN=node expires in 50 days, on 2030-07-21',
    ]);
  });

  for (const [from, until, said] of FRESHNESS) {
    it(`judges a revocation list from day ${from} to day ${until}`, async () => {
      const crl = await revoke(authority, [], { from: inDays(from), until: inDays(until) });
      assert.deepEqual(reported((await check({ crl })).findings), said);
    });
  }
});
