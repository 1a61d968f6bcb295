import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { refuseUsed } from '../../src/records/run-records.ts';
import { element, type XmlElement } from '../../src/pacemaker/basics/xml.ts';
import { isUndone } from '../../src/plan/undo/undo-plan.ts';
import { renderUndo } from '../../src/report/plan/undo-text.ts';
import { OutriggerError } from '../../src/support/errors.ts';
import { apply, editsOf, useStateFolder } from '../support/apply-lab.ts';
import { FakeLab } from '../support/fake-lab.ts';
import { configurationOf, prepare, records, undo, undoing } from '../support/undo-lab.ts';

const into = (section: string, inner: XmlElement): XmlElement =>
  element('cib', {}, [element('configuration', {}, [element(section, {}, [inner])])]);

/** The entry of h1 as a node, with an attribute. */
const entryWith = (id: string, name: string, value: string): XmlElement =>
  into(
    'nodes',
    element('node', { id: 'h1', uname: 'h1', type: 'remote' }, [
      element('instance_attributes', { id }, [element('nvpair', { id: `${id}-a`, name, value })]),
    ]),
  );

/** Somebody edits the connection of h1. */
function setInConnection(lab: FakeLab, block: XmlElement): void {
  const resources = element('resources', {}, [element('primitive', { id: 'h1' }, [block])]);
  lab.merge(element('cib', {}, [element('configuration', {}, [resources])]));
}

