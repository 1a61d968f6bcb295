import assert from 'node:assert/strict';
import fc from 'fast-check';
import { connectionResourceItem } from '../../../src/items/connection-resource.ts';
import { nodeStateItem } from '../../../src/items/node-state.ts';
import { readCib } from '../../../src/pacemaker/cib/cib.ts';
import { applyOperations, guard } from '../../../src/pacemaker/procedures/edit.ts';
import { readCrmMon } from '../../../src/pacemaker/status/crm-mon.ts';
import { chooseAuthkey } from '../../../src/credentials/authkey-choice.ts';
import { credentialChange } from '../../../src/credentials/credential-change.ts';
import { findDifferences } from '../../../src/plan/differences.ts';
import type { ClusterFacts, ClusterNodeFacts, Facts, HostFacts } from '../../../src/model/facts.ts';
import type { CibItem } from '../../../src/model/item.ts';
import { makePlan } from '../../../src/plan/make-plan.ts';
import { changeCount, type Plan } from '../../../src/model/plan.ts';
import { planAsJson } from '../../../src/report/plan/plan-json.ts';
import { renderPlan } from '../../../src/report/plan/plan-text.ts';
import { desiredItems } from '../../../src/plan/desired/desired-items.ts';
import type { RemoteNodeSpec, Spec } from '../../../src/inventory/spec.ts';
import { crmMonXml } from '../../support/crm-mon.ts';
import { hostFacts, remoteNode, sitePlaybook, sshTo } from '../../support/specs.ts';
import { fixture } from '../pacemaker/fixtures.ts';
import { cases } from '../../support/cases.ts';

const START = fixture('cib.xml');

const clusterWith = (cibText: string, names: readonly string[]): ClusterFacts => ({
  readFrom: 'c1',
  cib: readCib(cibText),
  cibText,
  mon: readCrmMon(
    crmMonXml({ connections: Object.fromEntries(names.map((name) => [name, { on: 'c1' }])) }),
  ),
  dcState: 'S_IDLE',
});

const duration = fc
  .tuple(fc.nat({ max: 3600 }), fc.constantFrom('', 's', 'ms', 'min', 'h'))
  .map(([count, unit]) => `${count}${unit}`);

/** Few names, so that what is declared meets what is there; `:`, `#` and `.` look alike in an id. */
const attributes = fc.dictionary(
  fc.constantFrom('rack', '#health-disk', 'a.b', 'a:b', 'a#b', 'A'),
  fc.string({ maxLength: 8 }),
);

const present = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });

/** Whatever an inventory may say of a remote node. */
const specOf = (name: string): fc.Arbitrary<RemoteNodeSpec> =>
  fc
    .record({
      server: fc.constantFrom('10.77.0.101', '192.0.2.1', '2001:db8::1', 'h.example.net'),
      port: fc.constantFrom(3121, 3122, 65535),
      reconnectInterval: present(duration),
      operations: fc.dictionary(
        fc.constantFrom('start', 'stop', 'monitor', 'reload-agent'),
        fc.record({ interval: duration, timeout: duration }, { requiredKeys: [] }),
      ),
      meta: fc.dictionary(
        fc.constantFrom('resource-stickiness', 'allow-migrate', 'priority'),
        fc.oneof(fc.constantFrom('true', 'no', '0', '100'), fc.string({ maxLength: 5 })),
      ),
      attributes,
      state: fc.constantFrom(undefined, 'online', 'standby', 'maintenance'),
    })
    .map((spec) => remoteNode(name, spec));

/** The CIB after what an item asks for, which must then have nothing left to ask for. */
function settled(cibText: string, item: CibItem): string {
  const difference = item.compare(clusterWith(cibText, [item.host]));
  const after = difference ? applyOperations(cibText, difference.operations) : cibText;
  assert.equal(item.compare(clusterWith(after, [item.host])), undefined);
  return after;
}

/** Everything in a CIB that has an id and does not belong to these nodes. */
function othersIn(cibText: string, names: readonly string[]): readonly string[] {
  const { ids } = readCib(cibText);
  const isTheirs = (id: string) => names.some((name) => id.split('-').includes(name));
  return [...ids].flatMap(([id, { name, attributes }]) =>
    isTheirs(id) ? [] : [`${name} ${JSON.stringify(attributes)}`],
  );
}

