/** A key that can be guessed is refused where it is new; a cluster that has it already can be looked at, and taken apart. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { planCluster } from '../../src/flows/plan/plan-cluster.ts';
import { OutriggerError } from '../../src/support/errors.ts';
import { changeCount } from '../../src/model/plan.ts';
import { keyWeakness } from '../../src/support/key-strength.ts';
import { Secret } from '../../src/support/secret.ts';
import { digestOf } from '../../src/credential-sources/authkey.ts';
import { apply, planOf, requestOf, useStateFolder } from '../support/apply-lab.ts';
import { FakeLab } from '../support/fake-lab.ts';
import { readReply, sectionsOf } from '../support/replies.ts';

describe('an authkey of the inventory that can be guessed', () => {
  const planWith = async (key: Buffer, isThere: boolean) => {
    const lab = new FakeLab(['h1']);
    const secret = new Secret(key);
    if (isThere)
      for (const node of ['c1', 'c2', 'h1'])
        lab.change(
          node,
          'authkey',
          `path=/etc/pacemaker/authkey\ndigest=${digestOf(secret)}\nrights=400 hacluster haclient 1`,
        );
    const request = requestOf(lab);
    const { plan, hosts } = await planCluster({
      ...request,
      spec: {
        ...request.spec,
        authentication: {
          method: 'psk',
          isStated: true,
          authkey: { kind: 'file', path: '/k', at: 'inventory.yml:1:1' },
        },
      },
      fetchSecret: () => Promise.resolve(secret),
    });
    await Promise.all([...hosts.values()].map((host) => host.close()));
    return plan;
  };

  const WEAK = ['x', 'x'.repeat(31), 'x'.repeat(4096), 'secret'.repeat(20), 'ab'.repeat(16)];
  for (const text of WEAK) {
    it(`is refused where it is new: ${text.slice(0, 12)}, ${text.length} bytes`, async () => {
      await assert.rejects(planWith(Buffer.from(text), false), (thrown) => {
        assert.ok(thrown instanceof OutriggerError);
        assert.equal(thrown.code, 'INPUT_INVALID');
        assert.match(thrown.message, /the authkey of the inventory is weak/);
        return !thrown.message.includes(text) || text.length === 1;
      });
    });

    it(`is a note where the cluster has it: ${text.slice(0, 12)}, ${text.length} bytes`, async () => {
      const { notes } = await planWith(Buffer.from(text), true);
      assert.equal(
        notes.filter((note) => /of the cluster is weak.*rotate authkey/.test(note)).length,
        1,
      );
    });
  }

  it('is none that was made by chance', async () => {
    for (const size of [32, 256, 4096]) assert.equal(keyWeakness(randomBytes(size)), undefined);
    for (let run = 0; run < 100; run += 1)
      assert.equal(keyWeakness(Buffer.from(randomBytes(16).toString('hex'))), undefined);
    const { notes } = await planWith(randomBytes(32), false);
    assert.ok(!notes.some((note) => note.includes('weak')));
  });

  it('is one that is short, whatever is in it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 31 }), (key) => keyWeakness(key) !== undefined),
    );
  });
});

describe('a cluster that runs with an authkey that can be guessed', () => {
  useStateFolder();
  const KEY = Buffer.from('x');
  const BARE = sectionsOf(
    readReply(new URL('../unit/probe/fixtures/bare-host.txt', import.meta.url)),
  );

  /** Its nodes are in, with that key. */
  async function connected(): Promise<FakeLab> {
    const stopService = (): string => {
      for (const part of ['units', 'listening']) lab.change('h1', part, BARE.get(part) ?? '');
      return '';
    };
    const lab: FakeLab = new FakeLab(['h1', 'h2'], {
      c1: { key: KEY },
      c2: { key: KEY },
      h1: { answers: { 'stop-service': stopService } },
    });
    assert.deepEqual([...(await apply(lab)).failed], []);
    for (const name of ['c1', 'c2', 'h1', 'h2']) assert.equal(lab.keyOf(name), KEY.toString('hex'));
    lab.forget();
    return lab;
  }

  it('gets another one by a rotation', async () => {
    const lab = await connected();
    const rotation = { rotates: true, allowed: ['authkey-replaced'] };
    const { failed, stopped } = await apply(lab, {
      ...rotation,
      pause: (milliseconds) => {
        lab.pass(milliseconds);
        return Promise.resolve();
      },
    });
    assert.deepEqual([[...failed], stopped], [[], undefined]);
    const keys = new Set(['c1', 'c2', 'h1', 'h2'].map((name) => lab.keyOf(name)));
    assert.equal(keys.size, 1);
    assert.ok(!keys.has(KEY.toString('hex')));
    assert.equal(changeCount((await planOf(lab)).plan), 0);
  });

  it('lets a node go, also where the inventory names that key', async () => {
    const lab = await connected();
    const { remoteNodes, ...spec } = lab.spec;
    const isBeingRemoved = ({ name }: { readonly name: string }): boolean => name === 'h1';
    Object.assign(lab, {
      spec: {
        ...spec,
        authentication: {
          method: 'psk',
          isStated: true,
          authkey: { kind: 'file', path: '/k', at: 'inventory.yml:1:1' },
        },
        remoteNodes: remoteNodes.filter((node) => !isBeingRemoved(node)),
        absent: { remoteNodes: remoteNodes.filter(isBeingRemoved), guestNodes: [] },
      },
    });
    const fetchSecret = () => Promise.resolve(new Secret(KEY));
    const planned = await planCluster({ ...requestOf(lab), fetchSecret });
    assert.ok(planned.plan.notes.some((note) => note.includes('of the cluster is weak')));
    const { failed, stopped } = await apply(lab, {
      planned,
      onEvent: (event) => {
        if (event.type === 'cib-written' && event.purpose === 'remove-stop')
          lab.reported.set('h1', {});
      },
    });
    assert.deepEqual([[...failed], stopped], [[], undefined]);
    assert.deepEqual([...lab.cib.remoteConnections.keys()], ['h2']);
  });
});
