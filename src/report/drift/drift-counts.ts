import type { DriftHost, HostState } from '../../plan/drift/drift-hosts.ts';

/** The states of hosts, the worst last; what the inventory does not name comes after all. */
export const HOST_STATES: readonly HostState[] = [
  'in-sync',
  'stopped',
  'pending',
  'drifted',
  'refused',
  'unreachable',
  'undeclared',
];

/** How many hosts are in each state. */
export const countStates = (
  hosts: readonly Pick<DriftHost, 'state'>[],
): Readonly<Record<HostState, number>> =>
  Object.fromEntries(
    HOST_STATES.map((state) => [state, hosts.filter((host) => host.state === state).length]),
  ) as Record<HostState, number>;
