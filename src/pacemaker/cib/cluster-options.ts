import type { Cib } from './cib.ts';
import type { CrmMon } from '../status/crm-mon.ts';
import { booleanOf } from '../basics/durations.ts';

/** A cluster as it was read: its CIB, and what its own tools make of that. */
interface ReadCluster {
  readonly cib: Cib;
  readonly mon: Pick<CrmMon, 'options'>;
}

/** What Pacemaker takes where an option is not set, or not to a valid value (lib/common/options.c, cluster_option_value). */
const DEFAULTS = {
  'stonith-enabled': true,
  'maintenance-mode': false,
  'symmetric-cluster': true,
  'stop-all-resources': false,
  'stop-orphan-resources': true,
  'have-watchdog': false,
} as const;

/** A boolean option that something here depends on, by the name that every version knows. */
export type BooleanOption = keyof typeof DEFAULTS;

/** The names that replace older ones. The new one counts where it is set, whatever its value is (3.0.2, the same function). */
const NEW_NAMES: Readonly<Record<string, string>> = {
  'stonith-enabled': 'fencing-enabled',
  'stop-orphan-resources': 'stop-removed-resources',
};

/**
 * An option as the cluster itself uses it. crm_mon evaluates the configuration as the scheduler does: it knows the names that
 * its version knows, which of several blocks counts and which rules hold. It prints the fencing option (3.0.2 and later under
 * both names, alike), symmetric-cluster, no-quorum-policy, maintenance-mode and stop-all-resources (2.1.5 to 3.0.2,
 * lib/pengine/pe_output.c, cluster_options_xml). Others are read from the CIB, where blocks with rules are left out.
 */
const effective = ({ cib, mon }: ReadCluster, name: string): string | undefined => {
  const newName = NEW_NAMES[name] ?? name;
  const reported = mon.options[newName] ?? mon.options[name];
  if (reported !== undefined) return reported;
  const written = (each: string): string | undefined => cib.properties.get(each)?.value;
  return (knowsNewNames(cib) ? written(newName) : undefined) ?? written(name);
};

/** Pacemaker 3.0.2 has renamed options (include/crm/common/options.h); an older one ignores the new names (seen on 3.0.0). */
function knowsNewNames({ properties }: Cib): boolean {
  const version = /^(\d{1,9})\.(\d{1,9})\.(\d{1,9})/.exec(
    properties.get('dc-version')?.value ?? '',
  );
  const [major = 0, minor = 0, patch = 0] = (version ?? []).slice(1).map(Number);
  return major > 3 || (major === 3 && (minor > 0 || patch >= 2));
}

/** A boolean option as the cluster itself uses it. */
export const isOptionOn = (cluster: ReadCluster, name: BooleanOption): boolean =>
  booleanOf(effective(cluster, name) ?? '') ?? DEFAULTS[name];

/** Whether the cluster fences. */
export const isFencingOn = (cluster: ReadCluster): boolean =>
  isOptionOn(cluster, 'stonith-enabled');

/** Whether the cluster as a whole is in maintenance mode. */
export const isInMaintenance = (cluster: ReadCluster): boolean =>
  isOptionOn(cluster, 'maintenance-mode');

/**
 * Whether the cluster starts what is not started: with quorum, or where the lack of it is ignored. Every other policy, and
 * whatever is no policy, starts nothing (3.0.0 lib/pengine/unpack.c, unpack_config, which compares without case;
 * lib/pengine/pe_actions.c, update_resource_action_runnable).
 */
export const startsByQuorum = (cluster: ReadCluster): boolean =>
  cluster.cib.haveQuorum || effective(cluster, 'no-quorum-policy')?.toLowerCase() === 'ignore';
