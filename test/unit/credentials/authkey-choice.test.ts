import assert from 'node:assert/strict';
import {
  chooseAuthkey,
  type AuthkeyCircumstances,
} from '../../../src/credentials/authkey-choice.ts';
import type { Facts } from '../../../src/model/facts.ts';
import { hostFacts } from '../../support/specs.ts';
import { Secret } from '../../../src/support/secret.ts';

type Digests = Readonly<Record<string, string | undefined>>;

const withKey = (name: string, digest: string | undefined) =>
  hostFacts(name, { authkey: { digest, path: `/keys/${name}` } });

const factsWith = (members: Digests, remotes: Digests = {}): Facts => ({
  clusterNodes: new Map(
    Object.entries(members).map(([name, digest]) => [
      name,
      {
        ...withKey(name, digest),
        uname: undefined,
        membership: undefined,
        routes: [],
        fencers: new Map(),
      },
    ]),
  ),
  remoteNodes: new Map(
    Object.entries(remotes).map(([name, digest]) => [name, withKey(name, digest)]),
  ),
  guestNodes: new Map(),
  vms: new Map(),
  unreachable: new Map(),
  servers: new Map(),
  cluster: undefined,
});

const differ = (...subjects: string[]) => [{ code: 'cluster-keys-differ', subjects }];

const replaced = (...subjects: string[]) => [{ code: 'authkey-replaced', subjects }];

/** Connections use it, and nothing else decides. */
const given = (more: Partial<AuthkeyCircumstances> = {}): AuthkeyCircumstances => ({
  isInUse: true,
  key: undefined,
  isUnfinished: false,
  rotates: false,
  ...more,
});

describe('the authkey of a cluster', () => {
  it('is the one its nodes agree on, whatever the other hosts hold', () => {
    const facts = factsWith({ c1: 'a', c2: 'a' }, { r1: 'b', r2: 'b', r3: 'b' });
    assert.deepEqual(chooseAuthkey(facts, given()), {
      source: { kind: 'clusterNode', name: 'c1', path: '/keys/c1' },
      digest: 'a',
      description: 'matches the cluster',
      risks: [],
    });
  });

  it('is that of the only one that has one: giving it to the others is no risk', () => {
    const choice = chooseAuthkey(factsWith({ c1: undefined, c2: 'a' }), given());
    assert.deepEqual(
      [choice.digest, choice.description, choice.risks],
      ['a', 'matches the cluster', []],
    );
  });

  it('is that of the first among equals, for free while no connection exists', () => {
    const choice = chooseAuthkey(factsWith({ c1: 'a', c2: 'b' }), given({ isInUse: false }));
    assert.deepEqual([choice.digest, choice.description, choice.risks], ['a', 'matches c1', []]);
  });

  it('is the one that most machines hold, and a risk while connections exist', () => {
    const byMembers = chooseAuthkey(factsWith({ c1: 'a', c2: 'b', c3: 'b' }), given());
    assert.deepEqual([byMembers.digest, byMembers.risks], ['b', differ('c1')]);
    const byRemotes = factsWith(
      { c1: 'a', c2: 'b' },
      { r1: 'b', r2: 'b', r3: 'c', r4: 'c', r5: 'c' },
    );
    assert.deepEqual(chooseAuthkey(byRemotes, given()).risks, differ('c1'));
    assert.deepEqual(chooseAuthkey(byRemotes, given()).source, {
      kind: 'clusterNode',
      name: 'c2',
      path: '/keys/c2',
    });
  });

  it('is made when no cluster node has one: a risk for every node while connections exist', () => {
    const facts = factsWith({ c1: undefined, c2: undefined }, { r1: 'a' });
    assert.deepEqual(chooseAuthkey(facts, given({ isInUse: false })), {
      source: { kind: 'generate' },
      digest: undefined,
      description: 'new key',
      risks: [],
    });
    assert.deepEqual(chooseAuthkey(facts, given()).risks, replaced('c1', 'c2'));
  });

  it('is the one of the inventory if it names one, and a risk where the cluster holds another', () => {
    const key = { key: new Secret(Buffer.from('mine')), digest: 'm' };
    const choice = chooseAuthkey(factsWith({ c1: 'a', c2: 'm', c3: undefined }), given({ key }));
    assert.deepEqual(choice, {
      source: { kind: 'inventory', key: key.key },
      digest: 'm',
      description: 'matches the inventory',
      risks: replaced('c1'),
    });
    assert.deepEqual(
      chooseAuthkey(factsWith({ c1: 'a' }), given({ isInUse: false, key })).risks,
      [],
    );
  });

  it('is a new one when that is wanted, whatever there is', () => {
    const choice = chooseAuthkey(factsWith({ c1: 'a', c2: 'a' }), given({ rotates: true }));
    assert.deepEqual([choice.source, choice.risks], [{ kind: 'generate' }, replaced('c1', 'c2')]);
  });

  it('is the one that was written last where a run has not finished, by one clock for all', () => {
    const facts = factsWith({ c1: 'a', c2: 'b', c3: 'a' });
    const written = (name: string, modifiedAt: number, clockAhead = 0): void => {
      const host = facts.clusterNodes.get(name) ?? assert.fail(name);
      const authkey = { ...host.authkey, modifiedAt };
      (facts.clusterNodes as Map<string, typeof host>).set(name, { ...host, authkey, clockAhead });
    };
    written('c1', 100);
    written('c2', 200);
    written('c3', 290, 100);
    const reported = [false, true].map((rotates) => {
      const { digest, isEarlier } = chooseAuthkey(facts, given({ isUnfinished: true, rotates }));
      return [digest, isEarlier];
    });
    assert.deepEqual(reported, [
      ['b', undefined],
      ['b', true],
    ]);
  });

  it('needs no word for what a change of credentials has left, and for what others have', () => {
    const facts = factsWith({ c1: 'a', c2: 'b' });
    const left = { isUnfinished: true, isSurelyOurs: true };
    assert.deepEqual(chooseAuthkey(facts, given(left)).risks, []);
    assert.deepEqual(chooseAuthkey(facts, given({ isUnfinished: true })).risks, differ('c2'));
    assert.deepEqual(chooseAuthkey(facts, given({ isSurelyOurs: true })).risks, differ('c2'));
  });

  it('is a new one when that is wanted and the cluster nodes agree, whatever a run has left', () => {
    const choice = chooseAuthkey(
      factsWith({ c1: 'a', c2: 'a', c3: undefined }, { r1: 'b' }),
      given({ isUnfinished: true, rotates: true }),
    );
    assert.deepEqual([choice.source, choice.isEarlier], [{ kind: 'generate' }, undefined]);
  });
});
