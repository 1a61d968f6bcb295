import { isQuiet } from '../../pacemaker/procedures/edit.ts';
import { connectionState } from '../../pacemaker/status/crm-mon.ts';
import type { ClusterFacts } from '../../model/facts.ts';
import type { Play } from '../../playbook/playbook.ts';
import { nodesOf } from '../../inventory/spec.ts';
import { checkCredentials, clusterNodeBlockers, tryPorts } from './checks.ts';
import type { EditContext } from '../run/edit-context.ts';
import type { RunHosts } from '../run/run-hosts.ts';
import type { RunInput } from '../run/run-input.ts';
import type { Blockers } from '../run/blockers.ts';
import { movesOf } from './quiet-protection.ts';

/** The message for a node that was left as it is. */
export const UNREACHED =
  'its connection is unchanged: make sure that every cluster node reaches it (firewall, routes, bans), then apply again';

/** The message for a node that was left as it is for another reason. */
export const FIRST = 'its connection is unchanged: fix this first, then apply again';

/** Why a node is not touched, and what to do about it. */
export interface Untouched {
  readonly because: string;
  readonly hint: string;
}

/**
 * Why nodes could not be released after a restart, whatever comes of it: what speaks against them does so now already. It is
 * checked only for those that are online and verified, and so have something to lose: a restart may correct what is wrong with others.
 */
export async function restartBlockers(
  context: RunInput & RunHosts & Pick<EditContext, 'emit'>,
  play: Play,
  before: ClusterFacts,
  names: readonly string[],
): Promise<ReadonlyMap<string, Untouched>> {
  const online = names.filter((name) => isIn(before, name));
  if (online.length === 0) return new Map();
  const blockers = await clusterNodeBlockers(context);
  if (blockers !== undefined)
    return new Map(online.map((name) => [name, { because: blockers, hint: FIRST }]));
  const closed = await unreached(context, play, before, online);
  return new Map([...closed].map(([name, because]) => [name, { because, hint: UNREACHED }]));
}

/** The same for connections that go elsewhere, where a daemon listens already: nothing comes of what is found there now. */
export async function moveBlockers(
  context: RunInput & RunHosts & Pick<EditContext, 'emit'>,
  play: Play,
  before: ClusterFacts,
  names: readonly string[],
): Promise<ReadonlyMap<string, Untouched>> {
  const nodes = nodesOf(context.spec).filter(
    ({ name }) => names.includes(name) && isIn(before, name),
  );
  if (nodes.length === 0) return new Map();
  const closed = await tryPorts(context, play, nodes);
  const found = [...(await checkCredentials(context, nodes)), ...closed];
  return new Map(
    found.map(([name, because]) => [name, { because, hint: closed.has(name) ? UNREACHED : FIRST }]),
  );
}

/** Which of these nodes are online and verified although a cluster node does not reach their ports; those that move are left out. */
export async function unreached(
  context: Pick<RunInput, 'spec' | 'plan' | 'cibItems'> &
    Pick<RunHosts, 'clusterHosts' | 'reached'> &
    Pick<EditContext, 'emit'>,
  play: Play,
  before: ClusterFacts,
  names: readonly string[],
): Promise<Blockers> {
  const nodes = nodesOf(context.spec).filter(
    ({ name }) =>
      names.includes(name) && isIn(before, name) && movesOf(context, before, name).length === 0,
  );
  if (nodes.length === 0) return new Map();
  return tryPorts(context, play, nodes);
}

const isIn = ({ cib, mon }: ClusterFacts, name: string): boolean =>
  !isQuiet(cib, name) && connectionState(mon, name).state === 'node-online';
