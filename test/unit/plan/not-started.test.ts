import assert from 'node:assert/strict';
import { readCib } from '../../../src/pacemaker/cib/cib.ts';
import { readCrmMon } from '../../../src/pacemaker/status/crm-mon.ts';
import type { ClusterFacts } from '../../../src/model/facts.ts';
import { withoutNotStarted } from '../../../src/plan/not-started.ts';
import { shownHindrance } from '../../../src/items/why-not-started.ts';
import { crmMonXml, type Reported } from '../../support/crm-mon.ts';

interface Sections {
  /** `have-quorum` of the CIB. */
  readonly quorum?: string;
  readonly config?: string;
  readonly resources?: string;
  readonly constraints?: string;
  readonly tags?: string;
  readonly defaults?: string;
}

const cib = ({ quorum = '1', config = '', resources = '', ...more }: Sections): string =>
  `<cib epoch="1" num_updates="0" admin_epoch="0" have-quorum="${quorum}"><configuration>
    <crm_config>${config}</crm_config><nodes><node id="1" uname="c1"/><node id="2" uname="c2"/></nodes>
    <resources>${resources}</resources><constraints>${more.constraints ?? ''}</constraints>
    <tags>${more.tags ?? ''}</tags><rsc_defaults>${more.defaults ?? ''}</rsc_defaults>
  </configuration><status/></cib>`;

interface Said extends Reported {
  /** What crm_mon says of both cluster nodes besides. */
  readonly members?: Readonly<Record<string, string>>;
}

function clusterOf(sections: Sections, { members = {}, options, ...said }: Said): ClusterFacts {
  const text = cib(sections);
  const set = Object.entries(members).map(([name, value]) => `${name}="${value}" `);
  const xml = crmMonXml({ ...said, options: { 'stonith-enabled': 'false', ...options } });
  const mon = readCrmMon(xml.replaceAll('type="member"', `type="member" ${set.join('')}`));
  return { readFrom: 'c1', cib: readCib(text), cibText: text, mon, dcState: 'S_IDLE' };
}

function reason(sections: Sections, said: Said = {}): string {
  const cluster = clusterOf(sections, said);
  const nothing = { problems: [], onHosts: new Map(), inCib: new Map(), stoppedGuests: [] };
  const { differences } = withoutNotStarted(nothing, cluster, ['h1']);
  return differences.problems[0]?.message ?? '';
}

/** What is shown without a simulation. */
const shown = (sections: Sections, said: Said = {}, name = 'h1'): string =>
  shownHindrance(clusterOf(sections, said), name)?.why ?? 'nothing';

const propertySet = (name: string, value: string, rule = ''): string =>
  `<cluster_property_set id="s">${rule}<nvpair id="n" name="${name}" value="${value}"/></cluster_property_set>`;

/** The second block counts only at night. */
const AT_NIGHT = (name: string, value: string): Sections => ({
  config: propertySet(
    name,
    value,
    `<rule id="r" score="INFINITY"><date_expression id="d" operation="date_spec"><date_spec id="s" hours="0-5"/></date_expression></rule>`,
  ),
});

const OPT_IN: Said = { options: { 'symmetric-cluster': 'false' } };

describe('why a connection is not started', () => {
  it('is told by the options that the cluster uses', () => {
    const byRule = AT_NIGHT('symmetric-cluster', 'false');
    assert.match(reason(byRule, { options: { 'symmetric-cluster': 'true' } }), /constraint/);
    assert.match(reason(byRule, OPT_IN), /opt-in/);
    const all = AT_NIGHT('stop-all-resources', 'true');
    assert.match(reason(all, { options: { 'stop-all-resources': 'false' } }), /constraint/);
    const stopped = { options: { 'stop-all-resources': 'true' } };
    assert.match(reason({}, stopped), /stop-all-resources is on/);
  });

  it('is the lack of quorum, unless the cluster does not mind', () => {
    const policy = (value: string): Said => ({ options: { 'no-quorum-policy': value } });
    assert.match(reason({ quorum: '0' }), /has no quorum/);
    assert.match(reason({ quorum: '0' }, policy('freeze')), /has no quorum/);
    assert.doesNotMatch(reason({ quorum: '0' }, policy('ignore')), /has no quorum/);
    const written = { quorum: '0', config: propertySet('no-quorum-policy', 'Ignore') };
    assert.doesNotMatch(reason(written), /has no quorum/);
    // What crm_mon prints counts first.
    assert.match(reason(written, policy('stop')), /has no quorum/);
  });

  it('is that all cluster nodes are in maintenance, each by itself', () => {
    const inMaintenance = { members: { maintenance: 'true' } };
    assert.match(reason({}, inMaintenance), /in standby or in maintenance/);
  });

  it('is that fencing is on without a fence device or a watchdog', () => {
    const on = { options: { 'stonith-enabled': 'true' } };
    assert.match(reason({}, on), /fencing is on, but there is no fence device/);
    const watched = { config: propertySet('have-watchdog', 'true') };
    assert.doesNotMatch(reason(watched, on), /fencing is on, but there is no fence device/);
    const device = '<primitive id="f" class="stonith" type="fence_lab"/>';
    assert.doesNotMatch(
      reason({ resources: device }, on),
      /fencing is on, but there is no fence device/,
    );
  });
});

