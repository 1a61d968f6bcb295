import { nodeConnection, type Cib } from '../pacemaker/cib/cib.ts';
import { isFencingOn, isOptionOn, startsByQuorum } from '../pacemaker/cib/cluster-options.ts';
import { connectionState, type NotIn } from '../pacemaker/status/crm-mon.ts';
import { settings } from '../pacemaker/basics/nvpairs.ts';
import { at } from '../pacemaker/basics/xml.ts';
import { printable } from '../support/text/printable.ts';
import { someOf } from '../support/text/some-of.ts';
import type { ClusterFacts } from '../model/facts.ts';

/** Why the scheduler starts no connection of a node, and what to do about it. */
export interface Hindrance {
  readonly why: string;
  readonly hint: string;
}

/** The text for a node in the cluster, after its name. */
export const leftAsItIs = ({ why }: Hindrance): string => `its connection is unchanged: ${why}`;

/** The same of any node that is not in, whether a reason is shown or not. */
export const notInText = (why: NotIn, reason: Hindrance | undefined): string =>
  reason === undefined ? `not online (${why})` : leftAsItIs(reason);

type Read = Pick<ClusterFacts, 'cib' | 'mon'>;

/** Returns what hinders the connection of that node, where it does. */
type Rule = (cluster: Read, name: string) => Hindrance | undefined;

const OPT_IN = 'the cluster is opt-in (symmetric-cluster=false)';
const ADD =
  'add location constraints that let cluster nodes run it, e.g. with rsc-pattern and score 0';

/**
 * Why the scheduler starts no connection of a node, as far as the CIB and crm_mon show it without a simulation; undefined: they
 * show nothing that hinders it.
 */