describe('whatever is declared of a remote node', () => {
  for (const name of ['r1', 'r2', 'r7']) {
    it(`is so after one edit and one release (${name === 'r7' ? 'new' : 'there'}: ${name})`, () => {
      fc.assert(
        fc.property(specOf(name), fc.boolean(), (spec, isGuarded) => {
          const start = isGuarded ? applyOperations(START, guard(readCib(START), [name])) : START;
          const connected = settled(start, connectionResourceItem(spec));
          const released = settled(connected, nodeStateItem(spec));
          assert.equal(
            connectionResourceItem(spec).compare(clusterWith(released, [name])),
            undefined,
          );
          const { remoteConnections, nodeEntries } = readCib(released);
          assert.equal(remoteConnections.get(name)?.server, spec.server);
          assert.equal(remoteConnections.get(name)?.guarded, false);
          for (const [attribute, value] of Object.entries(spec.attributes)) {
            assert.equal(nodeEntries.get(name)?.attributes.get(attribute)?.value, value);
          }
          assert.deepEqual(othersIn(released, [name]), othersIn(START, [name]));
        }),
        { numRuns: cases(50) },
      );
    });
  }

  it('leaves the state of the operator alone unless it says one', () => {
    fc.assert(
      fc.property(specOf('r2'), (spec) => {
        const released = settled(settled(START, connectionResourceItem(spec)), nodeStateItem(spec));
        const entry = readCib(released).nodeEntries.get('r2');
        const isStandby = spec.state === undefined || spec.state === 'standby';
        assert.equal(entry?.standby ?? false, isStandby);
        assert.equal(entry?.maintenance ?? false, spec.state === 'maintenance');
      }),
    );
  });
});

const DIGESTS = ['d1ge57a', 'd1ge57b', undefined];

const KEY_TEXT = /d1ge57/;

const anyHost = (name: string): fc.Arbitrary<HostFacts> =>
  fc
    .record({
      osId: fc.constantFrom('debian', 'debian', 'debian', 'fedora'),
      packages: fc.constantFrom(
        {},
        { pacemaker: '3.0.0' },
        { 'pacemaker-remote': '3.0.0', 'pacemaker-cli-utils': '3.0.0', 'resource-agents': '1' },
      ),
      clockAhead: fc.constantFrom(0, 100, -100),
      environment: fc.constantFrom({}, { PCMK_remote_port: '3122' }),
      listening: fc.constantFrom([22], [22, 3121]),
      digest: fc.constantFrom(...DIGESTS),
      mode: fc.constantFrom('400', '644'),
      activeState: fc.constantFrom('active', 'inactive'),
    })
    .map(({ digest, mode, activeState, ...more }) => {
      const unit = { loadState: 'loaded', activeState, unitFileState: 'enabled', startedAt: 5 };
      return hostFacts(name, {
        ...more,
        authkey: { digest, owner: 'hacluster', group: 'haclient', mode, modifiedAt: 4 },
        units: { 'pacemaker_remote.service': unit },
      });
    });

const NO_GUESTS = { guestNodes: new Map(), vms: new Map() };

const MEMBERS = ['c1', 'c2', 'c3'];
const REMOTES = ['r1', 'r2', 'r7', 'r8', 'r9'];

interface World {
  readonly spec: Spec;
  readonly facts: Facts;
  readonly cluster: ClusterFacts;
}

const servers = new Map(REMOTES.map((name) => [name, { address: `192.0.2.${name}`, port: 3121 }]));

const anyWorld: fc.Arbitrary<World> = fc
  .record({
    members: fc.tuple(...MEMBERS.map(anyHost)),
    remotes: fc.tuple(...REMOTES.map(anyHost)),
    silent: fc.subarray(['c3', 'r8', 'r9']),
    nodes: fc.tuple(...REMOTES.map(specOf)),
  })
  .map(({ members, remotes, silent, nodes }) => {
    const cluster = clusterWith(START, ['r1']);
    const answered = ({ name }: HostFacts) => !silent.includes(name);
    const memberFacts = members.filter(answered).map((host): ClusterNodeFacts => ({
      ...host,
      uname: undefined,
      membership: undefined,
      routes: [],
      fencers: new Map(),
    }));
    const why = { code: 'HOST_UNREACHABLE', message: 'no answer', hint: undefined } as const;
    return {
      cluster,
      spec: {
        cluster: { name: 'prod' },
        clusterNodes: MEMBERS.map((name) => ({ name, address: name, connection: sshTo })),
        remoteNodes: nodes,
        guestNodes: [],
        absent: { remoteNodes: [], guestNodes: [] },
        driftIgnores: [],
        authentication: { method: 'psk', isStated: false, authkey: { kind: 'cluster' } },
      },
      facts: {
        clusterNodes: new Map(memberFacts.map((host) => [host.name, host])),
        remoteNodes: new Map(remotes.filter(answered).map((host) => [host.name, host])),
        ...NO_GUESTS,
        unreachable: new Map(silent.map((name) => [name, { name, ...why }])),
        servers,
        cluster,
      },
    };
  });

