import assert from 'node:assert/strict';
import { planCluster } from '../../src/flows/plan/plan-cluster.ts';
import type { ExecRequest } from '../../src/host/host.ts';
import { guard } from '../../src/pacemaker/procedures/edit.ts';
import {
  at,
  children,
  element,
  parseXml,
  serializeXml,
  type XmlElement,
} from '../../src/pacemaker/basics/xml.ts';
import { differencesOf, driftOf } from '../../src/plan/drift/drift.ts';
import { findingNotes } from '../../src/model/finding.ts';
import {
  apply,
  editsOf,
  planOf,
  requestOf,
  useStateFolder,
  verdictsOf,
} from '../support/apply-lab.ts';
import type { FakeHost } from '../support/fake-host.ts';
import { CLUSTER_KEY, FakeLab } from '../support/fake-lab.ts';

describe('a node whose connection the scheduler would not start', () => {
  useStateFolder();

  const mapped = (root: XmlElement, change: (one: XmlElement) => XmlElement): XmlElement => {
    const { name, attributes, children: inner } = change(root);
    return element(
      name,
      attributes,
      inner.map((one) => mapped(one, change)),
    );
  };

  const isOneOf = (names: readonly string[], one: XmlElement): boolean =>
    one.name === 'resource' && names.includes(one.attributes['id'] ?? '');

  const stopped = (id: string): XmlElement =>
    element('resource', {
      id,
      resource_agent: 'ocf:pacemaker:remote',
      role: 'Stopped',
      active: 'false',
      orphaned: 'false',
      blocked: 'false',
      managed: 'true',
      nodes_running_on: '0',
    });

  /** What crm_simulate of a lab prints, but that these connections stay stopped. */
  const staysStopped = (xml: string, names: readonly string[]): string =>
    serializeXml(
      mapped(parseXml(xml, 'a simulation'), (one) =>
        one.name === 'resources'
          ? element('resources', one.attributes, [
              ...one.children.filter((inner) => !isOneOf(names, inner)),
              ...names.map(stopped),
            ])
          : one,
      ),
    );

  function labIn(
    properties: Readonly<Record<string, string>>,
    stopped: readonly string[],
  ): FakeLab {
    const lab = new FakeLab(['h1', 'h2']);
    for (const [name, value] of Object.entries(properties)) lab.setProperty(name, value);
    simulating(lab, stopped);
    return lab;
  }

  /** From now on the scheduler of the lab starts none of these. */
  function simulating(lab: FakeLab, stopped: readonly string[]): void {
    const host: FakeHost = lab.host('c1');
    const exec = host.exec.bind(host);
    host.exec = async (request: ExecRequest) => {
      const result = await exec(request);
      if (host.ran.at(-1) !== 'simulate') return result;
      const stdout = result.stdout.replace(/<pacemaker-result[^]*?<\/pacemaker-result>/g, (xml) =>
        at(parseXml(xml, 'it'), 'revised_cluster_status') === undefined
          ? xml
          : staysStopped(xml, stopped),
      );
      return { ...result, stdout };
    };
  }

  const WHY: readonly (readonly [string, Readonly<Record<string, string>>, RegExp])[] = [
    ['in an opt-in cluster', { 'symmetric-cluster': 'false' }, /h2: the cluster is opt-in/],
    [
      'while all resources are stopped',
      { 'stop-all-resources': 'true' },
      /stop-all-resources is on/,
    ],
    ['because of a constraint', {}, /a constraint or the node health bans it from each/],
  ];

  for (const [when, properties, why] of WHY)
    it(`is left out ${when}, with the reason; the others are not`, async () => {
      const lab = labIn(properties, ['h2']);
      const { plan } = await planOf(lab);
      assert.deepEqual(
        plan.problems.map(({ host, code }) => [host, code]),
        [['h2', 'NOT_STARTED']],
      );
      assert.match(plan.problems[0]?.message ?? '', why);
      const changed = new Set(plan.plays.flatMap(({ changes }) => changes.map(({ host }) => host)));
      assert.deepEqual([...changed], ['h1']);
    });

  it('is not touched, nor anything written for it', async () => {
    const lab = labIn({ 'symmetric-cluster': 'false' }, ['h1', 'h2']);
    await apply(lab);
    assert.deepEqual(editsOf(lab), []);
    assert.equal(children(lab.cib.root, 'status').length, 1);
    assert.deepEqual([...lab.cib.remoteConnections.keys()], []);
  });

  it('is made right on its host, where it is in the cluster already; its connection is unchanged', async () => {
    const lab = new FakeLab(['h1', 'h2']);
    await apply(lab);
    simulating(lab, ['h2']);
    lab.reported.set('h2', {});
    lab.tamperKey('h2');
    lab.forget();
    const { plan } = await planOf(lab);
    assert.deepEqual(plan.problems, []);
    const changed = plan.plays.flatMap(({ changes }) =>
      changes.map(({ host, item }) => `${host} ${item}`),
    );
    assert.deepEqual(changed, ['h2 authkey', 'h2 service']);
    const notes = plan.notes.filter((note) => note.startsWith('h2: '));
    assert.equal(notes.length, 1);
    assert.match(
      notes[0] ?? '',
      /^h2: its connection is unchanged: a constraint or the node health bans it from each/,
    );
    const applied = await apply(lab);
    assert.deepEqual(verdictsOf(applied, 'h2'), ['authkey: changed', 'service: changed']);
    assert.equal(lab.keyOf('h2'), CLUSTER_KEY.toString('hex'));
    assert.equal(lab.cib.remoteConnections.get('h2')?.guarded, false);
  });

  const STATES: readonly (readonly [string, (lab: FakeLab) => void, RegExp])[] = [
    [
      'in an opt-in cluster',
      (lab) => {
        lab.setProperty('symmetric-cluster', 'false');
      },
      /the cluster is opt-in \(symmetric-cluster=false\), and no location constraint allows it on any of them$/,
    ],
    [
      'while all resources are stopped',
      (lab) => {
        lab.setProperty('stop-all-resources', 'true');
      },
      /stop-all-resources is on$/,
    ],
  ];

  for (const [when, hinder, why] of STATES)
    it(`is not tried again ${when}: plan and drift say why`, async () => {
      const lab = new FakeLab(['h1', 'h2']);
      await apply(lab);
      hinder(lab);
      simulating(lab, ['h2']);
      lab.reported.set('h2', {});
      const { plan } = await planOf(lab);
      assert.deepEqual([plan.problems, plan.plays.flatMap(({ changes }) => changes)], [[], []]);
      const told = findingNotes(plan.findings, plan.problems).concat(plan.notes);
      assert.deepEqual(
        told.map((note) => note.split(': ').slice(0, 2).join(': ')),
        ['h2: its connection is unchanged'],
      );
      assert.match(told[0] ?? '', why);
      const { plan: compared } = await planCluster({ ...requestOf(lab), foresees: false });
      const differences = differencesOf(driftOf(compared));
      assert.deepEqual(
        differences.map(({ host, item, attribute, actual }) => [host, item, attribute, actual]),
        [['h2', 'connection', 'state', 'not-started']],
      );
      assert.match(differences[0]?.reason ?? '', why);
    });

  it('is not edited, which nobody could see the effect of', async () => {
    const lab = new FakeLab(['h1', 'h2']);
    await apply(lab);
    const moved = new FakeLab(['h1', 'h2'], {}, { port: 3122 });
    moved.takeCibFrom(lab);
    moved.setProperty('stop-all-resources', 'true');
    simulating(moved, ['h2']);
    moved.reported.set('h2', {});
    const { plan } = await planOf(moved);
    assert.deepEqual(plan.problems, []);
    const changed = plan.plays.flatMap(({ changes }) =>
      changes.flatMap(({ host, item }) => (item === 'connection-resource' ? host : [])),
    );
    assert.deepEqual(changed, ['h1']);
    assert.ok(plan.notes.includes('h2: its connection is unchanged: stop-all-resources is on'));
  });

  it('is refused as a whole where a run that died left it guarded', async () => {
    const lab = new FakeLab(['h1', 'h2']);
    await apply(lab);
    for (const operation of guard(lab.cib, ['h2']))
      if (operation.kind === 'merge') lab.merge(operation.fragment);
    simulating(lab, ['h2']);
    lab.reported.set('h2', {});
    const { plan } = await planOf(lab);
    assert.deepEqual(
      plan.problems.map(({ host, code }) => [host, code]),
      [['h2', 'NOT_STARTED']],
    );
  });
});
