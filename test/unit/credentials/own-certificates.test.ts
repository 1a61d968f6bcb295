import assert from 'node:assert/strict';
import { judgeOwnCertificates } from '../../../src/credential-sources/own-certificates.ts';
import type { ClusterNodeFacts, Facts, OwnCertificateFacts } from '../../../src/model/facts.ts';
import { ownCertificates, ownFile } from '../../support/own-certificates.ts';
import { inDays, issue, makeAuthority, NOW, revoke, type Issued } from '../../support/pki.ts';
import { hostFacts } from '../../support/specs.ts';

type Hosts = Readonly<Record<string, OwnCertificateFacts>>;

const SPEC = {
  kind: 'on-hosts',
  onHosts: { ca: '', certificate: '', key: '', crl: undefined },
  warnBeforeMs: undefined,
  removesAuthkey: false,
} as const;

/** c1, c2 ... are cluster nodes, everybody else is a remote node. */
function factsOf(hosts: Hosts): Facts {
  const clusterNodes = new Map<string, ClusterNodeFacts>();
  const remoteNodes = new Map<string, ReturnType<typeof hostFacts>>();
  for (const [name, own] of Object.entries(hosts)) {
    const host = hostFacts(name, { ownCertificates: own });
    if (!name.startsWith('c')) remoteNodes.set(name, host);
    else {
      const more = { uname: name, membership: undefined, routes: [], fencers: new Map() };
      clusterNodes.set(name, { ...host, ...more });
    }
  }
  return {
    clusterNodes,
    remoteNodes,
    guestNodes: new Map(),
    unreachable: new Map(),
    servers: new Map(),
    vms: new Map(),
    cluster: undefined,
  };
}

const judge = async (hosts: Hosts) =>
  (await judgeOwnCertificates(SPEC, factsOf(hosts), NOW)).desired;

/** What is said against each host. */
const faultsOf = async (hosts: Hosts): Promise<Record<string, string>> =>
  Object.fromEntries(
    [...((await judge(hosts)).faults ?? [])].map(([host, { code, message }]) => [
      host,
      `${code}: ${message}`,
    ]),
  );