const remote = (id: string): string =>
  `<primitive id="${id}" class="ocf" provider="pacemaker" type="remote"/>`;
const OTHER = '<primitive id="d1" class="ocf" provider="pacemaker" type="Dummy"/>';
const GUEST = `<primitive id="vm" class="ocf" provider="heartbeat" type="VirtualDomain"><meta_attributes id="vm-meta"><nvpair id="vm-node" name="remote-node" value="h1"/></meta_attributes></primitive>`;
const location = (more: string): Sections => ({
  resources: `${remote('h1')}${OTHER}`,
  constraints: `<rsc_location id="l" ${more}`,
});

describe('what is shown to hinder a connection, without a simulation', () => {
  const OPT_IN_CLUSTER: readonly (readonly [string, Sections, RegExp])[] = [
    ['nothing allows it', {}, /is opt-in .*no location constraint allows/],
    ['another resource is allowed', location('rsc="d1" node="c1" score="9"/>'), /is opt-in/],
    ['it is kept away', location('rsc="h1" node="c1" score="-9"/>'), /is opt-in/],
    ['it is allowed', location('rsc="h1" node="c1" score="0"/>'), /nothing/],
    ['a pattern may match it', location('rsc-pattern="h.*" node="c1" score="0"/>'), /nothing/],
    [
      'a rule may allow it',
      location('rsc="h1"><rule id="r" score="0"><expression id="e"/></rule></rsc_location>'),
      /nothing/,
    ],
    [
      'a set allows it',
      location(
        'node="c1" score="0"><resource_set id="s"><resource_ref id="h1"/></resource_set></rsc_location>',
      ),
      /nothing/,
    ],
    [
      'a tag may stand for it',
      {
        ...location('rsc="t" node="c1" score="0"/>'),
        tags: '<tag id="t"><obj_ref id="h1"/></tag>',
      },
      /nothing/,
    ],
    ['it is a guest node’s', { resources: GUEST }, /nothing/],
  ];

  for (const [when, sections, why] of OPT_IN_CLUSTER)
    it(`in an opt-in cluster where ${when}`, () => {
      assert.match(shown(sections, OPT_IN), why);
    });

  it('is a ban from each cluster node that may run resources', () => {
    const bans = { h1: ['c1', 'c2'] };
    assert.match(
      shown(location('rsc="d1"/>'), { bans }),
      /location constraints ban it from all cluster nodes that can run resources: h1-not-on-c1, h1/,
    );
    assert.equal(shown(location('rsc="d1"/>'), { bans: { h1: ['c1'] } }), 'nothing');
    const down = { bans: { h1: ['c1'] }, down: ['c2'] };
    assert.match(
      shown(location('rsc="d1"/>'), down),
      /location constraints ban it from all cluster nodes that can run resources:/,
    );
    assert.equal(shown({ resources: OTHER }, { bans: { d1: ['c1', 'c2'] } }), 'nothing');
  });

  it('is a default by which all resources are stopped, unless it has a role of its own', () => {
    const role = (id: string, value: string): string =>
      `<meta_attributes id="${id}"><nvpair id="${id}-r" name="target-role" value="${value}"/></meta_attributes>`;
    const defaults = role('d', 'Stopped');
    assert.match(shown({ resources: remote('h1'), defaults }), /rsc_defaults stop it/);
    const own = remote('h1').replace('/>', `>${role('o', 'Started')}</primitive>`);
    assert.equal(shown({ resources: own, defaults }), 'nothing');
  });

  it('is nothing where nothing is shown', () => {
    assert.equal(shown({ resources: remote('h1') }), 'nothing');
  });
});
