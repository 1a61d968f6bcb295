import assert from 'node:assert/strict';
import { readCib } from '../../../src/pacemaker/cib/cib.ts';
import type { ClusterNodeFacts, Facts, HostFacts } from '../../../src/model/facts.ts';
import { refuseListedInUse, refuseRevokedInUse } from '../../../src/credentials/revoked-in-use.ts';
import { OutriggerError } from '../../../src/support/errors.ts';
import { inDays, issue, type Issued } from '../../support/pki.ts';
import { hostFacts } from '../../support/specs.ts';

const holding = (name: string, digest: string): HostFacts =>
  hostFacts(name, {
    certificates: {
      certificate: { digest, owner: 'root', group: 'haclient', mode: '640', modifiedAt: 1 },
    },
  });

const facts: Facts = {
  clusterNodes: new Map([
    [
      'c1',
      {
        ...holding('c1', 'aa'),
        uname: 'c1',
        membership: undefined,
        routes: [],
        fencers: new Map(),
      } satisfies ClusterNodeFacts,
    ],
  ]),
  remoteNodes: new Map([
    ['r1', holding('r1', 'bb')],
    ['bare', hostFacts('bare', {})],
  ]),
  guestNodes: new Map([['g1', holding('g1', 'cc')]]),
  unreachable: new Map(),
  servers: new Map(),
  vms: new Map(),
  cluster: undefined,
};

const cib = readCib(
  '<cib admin_epoch="0" epoch="1" num_updates="0"><configuration><crm_config/><nodes><node id="1" uname="c1"/></nodes><resources><primitive id="r2" class="ocf" provider="pacemaker" type="remote"/></resources></configuration><status/></cib>',
);

function refuse(
  revoked: readonly string[],
  nodes: readonly string[] = [],
  clusterNodes = facts.clusterNodes,
): void {
  const serials = new Map(revoked.map((digest) => [digest, `5${digest}`]));
  refuseRevokedInUse({ ...facts, clusterNodes }, cib, {
    pending: { revokes: { serials, nodes: new Set(nodes) } },
  });
}

const RIGHTS = { owner: 'root', group: 'haclient', mode: '640', modifiedAt: 1 };

/** A host with a certificate, that has this list. */
const showing = (name: string, { pem }: Issued, list: string): HostFacts =>
  hostFacts(name, {
    certificates: {
      certificate: { digest: name, ...RIGHTS, pem },
      crl: { digest: list, ...RIGHTS },
    },
  });

const refused = (work: () => void, said: RegExp): void => {
  assert.throws(work, (thrown: unknown) => {
    assert.ok(thrown instanceof OutriggerError && thrown.code === 'REFUSED');
    assert.match(thrown.message, said);
    return true;
  });
};

describe('a certificate that is about to be revoked', () => {
  it('is revoked when no host has it any more, or nothing is revoked', () => {
    refuse(['dd'], ['r1', 'c1', 'gone']);
    refuse([]);
    refuseRevokedInUse(facts, cib, {});
    refuseRevokedInUse(facts, cib, undefined);
  });

  it('is not revoked while hosts still have it: each is named, with its serial number', () => {
    refused(() => {
      refuse(['aa', 'bb', 'cc', 'dd']);
    }, /still in use: c1 \(5aa\), r1 \(5bb\), g1 \(5cc\)$/);
  });

  it('is not revoked while a cluster node may use it that the inventory calls otherwise', () => {
    refused(() => {
      refuse(['dd'], ['R2', 'c1.example'], new Map());
    }, /it is unknown which ones these nodes use: c1$/);
    const [[, c1] = assert.fail()] = facts.clusterNodes;
    refuse(['dd'], ['c1.example'], new Map([['c1.example', { ...c1, name: 'c1.example' }]]));
  });

  it('is not revoked while a node of the cluster may use it that nobody has asked', () => {
    refused(() => {
      refuse(['dd'], ['r2', 'gone']);
    }, /it is unknown which ones these nodes use: r2$/);
  });
});