describe('certificates that hosts have already', () => {
  let authority: Issued;
  let c1: Issued;
  let r1: Issued;

  before(async () => {
    authority = await makeAuthority();
    c1 = await issue({ name: 'c1' }, authority);
    r1 = await issue({ name: 'r1', notAfter: inDays(90) }, authority);
  });

  it('are wanted as they are: by their paths, their digests and the public half of the key', async () => {
    const hosts = { c1: ownCertificates(c1, authority), r1: ownCertificates(r1, authority) };
    const { nodes, faults, notes, validity } = await judge(hosts);
    assert.deepEqual([faults, notes], [new Map(), []]);
    assert.deepEqual(nodes.get('r1')?.variables, {
      PCMK_ca_file: '/etc/pki/ca.pem',
      PCMK_cert_file: '/etc/pki/host.pem',
      PCMK_key_file: '/etc/pki/host.key',
      PCMK_crl_file: '',
    });
    const { key, certificate } = nodes.get('r1')?.files ?? {};
    assert.deepEqual([key?.path, key?.digest], ['/etc/pki/host.key', hosts.r1.files.key?.digest]);
    assert.match(certificate?.description ?? '', /^CN=r1, until 2030-08-30, sha256 /);
    assert.deepEqual([validity.from, validity.until], [inDays(-1), inDays(90)]);
  });

  it('stand in the way of their own host only', async () => {
    const old = await issue({ name: 'r2', notBefore: inDays(-9), notAfter: inDays(-2) }, authority);
    const hosts = {
      c1: ownCertificates(c1, authority),
      r1: ownCertificates(r1, authority),
      r2: ownCertificates(old, authority),
    };
    assert.deepEqual(await faultsOf(hosts), {
      r2: 'CERTIFICATE_UNUSABLE: its certificates cannot be used: /etc/pki/host.pem: CN=r2 expired on 2030-05-30',
    });
    assert.deepEqual((await judge(hosts)).validity.until, inDays(90), 'the expired one counts not');
  });

  it('have to be those of their keys, of one unencrypted key each', async () => {
    const reported = ownCertificates(r1, authority);
    const other = ownCertificates(c1, authority);
    const cases: readonly (readonly [Partial<OwnCertificateFacts>, RegExp])[] = [
      [
        { files: { ...reported.files, key: other.files.key } as never },
        /it is not the key of r1:\/etc\/pki\/host\.pem/,
      ],
      [{ key: { count: 1, isEncrypted: true } }, /its key is encrypted/],
      [{ key: { count: 0, isEncrypted: false } }, /it contains no private key/],
      [{ key: { count: 2, isEncrypted: false } }, /it contains more than one private key/],
      [
        { files: { ...reported.files, key: ownFile('/etc/pki/host.key', { digest: '' }) } },
        /its private key cannot be parsed/,
      ],
      [{ hasOpenssl: false }, /openssl is not installed/],
      [
        { files: { ...reported.files, ca: ownFile('/etc/pki/ca.pem', { state: 'missing' }) } },
        /\/etc\/pki\/ca\.pem does not exist/,
      ],
      [
        { files: { ...reported.files, key: ownFile('/etc/pki/host.key', { state: 'other' }) } },
        /\/etc\/pki\/host\.key is not a regular file/,
      ],
    ];
    for (const [wrong, said] of cases) {
      const hosts = { c1: ownCertificates(c1, authority), r1: { ...reported, ...wrong } };
      const faults = await faultsOf(hosts);
      assert.deepEqual(Object.keys(faults), ['r1'], String(said));
      assert.match(faults['r1'] ?? '', said);
    }
  });

  it('are never taken from a file that holds a key as well', async () => {
    const reported = ownCertificates(r1, authority);
    const certificate = { ...ownFile('/etc/pki/host.pem'), pem: r1.pem, holdsKey: true };
    const files = { ...reported.files, certificate };
    assert.match(
      (await faultsOf({ c1: ownCertificates(c1, authority), r1: { ...reported, files } }))['r1'] ??
        '',
      /\/etc\/pki\/host\.pem: it holds a private key/,
    );
  });

  it('are accepted by every cluster node, whatever CA file that has', async () => {
    const other = await makeAuthority({ name: 'another authority' });
    const both = { ...authority, pem: authority.pem + other.pem };
    const c2 = await issue({ name: 'c2' }, authority);
    const foreign = await issue({ name: 'r2' }, other);
    const hosts = {
      c1: ownCertificates(c1, both),
      c2: ownCertificates(c2, authority),
      r1: ownCertificates(r1, authority),
      r2: ownCertificates(foreign, both),
    };
    assert.deepEqual(await faultsOf(hosts), {
      r2: 'CERTIFICATE_UNUSABLE: its certificates cannot be used: /etc/pki/host.pem: it is not issued by a CA of /etc/pki/ca.pem (its issuer is CN=another authority)',
    });
    const { c1: one, r1: two, r2: three } = hosts;
    assert.deepEqual(
      await faultsOf({ c1: one, r1: two, r2: three }),
      {},
      'remote nodes do not connect to each other',
    );
  });

  it('are left out where a remote node would reject a cluster node', async () => {
    const other = await makeAuthority({ name: 'another authority' });
    const hosts = {
      c1: ownCertificates(c1, authority),
      r1: ownCertificates(r1, other),
    };
    assert.deepEqual(await faultsOf(hosts), {
      r1: 'CERTIFICATE_UNUSABLE: its certificates cannot be used: c1:/etc/pki/host.pem: it is not issued by a CA of /etc/pki/ca.pem (its issuer is CN=the authority); /etc/pki/host.pem: it is not issued by a CA of /etc/pki/ca.pem (its issuer is CN=the authority)',
    });
  });

  it('are revoked by the list of any host that sees them', async () => {
    const crl = await revoke(authority, [r1]);
    const hosts = {
      c1: ownCertificates(c1, authority, { crl }),
      r1: ownCertificates(r1, authority),
    };
    assert.match((await faultsOf(hosts))['r1'] ?? '', /it is revoked by \/etc\/pki\/crl\.pem/);
    const lapsed = await revoke(authority, [], { from: inDays(-9), until: inDays(-1) });
    assert.deepEqual(
      Object.keys(
        await faultsOf({ ...hosts, c1: ownCertificates(c1, authority, { crl: lapsed }) }),
      ),
      ['c1'],
    );
  });

  it('say which directory stops hacluster', async () => {
    const reported = ownCertificates(r1, authority);
    const closed = { path: '/etc/ssl/private', owner: 'root', group: 'root', mode: '700' };
    const key = {
      ...reported.files.key,
      isReadable: false,
      above: [{ ...closed, isPassable: false }],
    };
    const files = { ...reported.files, key } as OwnCertificateFacts['files'];
    assert.deepEqual(
      await faultsOf({ c1: ownCertificates(c1, authority), r1: { ...reported, files } }),
      {
        r1: "CERTIFICATE_UNREADABLE: hacluster cannot search the directory /etc/ssl/private (0700 root:root), which is not Pacemaker's own",
      },
    );
  });
});