describe('the undo of a run', () => {
  useStateFolder();

  it('takes out whom the run has joined, and leaves the CIB as it was', async () => {
    const lab = new FakeLab(['h1', 'h2']);
    const before = configurationOf(lab);
    await apply(lab);
    lab.forget();
    const { stopped, log } = await undo(lab);
    assert.equal(stopped, undefined);
    assert.equal(configurationOf(lab), before);
    assert.ok(existsSync(log));
    const [first, second] = records();
    assert.equal(second?.undoes, first?.id);
    assert.deepEqual(second?.undone, ['h1', 'h2']);
    assert.deepEqual(
      editsOf(lab).filter((edit) => !edit.startsWith('c1')),
      [],
    );
  });

  it('finds nothing left to take back afterwards', async () => {
    const lab = new FakeLab(['h1']);
    await apply(lab);
    await undo(lab);
    const { plan } = await prepare(lab);
    assert.deepEqual([plan.leaving, plan.gone], [[], ['h1']]);
  });

  it('shows what runs there, and fails for that node alone when it does not leave', async () => {
    const lab = new FakeLab(['h1', 'h2']);
    await apply(lab);
    lab.others.on.set('db', 'h1');
    const prepared = await prepare(lab);
    assert.deepEqual(prepared.plan.leaving[0]?.running, ['db']);
    assert.match(
      renderUndo(prepared.plan, undefined, []),
      /h1: remote node, db stops or moves first/,
    );
    lab.others.blocked.add('db');
    const { stopped, failed } = await undo(lab);
    assert.equal(stopped, undefined);
    assert.deepEqual(
      [...failed].map(([name, { because }]) => [name, because]),
      [['h1', 'db still runs there']],
    );
    assert.deepEqual([...lab.cib.remoteConnections.keys()], ['h1']);
    assert.deepEqual(records().at(-1)?.undone, ['h2']);
    lab.others.blocked.delete('db');
    assert.equal((await undo(lab)).stopped, undefined);
    assert.deepEqual([...lab.cib.remoteConnections.keys()], []);
  });

  it('is refused for a node that is connected elsewhere by now', async () => {
    const lab = new FakeLab(['h1']);
    await apply(lab);
    const port = element('nvpair', { id: 'by-hand-port', name: 'port', value: '3199' });
    const block = { id: 'by-hand', score: '9' };
    setInConnection(lab, element('instance_attributes', block, [port]));
    await assert.rejects(prepare(lab), /h1 is now connected at h1 port 3199,/);
  });

  it('names what was edited since, and takes it along only when that is allowed', async () => {
    const lab = new FakeLab(['h1'], {}, { attributes: { rack: 'a1' } });
    await apply(lab);
    const priority = element('nvpair', { id: 'by-hand-p', name: 'priority', value: '7' });
    setInConnection(lab, element('meta_attributes', { id: 'by-hand' }, [priority]));
    lab.merge(entryWith('nodes-h1', 'colour', 'red'));
    const wish = { id: 'away', rsc: 'h1', node: 'c2', score: '-5' };
    lab.merge(into('constraints', element('rsc_location', wish)));
    const { plan, risks } = await prepare(lab);
    const edits = [
      'priority absent -> 7',
      'node attribute colour absent -> red',
      'constraint or tag away',
    ];
    assert.deepEqual(plan.leaving[0]?.edits, edits);
    assert.deepEqual(
      risks.find(({ code }) => code === 'edited-since')?.subjects,
      edits.map((edit) => `h1: ${edit}`),
    );
    const prepared = await prepare(lab);
    await assert.rejects(
      undoing(prepared, {
        allowed: new Set(),
        origin: { inventory: '/x' },
        onEvent: () => undefined,
      }),
      /edited-since/,
    );
    assert.ok(lab.cib.remoteConnections.has('h1'));
    assert.equal((await undo(lab)).stopped, undefined);
    assert.ok(!lab.cib.remoteConnections.has('h1') && !lab.cib.ids.has('away'));
  });

  it('does not touch a node that somebody edits while it is emptied', async () => {
    const lab = new FakeLab(['h1']);
    await apply(lab);
    const prepared = await prepare(lab);
    const { failed } = await undoing(prepared, {
      allowed: new Set(prepared.risks.map(({ code }) => code)),
      origin: { inventory: '/x' },
      onEvent: (event) => {
        if (event.type === 'cib-written' && event.purpose === 'remove-stop')
          lab.merge(entryWith('nodes-h1', 'colour', 'red'));
      },
    });
    assert.match(failed.get('h1')?.because ?? '', /its configuration in the cluster has changed/);
    assert.ok(lab.cib.remoteConnections.has('h1'));
  });

  it('puts back what the run found of a node', async () => {
    const lab = new FakeLab(['h1'], {}, { attributes: { rack: 'a1' } });
    lab.merge(entryWith('kept', 'colour', 'blue'));
    const before = configurationOf(lab);
    await apply(lab);
    assert.deepEqual((await prepare(lab)).plan.leaving[0]?.edits, []);
    await undo(lab);
    assert.equal(configurationOf(lab), before);
  });

  it('goes on where one that died has stopped', async () => {
    const lab = new FakeLab(['h1']);
    lab.merge(entryWith('kept', 'colour', 'blue'));
    const before = configurationOf(lab);
    await apply(lab);
    const prepared = await prepare(lab);
    const died = await undoing(prepared, {
      allowed: new Set(prepared.risks.map(({ code }) => code)),
      origin: { inventory: '/x' },
      onEvent: (event) => {
        if (event.type === 'cib-written' && event.purpose === 'remove-delete')
          throw new Error('died');
      },
    });
    assert.equal(died.stopped?.message, 'died');
    const { plan } = await prepare(lab);
    assert.deepEqual([plan.leaving, plan.remembered, plan.restored], [[], ['h1'], ['h1']]);
    assert.equal((await undo(lab)).stopped, undefined);
    assert.equal(configurationOf(lab), before);
    assert.ok(!lab.cib.seen.has('h1'));
    assert.ok(isUndone((await prepare(lab)).plan));
  });

  for (const [what, purpose] of [
    ['a remote node', 'connection-resource'],
    ['a guest node', 'guest-node'],
  ] as const) {
    it(`takes back the join of ${what} that a run died over`, async () => {
      const isGuest = purpose === 'guest-node';
      const lab = isGuest ? new FakeLab([], {}, {}, ['h1']) : new FakeLab(['h1']);
      lab.failing.add('h1');
      const before = configurationOf(lab);
      const dies = new Error('died');
      await apply(lab, {
        allowed: ['guest-joins'],
        onEvent: (event) => {
          if (event.type === 'cib-written' && event.purpose === purpose) throw dies;
        },
      });
      assert.ok(lab.cib.remoteConnections.has('h1') || lab.cib.guestNodes.length > 0);
      const { plan } = await prepare(lab);
      assert.deepEqual(
        plan.leaving.map(({ name, isUnproven }) => [name, isUnproven]),
        [['h1', true]],
      );
      const { stopped } = await undo(lab);
      assert.equal(stopped, undefined);
      assert.equal(configurationOf(lab), before);
    });
  }

  it('is refused for a node whose host gives no answer while the cluster is connected to it', async () => {
    const lab = new FakeLab(['h1']);
    await apply(lab);
    lab.forget();
    const { connect } = lab.network;
    const refusing: typeof connect = (name, ...more) =>
      name === 'h1'
        ? Promise.reject(new OutriggerError('HOST_UNREACHABLE', 'cannot reach h1', { host: name }))
        : connect(name, ...more);
    Object.assign(lab, { network: { ...lab.network, connect: refusing } });
    await assert.rejects(prepare(lab), /h1 cannot be removed gracefully: cannot reach h1, but the/);
    lab.forget();
    lab.reported.set('h1', {}); // the cluster has stopped it in good order
    assert.equal((await undo(lab)).stopped, undefined);
    assert.ok(!lab.cib.remoteConnections.has('h1'));
  });

  it('says of whom the inventory does not tell how to ask', async () => {
    const lab = new FakeLab(['h1']);
    await apply(lab);
    Object.assign(lab, { spec: { ...lab.spec, remoteNodes: [] } });
    const { plan, forecast, risks } = await prepare(lab);
    assert.deepEqual(plan.unreached, ['h1']);
    assert.match(renderUndo(plan, forecast, risks), /the inventory does not name h1/);
  });

  it('is refused for a node that a later run joined', async () => {
    const lab = new FakeLab(['h1']);
    await apply(lab);
    lab.takeCibFrom(new FakeLab(['h1']));
    await apply(lab);
    const [, second] = records();
    await assert.rejects(
      prepare(lab),
      new RegExp(`h1 was joined again by run ${second?.id ?? ''}`),
    );
  });

  it('is refused for a node that is unmanaged, naming it', async () => {
    const lab = new FakeLab(['h1']);
    await apply(lab);
    const managed = element('nvpair', { id: 'by-hand-m', name: 'is-managed', value: 'false' });
    setInConnection(lab, element('meta_attributes', { id: 'by-hand', score: '9' }, [managed]));
    await assert.rejects(
      prepare(lab),
      /h1 cannot be removed gracefully: .* unmanaged, blocked or in maintenance mode: h1/,
    );
  });

  it('is refused for a node that is unclean, naming it, and then the others stay too', async () => {
    const lab = new FakeLab(['h1', 'h2']);
    await apply(lab);
    lab.forget();
    lab.reported.set('h1', { on: 'c1', unclean: true });
    await assert.rejects(prepare(lab), {
      code: 'REFUSED',
      message: /nothing was changed:\n {2}h1 is unclean: have the cluster fence it, [^\n]*$/,
    });
    assert.deepEqual([editsOf(lab), [...lab.cib.remoteConnections.keys()]], [[], ['h1', 'h2']]);
    lab.forget();
    lab.reported.delete('h1');
    assert.equal((await undo(lab)).stopped, undefined);
    assert.deepEqual([...lab.cib.remoteConnections.keys()], []);
  });

  it('takes a guest node back while its machine runs on', async () => {
    const lab = new FakeLab([], {}, {}, ['g1']);
    const before = configurationOf(lab);
    await apply(lab, { allowed: ['guest-joins'] });
    const { stopped } = await undo(lab);
    assert.equal(stopped, undefined);
    assert.equal(configurationOf(lab), before);
  });

  it('can be found: each host that a run has changed has one line in its system log', async () => {
    const lab = new FakeLab(['h1']);
    const { log } = await apply(lab);
    const told = lab.hosts.flatMap(({ name, logged }) => logged.map((line) => `${name} ${line}`));
    assert.equal(told.length, 2);
    assert.match(
      told.find((line) => line.startsWith('h1')) ?? '',
      new RegExp(`^h1 \\S+@\\S+ run ${basename(log)} cluster prod: .*package.*connection-resource`),
    );
    assert.match(told.find((line) => line.startsWith('c1')) ?? '', /CIB \(connection-resource\)/);
  });

  it('of a run that carried out a saved plan leaves that plan used', async () => {
    const lab = new FakeLab(['h1']);
    await apply(lab, { origin: { inventory: '/x', savedPlan: 'abc' } });
    const [run] = records();
    refuseUsed(process.env, 'prod', 'abd');
    assert.throws(
      () => {
        refuseUsed(process.env, 'prod', 'abc');
      },
      new RegExp(`already applied by run ${run?.id ?? ''}`),
    );
  });
});
