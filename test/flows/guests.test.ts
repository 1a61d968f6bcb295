import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { loadPlaybook } from '../../src/flows/load-document.ts';
import { changeCount } from '../../src/model/plan.ts';
import { serializeXml } from '../../src/pacemaker/basics/xml.ts';
import {
  apply,
  editsOf,
  planOf,
  useStateFolder,
  verdictsOf,
  type Run,
} from '../support/apply-lab.ts';
import { FakeLab } from '../support/fake-lab.ts';
import type { HostTrouble } from '../support/host-trouble.ts';

const ALLOWED = ['guest-joins'];

const labOf = (trouble: Readonly<Record<string, HostTrouble>> = {}): FakeLab =>
  new FakeLab([], trouble, {}, ['g1', 'g2']);

const WHOLE = [
  'package: changed',
  'authkey: changed',
  'service: changed',
  'port-reachable: in-sync',
  'same-credentials: in-sync',
  'guest-node: changed',
  'node-online: in-sync',
  'node-state: changed',
];

/** Applies with what was written told, each edit with the machines that are held after it. */
async function applyTold(lab: FakeLab, run: Run = {}) {
  const edits: string[] = [];
  const applied = await apply(lab, {
    allowed: ALLOWED,
    ...run,
    onEvent: (event) => {
      if (event.type === 'cib-written')
        edits.push(`${event.purpose}: ${lab.guests.held.join() || 'none'}`);
      run.onEvent?.(event);
    },
  });
  return { ...applied, edits };
}

const isGuest = (lab: FakeLab, name: string): boolean =>
  lab.cib.guestNodes.some((guest) => guest.name === name);

const configurationOf = (lab: FakeLab): string =>
  lab.cib.root.children
    .filter(({ name }) => name === 'configuration')
    .map((part) => serializeXml(part))
    .join('');

