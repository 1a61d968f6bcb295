import { guestDifferences, guestValues, joinGuests, updateGuests } from '../pacemaker/cib-edit.ts';
import { GUEST_META } from '../pacemaker/names.ts';
import type { AttributeChange, CibDifference, CibItem } from '../plan/item.ts';
import type { GuestNodeSpec } from '../spec/spec.ts';

/** The meta attributes by which the resource of a virtual machine makes that machine a guest node. */
export const guestNodeItem = (want: GuestNodeSpec): CibItem => ({
  kind: 'guest-node',
  host: want.name,
  compare: ({ cib }) => {
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
    const differences = guestDifferences(have, want);
    if (differences.length === 0) return undefined;
    const reconnects = differences.some(movesIt);
    return {
      attributes: differences.map((difference) => ({
        ...difference,
        ...(movesIt(difference) ? { reason: 'the connection is stopped and started again' } : {}),
      })),
      operations: updateGuests(cib, [want]),
      joins: false,
      cleansUp: false,
      risks: reconnects ? [{ code: 'reconnects', subjects: [want.name] }] : [],
    } satisfies CibDifference;
  },
});

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