describe('a new revocation list of another authority', () => {
  const issued: Record<string, Issued> = {};
  before(async () => {
    for (const name of ['c1', 'c2', 'r1', 'r2', 'bare'])
      issued[name] = await issue({ name, notAfter: inDays(9) });
  });
  const of = (name: string): Issued => issued[name] ?? assert.fail(name);

  const twoAndTwo = readCib(
    `<cib admin_epoch="0" epoch="1" num_updates="0"><configuration><crm_config/><nodes><node id="1" uname="c1"/><node id="2" uname="c2"/></nodes><resources>${[
      'r1',
      'r2',
      'stranger',
    ]
      .map((id) => `<primitive id="${id}" class="ocf" provider="pacemaker" type="remote"/>`)
      .join('')}</resources></configuration><status/></cib>`,
  );

  /** c1 and r1 are asked, and a host that is about to join; c2 and r2 gave no answer or were left out. */
  function notesFor(
    revoked: readonly string[],
    has: { readonly c1?: string; readonly r1?: string; readonly called?: string } = {},
  ): readonly string[] {
    const { c1 = 'old', r1 = 'old', called = 'c1' } = has;
    const asked: Facts = {
      ...facts,
      clusterNodes: new Map([
        [
          called,
          {
            ...showing(called, of('c1'), c1),
            uname: 'c1',
            membership: undefined,
            routes: [],
            fencers: new Map(),
          },
        ],
      ]),
      remoteNodes: new Map([
        ['r1', showing('r1', of('r1'), r1)],
        ['bare', showing('bare', of('bare'), r1)],
      ]),
      guestNodes: new Map(),
    };
    const crl = { path: '/crl', digest: 'new', description: 'the one of the inventory' };
    const desired = {
      nodes: new Map(
        [called, 'r1', 'bare'].map((name) => [name, { files: { crl }, variables: {} }]),
      ),
    };
    const serials = revoked.map((name) => of(name).certificate.serialNumber.toLowerCase());
    const list = {
      count: revoked.length,
      revokes: ({ serialNumber }: { readonly serialNumber: string }) =>
        serials.includes(serialNumber.toLowerCase()),
      certificateOf: (name: string) => issued[name]?.pem,
    };
    return refuseListedInUse(asked, twoAndTwo, { desired, list }, ['c1', 'c2', 'r1', 'r2', 'bare']);
  }

  it('is refused while either end of a connection has what it revokes', () => {
    refused(() => notesFor(['c1', 'r1']), /still in use: c1, r1$/);
  });

  it('is refused when the inventory says so of a node that was not asked', () => {
    refused(() => notesFor(['r2']), /still in use: r2 \(by the inventory\)$/);
    refused(() => notesFor(['c2']), /still in use: c2 \(by the inventory\)$/);
  });

  it('is refused while a cluster node has what it revokes that the inventory calls otherwise', () => {
    const called = 'C1.example';
    refused(() => notesFor(['c1'], { called }), /still in use: c1$/);
    assert.match(
      notesFor(['bare'], { called })[0] ?? '',
      /in use on c2, r2, stranger was not checked/,
    );
  });

  it('names those of whom nobody can know', () => {
    const [note = '', ...others] = notesFor(['bare']);
    assert.deepEqual(others, []);
    assert.match(note, /the certificate in use on c2, r2, stranger was not checked/);
  });

  it('concerns those alone to whom a host that gets it is connected', () => {
    assert.match(notesFor(['r1'], { c1: 'new' })[0] ?? '', /in use on c2 was not checked/);
    assert.match(
      notesFor(['c1'], { r1: 'new' })[0] ?? '',
      /in use on r2, stranger was not checked/,
    );
    assert.deepEqual(notesFor(['c1', 'r1'], { c1: 'new', r1: 'new' }), []);
  });

  it('harms nobody when it revokes nothing', () => {
    assert.deepEqual(notesFor([]), []);
  });
});
