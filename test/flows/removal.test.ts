import assert from 'node:assert/strict';
import { parseXml } from '../../src/pacemaker/basics/xml.ts';
import { changeCount } from '../../src/model/plan.ts';
import { apply, planOf, useStateFolder, verdictsOf, type Run } from '../support/apply-lab.ts';
import type { Answer } from '../support/fake-host.ts';
import { FakeLab } from '../support/fake-lab.ts';
import type { HostTrouble } from '../support/host-trouble.ts';
import { readReply, sectionsOf } from '../support/replies.ts';
import { sitePlaybook } from '../support/specs.ts';

const BARE = sectionsOf(
  readReply(new URL('../unit/probe/fixtures/bare-host.txt', import.meta.url)),
);

const WHOLE = [
  'connection-resource: changed',
  'node-state: changed',
  'service: changed',
  'authkey: changed',
  'node-record: changed',
];

const PREFERENCE = parseXml(
  '<cib><configuration><constraints><rsc_location id="new" rsc="h1" node="c2" score="1"/></constraints></configuration></cib>',
  'an edit',
);

/** h1 and h2 have joined; from now on these shall be absent. */
async function labWithout(
  names: readonly string[],
  answers: Readonly<Record<string, (lab: FakeLab) => Answer>> = {},
): Promise<FakeLab> {
  const stopService = (lab: FakeLab): Answer => {
    for (const part of ['units', 'listening']) lab.change('h1', part, BARE.get(part) ?? '');
    return '';
  };
  const trouble: HostTrouble = {
    answers: Object.fromEntries(
      Object.entries({ 'stop-service': stopService, ...answers }).map(([script, answer]) => [
        script,
        () => answer(lab),
      ]),
    ),
  };
  const lab: FakeLab = new FakeLab(['h1', 'h2'], { h1: trouble }, { attributes: { rack: 'a1' } });
  const { failed } = await apply(lab);
  assert.deepEqual([...failed], []);
  const { remoteNodes, ...spec } = lab.spec;
  const isAbsent = ({ name }: { readonly name: string }): boolean => names.includes(name);
  Object.assign(lab, {
    spec: {
      ...spec,
      remoteNodes: remoteNodes.filter((node) => !isAbsent(node)),
      absent: { remoteNodes: remoteNodes.filter(isAbsent), guestNodes: [] },
    },
  });
  lab.cibWrites.length = 0;
  return lab;
}

/** Applies; the cluster stops a connection as soon as it is told to. */
async function remove(lab: FakeLab, run: Run = {}) {
  const order: string[] = [];
  const applied = await apply(lab, {
    ...run,
    onEvent: (event) => {
      if (event.type === 'cib-written') order.push(event.purpose);
      if (event.type === 'cib-written' && event.purpose === 'remove-stop')
        for (const { name } of lab.spec.absent.remoteNodes) lab.reported.set(name, {});
      if (event.type === 'action') order.push(`${event.host} ${event.action}`);
      run.onEvent?.(event);
    },
  });
  return { ...applied, order };
}

describe('a remote node that shall be absent', () => {
  useStateFolder();

  it('is stopped, taken out in one patch, cleaned up and forgotten, and stays out', async () => {
    const lab = await labWithout(['h1']);
    const { plan } = await planOf(lab);
    assert.deepEqual(
      plan.plays.flatMap(({ changes }) => changes.map(({ host, action }) => `${host} ${action}`)),
      Array(WHOLE.length).fill('h1 remove'),
    );
    const applied = await remove(lab);
    assert.deepEqual([...applied.failed], []);
    assert.deepEqual(verdictsOf(applied, 'h1'), WHOLE);
    assert.deepEqual(verdictsOf(applied, 'h2'), []);
    assert.deepEqual(applied.order, [
      'h1 leave',
      'remove-stop',
      'remove-delete',
      'h1 stop-service',
      'h1 remove-files',
    ]);
    assert.deepEqual([...lab.cib.remoteConnections.keys()], ['h2']);
    assert.equal(lab.cib.seen.has('h1'), false);
    assert.equal(changeCount((await planOf(lab)).plan), 0);
  });

  it('is finished by the next run when its host fails in the middle', async () => {
    let fails = true;
    const lab = await labWithout(['h1'], {
      'stop-service': (self) => {
        if (fails) return { code: 1, stderr: 'does not stop\n' };
        for (const part of ['units', 'listening']) self.change('h1', part, BARE.get(part) ?? '');
        return '';
      },
    });
    const first = await remove(lab);
    assert.match(first.failed.get('h1') ?? '', /does not stop/);
    assert.deepEqual(verdictsOf(first, 'h1'), [
      'connection-resource: changed',
      'node-state: changed',
      'service: failed',
      'authkey: skipped',
      'node-record: skipped',
    ]);
    assert.equal(lab.cib.seen.has('h1'), true);
    fails = false;
    const second = await remove(lab);
    assert.deepEqual(verdictsOf(second, 'h1'), WHOLE.slice(2));
    assert.equal(changeCount((await planOf(lab)).plan), 0);
  });

  it('is not touched when somebody has changed it since the plan was made', async () => {
    const lab = await labWithout(['h1']);
    const planned = await planOf(lab);
    lab.merge(PREFERENCE);
    const { failed } = await remove(lab, { planned });
    assert.match(failed.get('h1') ?? '', /its configuration in the cluster has changed/);
    assert.ok(lab.cib.remoteConnections.has('h1'));
  });

  it('needs a word when it is not the only one', async () => {
    const lab = await labWithout(['h1', 'h2']);
    await assert.rejects(remove(lab), /removes-many/);
    assert.deepEqual(lab.cibWrites, []);
  });

  it('needs a play of the playbook', async () => {
    const lab = await labWithout(['h1']);
    const plays = sitePlaybook.plays.filter(({ procedure }) => procedure !== 'removal');
    await assert.rejects(planOf(lab, { plays }), /the playbook has no play for it/);
  });
});
