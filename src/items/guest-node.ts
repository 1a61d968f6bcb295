import type { GuestNode } from '../pacemaker/cib-connections.ts';
import {
  endLeaving,
  guestDifferences,
  guestValues,
  holdForRetry,
  isHeld,
  isLeaving,
  joinGuests,
  updateGuests,
} from '../pacemaker/cib-edit.ts';
import { GUEST_META } from '../pacemaker/names.ts';
import type { ClusterFacts } from '../plan/facts.ts';
import type { AttributeChange, CibDifference, CibItem } from '../plan/item.ts';
import { machineState } from '../plan/machine.ts';
import type { GuestNodeSpec } from '../spec/spec.ts';
import { anotherTry, STAYS } from './another-try.ts';

/** The meta attributes by which the resource of a virtual machine makes that machine a guest node. */
export const guestNodeItem = (want: GuestNodeSpec): CibItem => ({
  kind: 'guest-node',
  host: want.name,
  compare: (cluster) => {
    const { cib } = cluster;
    const have = cib.guestNodes.find(({ name }) => name === want.name);
    if (have === undefined) {
      return {
        attributes: joiningAttributes(want),
        operations: joinGuests(cib, [want]),
        joins: true,
        cleansUp: false,
        risks: [{ code: 'guest-joins', subjects: [want.name] }],
      };
    }
    return differenceOf(cluster, have, want);
  },
});

function differenceOf(
  cluster: ClusterFacts,
  have: GuestNode,
  want: GuestNodeSpec,
): CibDifference | undefined {
  const { cib } = cluster;
  const differences = guestDifferences(have, want);
  const failed = tryHeld(cluster, have);
  const stays = isLeaving(cib, want.name) ? [STAYS] : [];
  if (differences.length + stays.length === 0 && failed === undefined) return undefined;
  const reconnects = differences.some(movesIt) && failed === undefined;
  const changed = [
    ...differences.map((difference): AttributeChange => ({
      ...difference,
      ...(movesIt(difference) ? { reason: 'the connection is stopped and started again' } : {}),
    })),
    ...stays,
  ];
  const holding = failed === undefined ? [] : holdForRetry(cib, [want.name]);
  return {
    attributes: failed === undefined ? changed : [...changed, failed],
    operations: [...endLeaving(cib, [want.name]), ...updateGuests(cib, [want]), ...holding],
    joins: false,
    cleansUp: failed !== undefined,
    risks: reconnects ? [{ code: 'reconnects', subjects: [want.name] }] : [],
  };
}

/**
 * Another try of a connection that is down while its machine runs. Any change of the CIB would try it, and a failure
 * would then restart the machine or take it down: so it is tried while the machine is held.
 */
function tryHeld(cluster: ClusterFacts, have: GuestNode): AttributeChange | undefined {
  const machine = machineState(cluster.mon, have, isHeld(cluster.cib, have.resource));
  return machine.kind === 'running' ? anotherTry(cluster, { ...have, id: have.name }) : undefined;
}

const movesIt = ({ name }: Pick<AttributeChange, 'name'>): boolean =>
  name === GUEST_META.address || name === GUEST_META.port;

const joiningAttributes = (want: GuestNodeSpec): readonly AttributeChange[] => [
  { name: 'machine', before: undefined, after: want.resource },
  ...Object.entries(guestValues(want)).map(([name, after]) => ({
    name,
    before: undefined,
    after,
  })),
];