describe('applying a plan with guest nodes', () => {
  useStateFolder();

  it('takes in a guest whose name begins with a digit, and takes it out of standby', async () => {
    const lab = new FakeLab([], {}, {}, ['1g']);
    assert.deepEqual(verdictsOf(await apply(lab, { allowed: ALLOWED }), '1g'), WHOLE);
    assert.ok(isGuest(lab, '1g'));
    assert.equal(changeCount((await planOf(lab)).plan), 0);
  });

  it('does nothing without the word for the risk', async () => {
    const lab = labOf();
    const { plan } = await planOf(lab);
    assert.deepEqual(plan.risks, [{ code: 'guest-joins', subjects: ['g1', 'g2'] }]);
    await assert.rejects(apply(lab), { code: 'REFUSED', message: /guest-joins.*\(g1, g2\)/s });
    assert.deepEqual(editsOf(lab), []);
  });

  it('brings them in one at a time whatever the batches, each machine held until it is proven', async () => {
    const lab = labOf();
    const applied = await applyTold(lab, { batch: ['100%'] });
    assert.deepEqual([...applied.failed], []);
    assert.deepEqual(applied.edits, [
      'guest-node: vm-g1',
      'node-state: none',
      'guest-node: vm-g2',
      'node-state: none',
    ]);
    for (const name of ['g1', 'g2']) assert.deepEqual(verdictsOf(applied, name), WHOLE);
    assert.deepEqual(lab.guests.recovered, []);
    lab.forget();
    const again = await planOf(lab);
    assert.equal(changeCount(again.plan), 0);
    assert.deepEqual(again.plan.inSync, ['c1', 'c2', 'g1', 'g2']);
    assert.deepEqual((await apply(lab, { planned: again })).events, []);
  });

  const UNPROVEN: readonly (readonly [string, Record<string, HostTrouble>, RegExp])[] = [
    [
      'whose daemon does not start',
      { g1: { answers: { 'start-service': () => '' } } },
      /^after the change .*state is absent, not active/,
    ],
    [
      'whose port one of the cluster nodes does not reach',
      { c2: { answers: { reach: () => 'g1 3121 closed\ng2 3121 open\n' } } },
      /^g1 port 3121 cannot be reached from c2$/,
    ],
  ];
  for (const [whose, trouble, because] of UNPROVEN) {
    it(`does not connect a guest ${whose}, and goes on with the next`, async () => {
      const lab = labOf(trouble);
      const applied = await applyTold(lab);
      assert.match(applied.failed.get('g1') ?? '', because);
      assert.deepEqual(applied.edits, ['guest-node: vm-g2', 'node-state: none']);
      assert.deepEqual([isGuest(lab, 'g1'), isGuest(lab, 'g2')], [false, true]);
    });
  }

  it('does not connect a guest whose key is another one by then', async () => {
    const lab = labOf();
    const applied = await applyTold(lab, {
      onEvent: (event) => {
        if (event.type === 'verdict' && event.host === 'g1' && event.item === 'service')
          lab.tamperKey('g1');
      },
    });
    assert.match(applied.failed.get('g1') ?? '', /does not have the cluster's authkey/);
    assert.deepEqual(applied.edits, ['guest-node: vm-g2', 'node-state: none']);
  });

  it('takes a join back that fails while the machine is held all along, and tries no other', async () => {
    const lab = labOf();
    const before = configurationOf(lab);
    lab.failing.add('g1');
    const applied = await applyTold(lab);
    assert.match(applied.failed.get('g1') ?? '', /Key was rejected.*; the join was rolled back$/);
    assert.deepEqual(applied.edits, [
      'guest-node: vm-g1',
      'undo-unmanage: vm-g1',
      'undo-remove-guest: vm-g1',
      'undo-release-vm: none',
    ]);
    const scripts = lab
      .host('c1')
      .ran.filter((script) => ['write-cib', 'cleanup', 'forget-nodes'].includes(script));
    assert.deepEqual(scripts, [
      'write-cib', // the join
      'write-cib', // the connection is unmanaged
      'cleanup',
      'write-cib', // the settings go
      'forget-nodes',
      'write-cib', // the machine is released
    ]);
    assert.deepEqual(lab.guests.recovered, [], 'the machine was disturbed');
    assert.equal(configurationOf(lab), before);
    const untried = applied.events.flatMap((event) =>
      event.type === 'verdict' && event.host === 'g2' && event.verdict.kind === 'skipped'
        ? [event.verdict.because]
        : [],
    );
    assert.equal(untried[0], 'not attempted: the connection to g1 failed');
    lab.failing.clear();
    lab.forget();
    await rm(applied.log, { recursive: true });
    assert.deepEqual([...(await apply(lab, { allowed: ALLOWED })).failed], []);
  });

  it('tells when a machine was disturbed all the same', async () => {
    const lab = labOf();
    const applied = await apply(lab, {
      allowed: ALLOWED,
      onEvent: (event) => {
        if (event.type === 'play-started' && event.play === 'Clear standby of the guest')
          lab.guests.recover('vm-g1');
      },
    });
    assert.match(applied.failed.get('g1') ?? '', /its VM was disturbed: start of vm-g1 on c1/);
  });

  describe('that was killed after it had connected one', () => {
    let lab: FakeLab;
    beforeEach(async () => {
      lab = labOf();
      const { stopped, log } = await apply(lab, {
        allowed: ALLOWED,
        onEvent: ({ type }) => {
          if (type === 'cib-written') throw new Error('killed');
        },
      });
      assert.match(String(stopped), /killed/);
      await rm(log, { recursive: true });
      lab.forget();
      assert.deepEqual(lab.guests.held, ['vm-g1']);
    });

    it('goes on there: proves, releases, and takes the next', async () => {
      const applied = await applyTold(lab);
      assert.deepEqual([...applied.failed], []);
      assert.deepEqual(applied.edits, [
        'node-state: none',
        'guest-node: vm-g2',
        'node-state: none',
      ]);
      assert.deepEqual(verdictsOf(applied, 'g1').slice(-2), [
        'node-online: in-sync',
        'node-state: changed',
      ]);
      assert.equal(changeCount((await planOf(lab)).plan), 0);
    });

    it('takes the join back when it has failed meanwhile', async () => {
      lab.failing.add('g1');
      const applied = await applyTold(lab);
      assert.match(applied.failed.get('g1') ?? '', /the join was rolled back$/);
      assert.deepEqual(
        [isGuest(lab, 'g1'), lab.guests.held, lab.guests.recovered],
        [false, [], []],
      );
    });
  });

  describe('whose connection is down while the machine runs', () => {
    let lab: FakeLab;
    beforeEach(async () => {
      lab = labOf();
      const { log } = await apply(lab, { allowed: ALLOWED });
      await rm(log, { recursive: true });
      lab.forget();
      lab.guests.dropped.add('g1');
    });

    it('is brought back with the machine held, and without a risk', async () => {
      const { plan } = await planOf(lab);
      assert.deepEqual(plan.risks, []);
      assert.deepEqual(
        plan.plays.flatMap(({ changes }) =>
          changes.flatMap(({ host, attributes }) => attributes.map(({ name }) => [host, name])),
        ),
        [['g1', 'connection']],
      );
      const applied = await applyTold(lab, { allowed: [] });
      assert.deepEqual([...applied.failed], []);
      assert.deepEqual(applied.edits, ['guest-node: vm-g1', 'node-state: none']);
      assert.deepEqual(verdictsOf(applied, 'g1'), WHOLE.slice(3));
      assert.equal(changeCount((await planOf(lab)).plan), 0);
    });

    it('stays a guest node with its machine held when that fails, and the next apply continues', async () => {
      lab.failing.add('g1');
      const applied = await applyTold(lab, { allowed: [] });
      assert.match(
        applied.failed.get('g1') ?? '',
        /Key was rejected.*; its VM vm-g1 is unmanaged until an apply completes the join$/,
      );
      assert.deepEqual(
        [isGuest(lab, 'g1'), lab.guests.held, lab.guests.recovered],
        [true, ['vm-g1'], []],
      );
      await rm(applied.log, { recursive: true });
      lab.failing.clear();
      const again = await applyTold(lab, { allowed: [] });
      assert.deepEqual([...again.failed], []);
      assert.deepEqual([lab.guests.held, lab.guests.recovered], [[], []]);
      assert.equal(changeCount((await planOf(lab)).plan), 0);
    });
  });

  it('may be proven in a play of their own, with others before they are connected one at a time', async () => {
    const file = fileURLToPath(new URL('playbooks/guests-proven-early.yml', import.meta.url));
    const { playbook, diagnostics } = loadPlaybook(file);
    assert.ok(playbook, JSON.stringify(diagnostics));
    const lab = new FakeLab(['h1'], {}, {}, ['g1', 'g2']);
    const applied = await applyTold(lab, { playbook });
    assert.deepEqual([...applied.failed], []);
    assert.deepEqual(applied.edits, [
      'connection-resource: none',
      'node-state: none',
      'guest-node: vm-g1',
      'node-state: none',
      'guest-node: vm-g2',
      'node-state: none',
    ]);
    assert.equal(changeCount((await planOf(lab)).plan), 0);
  });

  it('leaves a guest alone whose machine the cluster has stopped', async () => {
    const lab = labOf();
    await apply(lab, { allowed: ALLOWED });
    lab.forget();
    lab.guests.stopped.add('vm-g2');
    const { plan } = await planOf(lab);
    assert.equal(changeCount(plan), 0);
    assert.deepEqual(plan.problems, []);
    assert.deepEqual(plan.inSync, ['c1', 'c2', 'g1']);
    assert.deepEqual(
      plan.stoppedGuests.map(({ host, resource }) => [host, resource]),
      [['g2', 'vm-g2']],
    );
  });
});
