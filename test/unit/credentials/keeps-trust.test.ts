import assert from 'node:assert/strict';
import { readCib } from '../../../src/pacemaker/cib/cib.ts';
import { certificateVariables, type DesiredX509 } from '../../../src/credentials/certificates.ts';
import type { ClusterNodeFacts, Facts, HostFacts } from '../../../src/model/facts.ts';
import { keepsTrust, notYetUsing } from '../../../src/credentials/keeps-trust.ts';
import { issue, makeAuthority, type Issued } from '../../support/pki.ts';
import { hostFacts } from '../../support/specs.ts';

const CIB = readCib(`<cib admin_epoch="0" epoch="7" num_updates="1" have-quorum="1" dc-uuid="1">
  <configuration><crm_config/><nodes><node id="1" uname="c1"/><node id="2" uname="c2"/></nodes><resources>
  <primitive id="r1" class="ocf" provider="pacemaker" type="remote"/>
  <primitive id="r2" class="ocf" provider="pacemaker" type="remote"/>
  </resources><constraints/></configuration><status/></cib>`);

const NAMES = ['c1', 'c2', 'r1', 'r2'];

/** What an end has: CA files and certificates are named by the authorities that they hold, or are of. */
interface Has {
  readonly ca: 'old' | 'new' | 'both';
  readonly of: 'old' | 'new';
  /** Its daemon has read neither of them, or all but the CA file. */
  readonly unread?: 'all' | 'ca';
}