export function shownHindrance(cluster: Read, name: string): Hindrance | undefined {
  for (const rule of RULES) {
    const found = rule(cluster, name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The same for a connection that a simulation has not started. */
export const hindrance = (cluster: Read, name: string): Hindrance =>
  shownHindrance(cluster, name) ??
  (isOptIn(cluster, name)
    ? {
        why: `${OPT_IN}, and no location constraint allows it on any of them, or their health prevents it, or resources are unmanaged by default`,
        hint: `${ADD}, or check \`crm_simulate -sL\`, node-health-strategy and rsc_defaults`,
      }
    : {
        why: 'a constraint or the node health bans it from each of them, or resources are unmanaged by default',
        hint: 'check `crm_simulate -sL`, constraints that name it or match it by rsc-pattern, node-health-strategy and rsc_defaults',
      });

/**
 * Nodes with connections that are not started, and what is shown to hinder them; `notStarted`: those that a simulation has
 * not started either, whatever is shown.
 */
export function hindrances(
  cluster: Read,
  names: Iterable<string>,
  notStarted: readonly string[] = [],
): ReadonlyMap<string, Hindrance> {
  const found = new Map<string, Hindrance>();
  for (const name of names) {
    const reason = isStopped(cluster, name) ? shownHindrance(cluster, name) : undefined;
    if (reason !== undefined) found.set(name, reason);
  }
  for (const name of notStarted) found.set(name, hindrance(cluster, name));
  return found;
}

/** Not started, and neither stopped nor unmanaged by an operator. */
function isStopped({ cib, mon }: Read, name: string): boolean {
  const connection = nodeConnection(cib, name);
  const state = connectionState(mon, name);
  const isTheirs = connection?.targetRole?.toLowerCase() === 'stopped';
  if (connection?.isManaged !== true || isTheirs) return false;
  return state.state === 'not-online' && state.why === 'not-started';
}

/** Cluster nodes that may run resources. */
const able = ({ mon }: Read): readonly string[] =>
  [...mon.nodes.values()]
    .filter(({ type, online }) => type === 'member' && online)
    .filter(({ standby, maintenance }) => !standby && !maintenance)
    .map(({ name }) => name);

const isGuest = (cib: Cib, name: string): boolean => nodeConnection(cib, name)?.isGuest === true;

/**
 * The connection of a guest node is always opted in, it goes where its VM runs (3.0.0 lib/pengine/complex.c,
 * pe__unpack_resource: `remote_connection_default`).
 */
const isOptIn = (cluster: Read, name: string): boolean =>
  !isOptionOn(cluster, 'symmetric-cluster') && !isGuest(cluster.cib, name);

/** The most telling first. Each agrees with crm_simulate of 3.0.0, which starts nothing there, and the connection otherwise. */
const RULES: readonly Rule[] = [
  (cluster) =>
    startsByQuorum(cluster)
      ? undefined
      : { why: 'the cluster has no quorum', hint: 'bring cluster nodes back online first' },
  (cluster) =>
    isOptionOn(cluster, 'stop-all-resources')
      ? { why: 'stop-all-resources is on', hint: 'disable that option first' }
      : undefined,
  (cluster) =>
    able(cluster).length > 0
      ? undefined
      : {
          why: 'all of them are offline, in standby or in maintenance',
          hint: 'make one of them able to run resources first',
        },
  (cluster) => (lacksFencing(cluster) ? NO_FENCING : undefined),
  (cluster, name) =>
    isOptIn(cluster, name) &&
    !cluster.cib.constraints.some((one) => mayAllow(cluster.cib, one, name))
      ? { why: `${OPT_IN}, and no location constraint allows it on any of them`, hint: ADD }
      : undefined,
  banned,
  stoppedByDefault,
];

const NO_FENCING: Hindrance = {
  why: 'fencing is on, but there is no fence device, so the cluster starts nothing',
  hint: 'configure a fence device first',
};

/**
 * 3.0.0 lib/pengine/unpack.c, unpack_resources: "Resource start-up disabled since no STONITH resources have been defined"; a
 * watchdog counts as one (unpack_config). The cluster itself writes that option into the CIB.
 */
const lacksFencing = (cluster: Read): boolean =>
  isFencingOn(cluster) &&
  cluster.cib.fencingDevices.length === 0 &&
  !isOptionOn(cluster, 'have-watchdog');

type LocationConstraint = Cib['constraints'][number];

/** Whether a location constraint may let a node run the connection: patterns and rules are not evaluated. */
function mayAllow({ ids }: Cib, { kind, resources, element }: LocationConstraint, name: string) {
  const { score = '', 'rsc-pattern': pattern } = element.attributes;
  if (kind !== 'rsc_location' || score.startsWith('-')) return false;
  // A tag or a template may stand for it.
  const isOther = (id: string): boolean =>
    id !== name && RESOURCES.includes(ids.get(id)?.name ?? '');
  return pattern !== undefined || !resources.every(isOther);
}

const RESOURCES: readonly string[] = ['primitive', 'group', 'clone', 'master', 'bundle'];

/** crm_mon evaluates patterns and rules. */
function banned(cluster: Read, name: string): Hindrance | undefined {
  const bans = cluster.mon.bans.filter(
    ({ resource, isAbsolute }) => resource === name && isAbsolute,
  );
  const left = able(cluster).filter((node) => bans.every((ban) => ban.node !== node));
  if (left.length > 0) return undefined;
  const ids = [...new Set(bans.map(({ id }) => printable(id)))];
  return {
    why: `location constraints ban it from all cluster nodes that can run resources: ${someOf(ids)}`,
    hint: 'change or remove these constraints first',
  };
}

function stoppedByDefault({ cib }: Read, name: string): Hindrance | undefined {
  const connection = nodeConnection(cib, name);
  const defaults = at(cib.root, 'configuration', 'rsc_defaults');
  if (defaults === undefined || connection?.targetRole !== undefined) return undefined;
  const role = settings(defaults, 'meta_attributes', cib.ids).get('target-role')?.value;
  return role?.toLowerCase() === 'stopped'
    ? { why: 'rsc_defaults stop it (target-role)', hint: 'set its target-role first' }
    : undefined;
}
