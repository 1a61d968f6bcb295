import assert from 'node:assert/strict';
import {
  activeOn,
  connectionNode,
  connectionState,
  readCrmMon,
  type NotIn,
} from '../../../src/pacemaker/status/crm-mon.ts';
import { fixture, VERSIONS } from './fixtures.ts';

for (const version of VERSIONS) {
  describe(`crm_mon of ${version}`, () => {
    const mon = readCrmMon(fixture(`${version}/crm_mon.xml`));
    const failed = readCrmMon(fixture(`${version}/crm_mon-failed.xml`));

    it('tells the DC, the options and the nodes', () => {
      assert.equal(mon.dc?.name, 'c1');
      assert.equal(mon.dc.withQuorum, true);
      assert.equal(mon.options['stonith-enabled'], 'true');
      assert.deepEqual([...mon.nodes.keys()].sort(), ['c1', 'c2', 'guest1', 'proxy-0', 'r1', 'r2']);
      assert.equal(mon.nodes.get('c1')?.isDc, true);
      assert.equal(mon.nodes.get('r1')?.type, 'remote');
      assert.equal(mon.nodes.get('r1')?.idAsResource, undefined);
      assert.equal(mon.nodes.get('guest1')?.idAsResource, 'vm1');
      assert.equal(mon.nodes.get('r2')?.standby, true);
    });

    it('tells resources inside groups, clones and bundles', () => {
      const parentsOf = (id: string) =>
        mon.resources
          .find((resource) => resource.id === id)
          ?.parents.map(({ id: parent }) => parent);
      assert.deepEqual(parentsOf('web-ip'), ['web']);
      assert.deepEqual(parentsOf('ping'), ['ping-clone']);
      assert.deepEqual(parentsOf('proxy-podman-0'), ['proxy', '0']);
    });

    it('believes a connection that is in', () => {
      assert.deepEqual(connectionState(mon, 'r1'), { state: 'node-online', on: 'c2' });
      assert.equal(connectionState(mon, 'guest1').state, 'node-online');
      assert.equal(connectionNode(mon, 'r1'), 'c2');
    });

    it('says why one is not', () => {
      assert.deepEqual(connectionState(mon, 'r2'), { state: 'not-online', why: 'not-started' });
      assert.deepEqual(connectionState(mon, 'r9'), { state: 'not-online', why: 'no-connection' });
      assert.deepEqual(connectionState(failed, 'r5'), { state: 'not-online', why: 'blocked' });
      assert.equal(connectionNode(mon, 'r2'), undefined);
    });

    it('tells what failed', () => {
      assert.deepEqual(
        failed.failures.map(({ node, operationKey }) => `${operationKey} on ${node}`),
        ['r5_start_0 on c1', 'r6_start_0 on c1'],
      );
      assert.deepEqual(
        failed.failCounts.map(({ node, resource }) => `${resource} on ${node}`),
        ['r5 on c1', 'r6 on c1'],
      );
    });

    it('tells what is active on a node, by what configures it', () => {
      assert.deepEqual(activeOn(mon, 'r1'), ['d1', 'ping']);
      assert.deepEqual(activeOn(mon, 'proxy-0'), ['proxied']);
      assert.deepEqual(activeOn(mon, 'r2'), []);
      const everywhere = ['c1', 'c2'].flatMap((node) => activeOn(mon, node));
      assert.ok(everywhere.includes('proxy'));
      assert.ok(!everywhere.some((id) => id.startsWith('proxy-')));
    });
  });
}

const NODE = { online: 'true', unclean: 'false', pending: 'false' };
const RESOURCE = {
  role: 'Started',
  active: 'true',
  orphaned: 'false',
  blocked: 'false',
  managed: 'true',
  failed: 'false',
  failure_ignored: 'false',
};

const attributes = (from: Readonly<Record<string, string>>): string =>
  Object.entries(from)
    .map(([name, value]) => `${name}="${value}"`)
    .join(' ');

/** One remote node r, with these deviations from being in. */
const monOf = (
  resource: Readonly<Record<string, string>>,
  node: Readonly<Record<string, string>> = {},
  where: readonly string[] = ['c1'],
) =>
  readCrmMon(
    `<pacemaker-result><nodes><node name="r" id="r" type="remote" ${attributes({ ...NODE, ...node })}/></nodes>` +
      `<resources><resource id="r" resource_agent="ocf::pacemaker:remote" ${attributes({ ...RESOURCE, ...resource })}>` +
      `${where.map((name) => `<node name="${name}" id="1" cached="true"/>`).join('')}</resource></resources></pacemaker-result>`,
  );

describe('a connection is not in', () => {
  const cases: readonly (readonly [NotIn, ReturnType<typeof readCrmMon>])[] = [
    ['orphaned', monOf({ orphaned: 'true' })],
    ['orphaned', monOf({ removed: 'true' })],
    ['blocked', monOf({ blocked: 'true', failed: 'true', managed: 'false' })],
    ['failed', monOf({ failed: 'true' })],
    ['failed', monOf({ failure_ignored: 'true' })],
    ['unmanaged', monOf({ managed: 'false' })],
    ['unmanaged', monOf({ maintenance: 'true' })],
    ['pending', monOf({ role: 'Starting' })],
    ['pending', monOf({ pending: 'Monitoring' })],
    ['not-started', monOf({ role: 'Stopped', active: 'false' }, {}, [])],
    ['not-on-one-node', monOf({}, {}, ['c1', 'c2'])],
    ['not-on-one-node', monOf({}, {}, [])],
    ['node-unclean', monOf({}, { unclean: 'true' })],
    ['node-pending', monOf({}, { pending: 'true' })],
    ['node-offline', monOf({}, { online: 'false' })],
  ];
  for (const [why, mon] of cases) {
    it(`when it is ${why}`, () => {
      assert.deepEqual(connectionState(mon, 'r'), { state: 'not-online', why });
    });
  }

  it('and is when nothing speaks against it, also under the agent name of before 2.1.0', () => {
    assert.deepEqual(connectionState(monOf({}), 'r'), { state: 'node-online', on: 'c1' });
  });
});

describe('an answer of crm_mon', () => {
  it('that is an error is not taken for an empty cluster', () => {
    const text =
      '<pacemaker-result><status code="102" message="Not connected"/></pacemaker-result>';
    assert.throws(() => readCrmMon(text), /crm_mon: Not connected/);
    assert.throws(() => readCrmMon('<crm_mon/>'), /printed <crm_mon>/);
  });

  it('may have no resources at all', () => {
    assert.deepEqual(readCrmMon('<pacemaker-result><nodes/></pacemaker-result>').resources, []);
  });
});
