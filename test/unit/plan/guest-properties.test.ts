import assert from 'node:assert/strict';
import fc from 'fast-check';
import { guestNodeItem } from '../../../src/items/guest-node.ts';
import { nodeStateItem } from '../../../src/items/node-state.ts';
import { readCib } from '../../../src/pacemaker/cib/cib.ts';
import {
  applyOperations,
  disconnectGuests,
  releaseVms,
  removeGuests,
} from '../../../src/pacemaker/procedures/edit.ts';
import { readCrmMon } from '../../../src/pacemaker/status/crm-mon.ts';
import { element, serializeXml } from '../../../src/pacemaker/basics/xml.ts';
import type { ClusterFacts } from '../../../src/model/facts.ts';
import type { CibItem } from '../../../src/model/item.ts';
import type { GuestNodeSpec } from '../../../src/inventory/spec.ts';
import { crmMonXml } from '../../support/crm-mon.ts';
import { guestNode } from '../../support/specs.ts';
import { fixture } from '../pacemaker/fixtures.ts';
import { cases } from '../../support/cases.ts';

const START = fixture('cib.xml');

const present = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });

/** Whatever an inventory may say of a guest node. */
const specOf = (name: string, resource: string): fc.Arbitrary<GuestNodeSpec> =>
  fc
    .record({
      server: fc.constantFrom('10.77.0.201', '192.0.2.1', '2001:db8::1', 'h.example.net'),
      port: fc.constantFrom(3121, 3122, 65535),
      connectTimeout: present(fc.nat({ max: 600 }).map((seconds) => `${seconds}s`)),
      allowMigrate: present(fc.boolean()),
      attributes: fc.dictionary(fc.constantFrom('rack', 'a.b', 'a:b', 'A'), fc.string()),
      state: fc.constantFrom(undefined, 'online', 'standby', 'maintenance'),
    })
    .map((spec) => guestNode(name, { ...spec, resource }));

function clusterWith(cibText: string, { name, resource }: GuestNodeSpec): ClusterFacts {
  const mon = crmMonXml({
    connections: { [name]: { on: 'c1' } },
    vms: { [resource]: { on: 'c1' } },
  });
  return {
    readFrom: 'c1',
    cib: readCib(cibText),
    cibText,
    mon: readCrmMon(mon),
    dcState: 'S_IDLE',
  };
}

/** The CIB after what an item asks for, which must then have nothing left to ask for. */
function settled(cibText: string, item: CibItem, spec: GuestNodeSpec): string {
  const difference = item.compare(clusterWith(cibText, spec));
  const after = difference ? applyOperations(cibText, difference.operations) : cibText;
  assert.equal(item.compare(clusterWith(after, spec)), undefined);
  return after;
}

/** Everything in a CIB that has an id, but for the meta attributes of this machine and the entry of this node. */
function othersIn(cibText: string, { name, resource }: GuestNodeSpec): readonly string[] {
  const { ids } = readCib(cibText);
  const isTheirs = (id: string): boolean =>
    id.startsWith(`${resource}-meta_attributes`) ||
    id.startsWith('outrigger-guard-') ||
    id === name ||
    id.startsWith(`nodes-${name}`);
  return [...ids].flatMap(([id, { name: kind, attributes }]) =>
    isTheirs(id) ? [] : [`${kind} ${serializeXml(element(kind, attributes))}`],
  );
}

describe('whatever is declared of a guest node', () => {
  for (const [name, resource] of [
    ['guest1', 'vm1'],
    ['g9', 'd1'],
  ] as const) {
    it(`is so after one edit and one release, and nothing else is touched (${name} on ${resource})`, () => {
      fc.assert(
        fc.property(specOf(name, resource), (spec) => {
          const connected = settled(START, guestNodeItem(spec), spec);
          const isNew = name === 'g9';
          const held = readCib(connected).ids.has(`outrigger-guard-${resource}`);
          assert.equal(held, isNew, 'a machine that joins is held, no other');
          const released = settled(connected, nodeStateItem(spec), spec);
          assert.equal(guestNodeItem(spec).compare(clusterWith(released, spec)), undefined);
          const cib = readCib(released);
          const guest = cib.guestNodes.find((one) => one.name === name);
          assert.deepEqual(
            [guest?.resource, guest?.server, guest?.port, guest?.guarded],
            [resource, spec.server, spec.port, false],
          );
          for (const [attribute, value] of Object.entries(spec.attributes))
            assert.equal(cib.nodeEntries.get(name)?.attributes.get(attribute)?.value, value);
          assert.deepEqual(othersIn(released, spec), othersIn(START, spec));
        }),
        { numRuns: cases(40) },
      );
    });
  }

  it('leaves nothing when the join is taken back', () => {
    fc.assert(
      fc.property(specOf('g9', 'd1'), (spec) => {
        let text = settled(START, guestNodeItem(spec), spec);
        for (const edit of [
          disconnectGuests(readCib(text), ['g9']),
          removeGuests(readCib(text), ['g9']),
          releaseVms(['d1']),
        ])
          text = applyOperations(text, edit);
        assert.deepEqual(
          [...readCib(text).ids.keys()].sort(),
          [...readCib(START).ids.keys()].sort(),
        );
      }),
    );
  });
});