describe('who accepts whom while an authority is replaced', () => {
  const authorities = new Map<'old' | 'new', Issued>();
  const certificates = new Map<string, string>();

  before(async () => {
    // Of the same name, so that it is the signature that counts.
    for (const which of ['old', 'new'] as const) {
      const authority = await makeAuthority();
      authorities.set(which, authority);
      for (const name of NAMES)
        certificates.set(`${name} ${which}`, (await issue({ name }, authority)).pem);
    }
  });

  const authority = (which: 'old' | 'new'): string => authorities.get(which)?.pem ?? '';
  const caOf = ({ ca }: Has): string =>
    ca === 'both' ? authority('old') + authority('new') : authority(ca);

  /** Digests are the texts' own names here: `keepsTrust` only compares them. */
  const file = (pem: string) => ({ path: '', description: '', digest: pem, pem });
  const onHost = (pem: string, modifiedAt: number) => ({
    digest: pem,
    owner: 'root',
    group: 'haclient',
    mode: '640',
    modifiedAt,
    pem,
  });

  const host = (name: string, has: Has | undefined): HostFacts =>
    hostFacts(name, {
      units: {
        'pacemaker_remote.service': {
          loadState: 'loaded',
          activeState: 'active',
          unitFileState: 'enabled',
          startedAt: 5,
        },
      },
      certificates:
        has === undefined
          ? {}
          : {
              ca: onHost(caOf(has), has.unread === undefined ? 1 : 9),
              certificate: onHost(
                certificates.get(`${name} ${has.of}`) ?? '',
                has.unread === 'all' ? 9 : 1,
              ),
            },
    });

  const factsOf = (now: Readonly<Record<string, Has | undefined>>): Facts => {
    const some = (names: readonly string[]): ReadonlyMap<string, HostFacts> =>
      new Map(names.filter((name) => name in now).map((name) => [name, host(name, now[name])]));
    return {
      clusterNodes: some(['c1', 'c2']) as ReadonlyMap<string, ClusterNodeFacts>,
      remoteNodes: some(['r1', 'r2']),
      guestNodes: new Map(),
    } as unknown as Facts;
  };

  /** The inventory calls the first cluster node otherwise than the cluster does. */
  const calledOtherwise = (name: string, { clusterNodes, ...facts }: Facts): Facts => ({
    ...facts,
    clusterNodes: new Map(
      [...clusterNodes.values()].map((host) => {
        const called = host.name === 'c1' ? name : host.name;
        return [called, { ...host, name: called, uname: host.name }];
      }),
    ),
  });

  const judged = (
    now: Readonly<Record<string, Has | undefined>>,
    desired: Has | DesiredX509,
  ): boolean => keepsTrust(factsOf(now), CIB, 'nodes' in desired ? desired : wantedX509(desired));

  const wantedX509 = (has: Has): DesiredX509 => ({
    nodes: new Map(
      NAMES.map((name) => [
        name,
        {
          files: {
            ca: file(caOf(has)),
            certificate: file(certificates.get(`${name} ${has.of}`) ?? ''),
          },
          variables: certificateVariables(false),
        },
      ]),
    ),
    removesAuthkey: false,
    validity: { now: new Date(0), from: new Date(0), until: new Date(1) },
    notes: [],
    expiring: [],
    ends: new Map(),
  });

  const all = (has: Has): Record<string, Has> =>
    Object.fromEntries(NAMES.map((name) => [name, has]));

  const START: Has = { ca: 'old', of: 'old' };
  const BUNDLE: Has = { ca: 'both', of: 'old' };
  const ISSUED: Has = { ca: 'both', of: 'new' };
  const END: Has = { ca: 'new', of: 'new' };

  for (const [what, from, to] of [
    ['a second authority comes beside the first', START, BUNDLE],
    ['certificates of the second take the place of those of the first', BUNDLE, ISSUED],
    ['the first authority goes', ISSUED, END],
    ['the second comes first', END, ISSUED],
  ] as const) {
    it(`is everybody where ${what}, however far it has come`, () => {
      for (let done = 0; done < 2 ** NAMES.length; done += 1) {
        const hasIt = (index: number): boolean => Math.floor(done / 2 ** index) % 2 === 1;
        const now = NAMES.map((name, index) => [name, hasIt(index) ? to : from] as const);
        assert.equal(judged(Object.fromEntries(now), to), true);
      }
    });
  }

  for (const [what, from, to] of [
    ['two steps are taken at once', START, ISSUED],
    ['the first authority goes too early', BUNDLE, END],
    ['there is no step in between', START, END],
  ] as const) {
    it(`is not everybody where ${what}`, () => {
      assert.equal(judged(all(from), to), false);
      assert.equal(judged({ ...all(to), r2: from }, to), false);
    });
  }

  it('is not known of what nobody can read', () => {
    assert.equal(judged({ ...all(START), r1: undefined }, BUNDLE), true, 'it gets the file anew');
    const nonsense = { ...wantedX509(BUNDLE) };
    const files = { ca: file('nonsense'), certificate: file('nonsense') };
    const broken = new Map([...nonsense.nodes].map(([name, one]) => [name, { ...one, files }]));
    assert.equal(judged(all(START), { ...nonsense, nodes: broken }), false);
  });

  it('is everybody for certificates that the authority has still to make', () => {
    const pending = (issuer: string): DesiredX509 => {
      const desired = wantedX509(BUNDLE);
      const certificate = { path: '', description: '', digest: undefined, issuer };
      return {
        ...desired,
        nodes: new Map(
          [...desired.nodes].map(([name, one]) => [
            name,
            { ...one, files: { ...one.files, certificate } },
          ]),
        ),
      };
    };
    assert.equal(judged(all(START), pending(authority('old'))), true);
    assert.equal(judged(all(START), pending(authority('new'))), false);
    assert.equal(judged(all(BUNDLE), pending(authority('new'))), true);
  });

  for (const gone of ['c2', 'r2']) {
    it(`are those too that gave no answer (${gone}), as long as nothing is taken from them`, () => {
      const without = (has: Has): Record<string, Has> =>
        Object.fromEntries(NAMES.filter((name) => name !== gone).map((name) => [name, has]));
      assert.equal(judged(without(START), START), true);
      assert.equal(judged(without(START), BUNDLE), true);
      assert.equal(judged(without(BUNDLE), ISSUED), false, 'does it have both?');
      assert.equal(judged(without(ISSUED), END), false, 'does it have a new certificate?');
      assert.equal(judged({ ...without(BUNDLE), r1: ISSUED }, ISSUED), true, 'it was asked before');
    });
  }

  it('is what a daemon has read, which may be older than its files', () => {
    const unread = (has: Has, what: 'all' | 'ca') => ({
      ...all(has),
      r1: { ...has, unread: what },
    });
    for (const step of [START, BUNDLE, ISSUED, END])
      for (const what of ['all', 'ca'] as const)
        assert.equal(judged(unread(step, what), step), true, 'it is restarted, and that is all');
    assert.equal(judged(unread(BUNDLE, 'ca'), ISSUED), false, 'it may know the first one only');
    assert.equal(
      judged(unread(ISSUED, 'all'), END),
      false,
      'it may show the certificate of the first',
    );
    const last = { ...all(ISSUED), r1: { ...END, unread: 'ca' as const } };
    assert.equal(judged(last, END), true, 'it shows what the others accept');
  });

  it('is everybody also where the inventory calls a cluster node otherwise', () => {
    const called = 'C1.example';
    const desired = wantedX509(BUNDLE);
    const [, of] = [...desired.nodes].find(([name]) => name === 'c1') ?? assert.fail();
    const nodes = new Map([...desired.nodes].filter(([name]) => name !== 'c1')).set(called, of);
    const facts = calledOtherwise(called, factsOf(all(BUNDLE)));
    assert.equal(
      keepsTrust(calledOtherwise(called, factsOf(all(START))), CIB, { ...desired, nodes }),
      true,
    );
    assert.deepEqual(notYetUsing(facts, CIB, { ...desired, nodes }), []);
    assert.deepEqual(
      notYetUsing(calledOtherwise(called, factsOf(all(START))), CIB, { ...desired, nodes }),
      NAMES,
    );
  });

  it('waits for whoever has not taken a step, or may not have', () => {
    const late = (now: Readonly<Record<string, Has | undefined>>): readonly string[] =>
      notYetUsing(factsOf(now), CIB, wantedX509(BUNDLE));
    assert.deepEqual(late(all(BUNDLE)), []);
    const [c1, r2] = [BUNDLE, BUNDLE];
    assert.deepEqual(late({ c1, r1: START, r2 }), ['c2', 'r1']);
    assert.deepEqual(late({ ...all(BUNDLE), r2: { ...BUNDLE, unread: 'ca' } }), ['r2']);
    assert.deepEqual(late({ ...all(BUNDLE), r2: ISSUED, r1: undefined }), ['r1', 'r2']);
    const reads = { ...BUNDLE, unread: 'ca' } as const;
    assert.deepEqual(late({ ...all(BUNDLE), c1: reads }), [], 'it reads them for each connection');
  });
});
