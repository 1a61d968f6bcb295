import assert from 'node:assert/strict';
import type { RunEvent } from '../../src/model/run-event.ts';
import { apply, planOf, useStateFolder } from '../support/apply-lab.ts';
import { FakeLab } from '../support/fake-lab.ts';
import type { HostTrouble } from '../support/host-trouble.ts';
import { sitePlaybook } from '../support/specs.ts';

const NODES = ['h1', 'h2'];
const OFFER = 'offers pacemaker-remote 3.0.0-9 3.0.0-2';

describe('an upgrade of packages', () => {
  useStateFolder();

  /** A cluster that is connected to its nodes, whose hosts could have a newer daemon. */
  async function connected(trouble: Readonly<Record<string, HostTrouble>> = {}): Promise<FakeLab> {
    const lab = new FakeLab(NODES, trouble);
    assert.deepEqual([...(await apply(lab)).failed], []);
    for (const name of NODES) lab.change(name, 'upgrades', OFFER);
    lab.forget();
    return lab;
  }

  const protectedIn = (lab: FakeLab): string[] =>
    [...lab.cib.remoteConnections.values()].filter(({ quiet }) => quiet).map(({ id }) => id);

  const upgradable = async (lab: FakeLab) => {
    const { plan } = await planOf(lab, sitePlaybook, lab.spec, { upgrades: true });
    return plan.plays.flatMap(({ changes }) => changes);
  };

  const reported = (events: readonly RunEvent[]): string[] =>
    events.flatMap((event) =>
      event.type === 'action' && NODES.includes(event.host)
        ? [`${event.host} ${event.action}`]
        : [],
    );

  it('is planned only when it is asked for, and tells of the restart', async () => {
    const lab = await connected();
    assert.deepEqual((await planOf(lab)).plan.inSync, ['c1', 'c2', ...NODES]);
    assert.deepEqual(
      (await upgradable(lab)).map(({ host, item, restart, isConsequence, attributes }) => [
        host,
        item,
        restart,
        isConsequence,
        ...attributes.map(({ before, after }) => `${before ?? ''} -> ${after ?? ''}`),
      ]),
      NODES.flatMap((host) => [
        [host, 'package', 'none', false, '3.0.0-2 -> 3.0.0-9'],
        [host, 'service', 'quiet-restart', true, 'running -> restarted'],
      ]),
    );
  });

  it('is downloaded before, and put in place while the cluster looks away, on one node first', async () => {
    const lab = await connected();
    const { failed, stopped, events } = await apply(lab, { upgrades: true });
    assert.deepEqual([[...failed], stopped], [[], undefined]);
    const actions = reported(events);
    assert.deepEqual([...actions.slice(0, 2)].sort(), ['h1 install-apt', 'h2 install-apt']);
    assert.deepEqual(
      actions.slice(2),
      NODES.flatMap((name) => [`${name} protect`, `${name} install-apt`, `${name} unprotect`]),
    );
    const verdicts = events.flatMap((event) =>
      event.type === 'verdict' && NODES.includes(event.host)
        ? [`${event.host} ${event.item} ${event.verdict.kind}`]
        : [],
    );
    assert.deepEqual(
      verdicts,
      NODES.flatMap((name) => [`${name} package changed`, `${name} service changed`]),
    );
    assert.deepEqual([protectedIn(lab), await upgradable(lab)], [[], []]);
  });

  it('that fails on the first node is not tried on the others, and a daemon that still runs is given back', async () => {
    const lab = await connected();
    lab.upgrading.set('h1', () => ({ code: 1, stderr: 'E: no space left\n' }));
    const { failed, events } = await apply(lab, { upgrades: true });
    assert.deepEqual([...failed], [['h1', 'install-apt: E: no space left']]);
    assert.deepEqual(protectedIn(lab), []);
    const skipped = events.flatMap((event) =>
      event.type === 'verdict' && event.verdict.kind === 'skipped'
        ? [`${event.host} ${event.item}: ${event.verdict.because}`]
        : [],
    );
    assert.deepEqual(skipped, [
      'h2 package: not attempted: the upgrade of h1 failed',
      'h2 service: not attempted: the upgrade of h1 failed',
    ]);
    assert.ok(!reported(events).includes('h2 protect'));
  });

  it('after which the daemon does not listen leaves its node protected', async () => {
    const lab = await connected();
    lab.upgrading.set('h1', () => {
      lab.change('h1', 'listening', '00000000:0016');
      return { code: 1, stderr: 'E: the daemon does not start\n' };
    });
    assert.deepEqual([...(await apply(lab, { upgrades: true })).failed.keys()], ['h1']);
    assert.deepEqual(protectedIn(lab), ['h1']);
  });

  it('touches no node that a cluster node does not reach any more, and is carried out on the others', async () => {
    let isOpen = true;
    const reach = () => `h1 3121 open\nh2 3121 ${isOpen ? 'open' : 'closed'}\n`;
    const lab = await connected({ c2: { answers: { reach } } });
    isOpen = false;
    const { failed, events } = await apply(lab, { upgrades: true });
    assert.deepEqual(
      [...failed],
      [['h2', 'not restarted: h2 port 3121 cannot be reached from c2']],
    );
    const actions = reported(events).filter((action) => action !== 'h2 install-apt'); // its download
    assert.deepEqual(actions.slice(-3), ['h1 protect', 'h1 install-apt', 'h1 unprotect']);
    assert.ok(actions.every((action) => action.startsWith('h1 ')));
    assert.deepEqual(protectedIn(lab), []);
    assert.ok(!lab.host('h2').ran.includes('start-service'));
  });

  it('touches no node while something is wrong with a cluster node', async () => {
    const lab = await connected();
    let isTampered = false;
    const { failed, events } = await apply(lab, {
      upgrades: true,
      onEvent: (event) => {
        if (event.type !== 'action' || event.action !== 'install-apt' || isTampered) return;
        isTampered = true;
        lab.tamperKey('c2');
      },
    });
    const because = 'not restarted: the cluster nodes have different authkeys (c2)';
    assert.equal(failed.get('h1'), because);
    assert.ok(!reported(events).some((action) => action.endsWith(' protect')));
    assert.deepEqual(protectedIn(lab), []);
  });
});
