import type { Cib } from '../pacemaker/cib/cib.ts';
import { guestSettings, type GuestNode } from '../pacemaker/cib/connections.ts';
import {
  endLeaving,
  guestDifferences,
  holdForRetry,
  isHeld,
  isLeaving,
  joinGuests,
  joiningValues,
  updateGuests,
} from '../pacemaker/procedures/edit.ts';
import { GUEST_META } from '../pacemaker/basics/names.ts';
import type { ClusterFacts } from '../model/facts.ts';
import type { AttributeChange, CibDifference, CibItem } from '../model/item.ts';
import { machineState } from '../pacemaker/status/machine.ts';
import type { GuestNodeSpec } from '../inventory/spec.ts';
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
        attributes: joiningAttributes(cib, want),
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
      ...(movesIt(difference) ? { reason: 'the connection is restarted' } : {}),
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

/** A machine may have some of its own already, e.g. left by a guest node that was taken out by hand. */
function joiningAttributes(cib: Cib, want: GuestNodeSpec): readonly AttributeChange[] {
  const machine = cib.primitives.get(want.resource);
  const have = machine && guestSettings(machine.element);
  return [
    { name: 'machine', before: undefined, after: want.resource },
    ...Object.entries(joiningValues(cib, want))
      .map(([name, after]) => ({ name, before: have?.get(name)?.value, after }))
      .filter(({ before, after }) => before !== after),
  ];
}
