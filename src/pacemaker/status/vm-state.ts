import type { ResourceStatus } from './cluster-status.ts';
import type { CrmMon } from './crm-mon.ts';
import { failuresOf, failureTexts } from './failures.ts';

/** What the cluster reports of a VM's resource. */
export type VmState =
  | { readonly kind: 'running'; readonly on: string }
  /** The cluster means it to be off: nothing has failed. */
  | { readonly kind: 'stopped' }
  /** It starts, stops or is migrated. */
  | { readonly kind: 'on-the-way'; readonly why: string }
  | { readonly kind: 'other'; readonly why: string };

/** The resource as crm_mon shows it. */
export const vmOf = (mon: CrmMon, resource: string): ResourceStatus | undefined =>
  mon.resources.find(({ primitive }) => primitive === resource);

const hasFailed = ({ failCounts }: CrmMon, names: readonly string[]): boolean =>
  failCounts.some(({ resource }) => names.includes(resource));

/** A guest node and its VM. */
interface Guest {
  readonly name: string;
  readonly resource: string;
}

type Rule = readonly [
  holds: (vm: ResourceStatus, isHeld: boolean) => boolean,
  why: (vm: ResourceStatus) => string,
  kind?: 'on-the-way',
];

/** What is neither running as it should nor simply off, the most telling reason first. */
const RULES: readonly Rule[] = [
  [({ orphaned }) => orphaned, () => 'it was deleted but still runs'],
  [({ blocked }) => blocked, () => 'it is blocked'],
  [({ failed }) => failed, () => 'it has failed'],
  [
    ({ pending, role }) => pending !== undefined || role.endsWith('ing'),
    ({ pending, role }) => `it is changing its state (${pending ?? role})`,
    'on-the-way',
  ],
  [
    ({ active, managed, maintenance }, isHeld) => active && !isHeld && (!managed || maintenance),
    () => 'it is unmanaged',
  ],
  [({ nodes }) => nodes.length > 1, () => 'it is active on several nodes'],
];

/**
 * Whether a VM runs, is meant to be off, or neither; `isHeld`: it is our own marker that keeps it unmanaged. A
 * connection that fails takes its VM down, so its failures count as well.
 */
export function vmState(mon: CrmMon, { name, resource }: Guest, isHeld: boolean): VmState {
  const vm = vmOf(mon, resource);
  if (vm === undefined) return { kind: 'other', why: 'the cluster does not report it' };
  const broken = RULES.find(([holds]) => holds(vm, isHeld));
  if (broken !== undefined) return { kind: broken[2] ?? 'other', why: broken[1](vm) };
  const [on] = vm.nodes;
  if (vm.active && on !== undefined) return { kind: 'running', on };
  const why = whyDown(mon, [resource, name]);
  return why === undefined ? { kind: 'stopped' } : { kind: 'other', why };
}

/** How the connection to a guest node failed whose VM is off; undefined: it runs, or that is not why. */
export function failureThatStopped(mon: CrmMon, { name, resource }: Guest): string | undefined {
  if (vmOf(mon, resource)?.active !== false) return undefined;
  const failures = failuresOf(mon, [name]);
  return failures.length === 0 ? undefined : failureTexts(failures).join('; ');
}

/** What failed of a VM that is off; undefined: nothing. */
function whyDown(mon: CrmMon, names: readonly string[]): string | undefined {
  const failures = failuresOf(mon, names);
  if (failures.length > 0) return `it failed (${failureTexts(failures).join('; ')})`;
  return hasFailed(mon, names) ? 'it failed before' : undefined;
}
