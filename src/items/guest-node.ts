import type { Cib } from '../pacemaker/cib/cib.ts';
import { guestSettings, type GuestNode } from '../pacemaker/cib/connections.ts';
import {
  endRemoval,
  guestDifferences,
  holdForRetry,
  isHeld,
  isBeingRemoved,
  joinGuests,
  joiningValues,
  updateGuests,
} from '../pacemaker/procedures/edit.ts';
import { GUEST_META } from '../pacemaker/basics/names.ts';
import type { ClusterFacts } from '../model/facts.ts';
import type { AttributeChange, CibDifference, CibItem } from '../model/item.ts';
import { vmState } from '../pacemaker/status/vm-state.ts';
import type { GuestNodeSpec } from '../inventory/spec.ts';
import { retry, STAYS } from './retry.ts';

/** The meta attributes by which the resource of a VM makes that VM a guest node. */
export const guestNodeItem = (desired: GuestNodeSpec): CibItem => ({
  kind: 'guest-node',
  host: desired.name,
  compare: (cluster) => {
    const { cib } = cluster;
    const have = cib.guestNodes.find(({ name }) => name === desired.name);
    if (have === undefined) {
      return {
        attributes: joiningAttributes(cib, desired),
        operations: joinGuests(cib, [desired]),
        joins: true,
        cleansUp: false,
        risks: [{ code: 'guest-joins', subjects: [desired.name] }],
      };
    }
    return differenceOf(cluster, have, desired);
  },
});

function differenceOf(
  cluster: ClusterFacts,
  have: GuestNode,
  desired: GuestNodeSpec,
): CibDifference | undefined {
  const { cib } = cluster;
  const differences = guestDifferences(have, desired);
  const failed = tryHeld(cluster, have);
  const stays = isBeingRemoved(cib, desired.name) ? [STAYS] : [];
  if (differences.length + stays.length === 0 && failed === undefined) return undefined;
  const reconnects = differences.some(movesIt) && failed === undefined;
  const changed = [
    ...differences.map((difference): AttributeChange => ({
      ...difference,
      ...(movesIt(difference) ? { reason: 'the connection is restarted' } : {}),
    })),
    ...stays,
  ];
  const holding = failed === undefined ? [] : holdForRetry(cib, [desired.name]);
  return {
    attributes: failed === undefined ? changed : [...changed, failed],
    operations: [...endRemoval(cib, [desired.name]), ...updateGuests(cib, [desired]), ...holding],
    joins: false,
    cleansUp: failed !== undefined,
    risks: reconnects ? [{ code: 'reconnects', subjects: [desired.name] }] : [],
  };
}

/**
 * A retry of a connection that is down while its VM runs. Any change of the CIB would try it, and a failure
 * would then restart the VM or take it down: so it is tried while the VM is unmanaged.
 */
function tryHeld(cluster: ClusterFacts, have: GuestNode): AttributeChange | undefined {
  const vm = vmState(cluster.mon, have, isHeld(cluster.cib, have.resource));
  return vm.kind === 'running' ? retry(cluster, { ...have, id: have.name }) : undefined;
}

const movesIt = ({ name }: Pick<AttributeChange, 'name'>): boolean =>
  name === GUEST_META.address || name === GUEST_META.port;

/** A VM may have some of its own already, e.g. left by a guest node that was taken out by hand. */
function joiningAttributes(cib: Cib, desired: GuestNodeSpec): readonly AttributeChange[] {
  const vm = cib.primitives.get(desired.resource);
  const have = vm && guestSettings(vm.element);
  return [
    { name: 'VM', before: undefined, after: desired.resource },
    ...Object.entries(joiningValues(cib, desired))
      .map(([name, after]) => ({ name, before: have?.get(name)?.value, after }))
      .filter(({ before, after }) => before !== after),
  ];
}