function planOf({ spec, facts, cluster }: World, seen: Facts = facts): Plan {
  // Chosen from the facts as gathered, in the order of the inventory: among equals the first cluster node counts.
  const authkey = chooseAuthkey(facts, {
    isInUse: true,
    key: undefined,
    isUnfinished: false,
    rotates: false,
  });
  const change = credentialChange(facts, cluster, { authkey, isStated: false });
  const desired = desiredItems(spec, seen, authkey, change);
  return makePlan({
    clusterName: 'prod',
    playbook: sitePlaybook,
    facts: seen,
    cluster,
    differences: findDifferences(seen, cluster, desired),
    declared: REMOTES,
    undeclaredClusterNodes: [],
    unreachableClusterNodes: MEMBERS.filter((name) => seen.unreachable.has(name)),
    credentialChange: change,
    forecast: undefined,
  });
}

const reversed = <Value>(map: ReadonlyMap<string, Value>): ReadonlyMap<string, Value> =>
  new Map([...map].reverse());

describe('a plan', () => {
  it('does not depend on the order in which the hosts answered', () => {
    fc.assert(
      fc.property(anyWorld, (world) => {
        const { clusterNodes, remoteNodes, unreachable } = world.facts;
        const otherOrder: Facts = {
          ...world.facts,
          clusterNodes: reversed(clusterNodes),
          remoteNodes: reversed(remoteNodes),
          unreachable: reversed(unreachable),
        };
        assert.deepEqual(planOf(world, otherOrder), planOf(world));
      }),
    );
  });

  it('tells of every host once: changed, in sync, or left out', () => {
    fc.assert(
      fc.property(anyWorld, (world) => {
        const plan = planOf(world);
        const changed = new Set(
          plan.plays.flatMap(({ changes }) => changes.map(({ host }) => host)),
        );
        const left = plan.problems.map(({ host }) => host);
        assert.deepEqual(
          [...changed, ...plan.inSync, ...left].sort(),
          [...MEMBERS, ...REMOTES].sort(),
        );
      }),
    );
  });

  it('holds no digest of a key, in no form', () => {
    fc.assert(
      fc.property(anyWorld, (world) => {
        const plan = planOf(world);
        assert.doesNotMatch(renderPlan(plan) + planAsJson(plan), KEY_TEXT);
      }),
    );
  });

  it('is empty where everything is as declared', () => {
    const key = { digest: 'd1ge57a', owner: 'hacluster', group: 'haclient', mode: '400' };
    const unit = { loadState: 'loaded', activeState: 'active', unitFileState: 'enabled' };
    const right = (name: string, port: number): HostFacts =>
      hostFacts(name, {
        packages: { 'pacemaker-remote': '3', 'pacemaker-cli-utils': '3', 'resource-agents': '1' },
        environment: { PCMK_remote_port: String(port) },
        authkey: key,
        listening: [port],
        units: { 'pacemaker_remote.service': { ...unit, startedAt: 5 } },
      });
    fc.assert(
      fc.property(anyWorld, (world) => {
        const { remoteNodes } = world.spec;
        let cibText = START;
        for (const node of remoteNodes) {
          cibText = settled(cibText, connectionResourceItem(node));
          cibText = settled(cibText, nodeStateItem(node));
        }
        const member = (name: string): ClusterNodeFacts => ({
          ...hostFacts(name, { authkey: key }),
          uname: undefined,
          membership: undefined,
          routes: [],
          fencers: new Map(),
        });
        const cluster = clusterWith(cibText, REMOTES);
        const plan = planOf({
          ...world,
          cluster,
          facts: {
            clusterNodes: new Map(MEMBERS.map((name) => [name, member(name)])),
            remoteNodes: new Map(remoteNodes.map(({ name, port }) => [name, right(name, port)])),
            ...NO_GUESTS,
            unreachable: new Map(),
            servers: new Map(),
            cluster,
          },
        });
        assert.equal(changeCount(plan), 0, renderPlan(plan));
        assert.deepEqual(
          [plan.problems, plan.risks, plan.inSync],
          [[], [], [...MEMBERS, ...REMOTES]],
        );
      }),
      { numRuns: cases(25) },
    );
  });
});
