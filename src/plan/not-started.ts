import { nodeConnection } from '../pacemaker/cib/cib.ts';
import { isBeingRemoved, isQuiet } from '../pacemaker/procedures/edit.ts';
import { connects } from '../playbook/playbook.ts';
import type { ClusterFacts } from '../model/facts.ts';
import type { Differences } from './differences.ts';
import type { Problem } from '../model/plan.ts';
import { hindrance } from '../items/why-not-started.ts';

/** What is left of a plan without connections that the scheduler would not start. */
export interface WithoutNotStarted {
  readonly differences: Differences;
  /** Nodes that are made right, but for their connections. */
  readonly leftAsIs: readonly string[];
}

/**
 * Takes connections out of a plan that the scheduler would not start: each would be waited for in vain. A node that is in the
 * cluster already loses that item alone. One that would join, and one that an unfinished run has left marked, is left
 * out as a whole.
 */
export function withoutNotStarted(
  { problems, onHosts, inCib, ...others }: Differences,
  cluster: ClusterFacts,
  names: readonly string[],
): WithoutNotStarted {
  const leftAsIs = names.filter((name) => isSettled(cluster, name));
  const refused = names.filter((name) => !leftAsIs.includes(name));
  const isKept = ({ host }: { readonly host: string }): boolean => !refused.includes(host);
  const all = [...problems, ...refused.map((name) => refusalOf(cluster, name))];
  return {
    differences: {
      ...others,
      problems: all.sort((one, other) => (one.host < other.host ? -1 : 1)),
      onHosts: new Map([...onHosts].filter(([item]) => isKept(item))),
      inCib: new Map(
        [...inCib].filter(
          ([item]) => isKept(item) && !(leftAsIs.includes(item.host) && connects(item.kind)),
        ),
      ),
    },
    leftAsIs,
  };
}

/** It has a connection, and nothing on it is from a run that did not finish. */
function isSettled({ cib }: ClusterFacts, name: string): boolean {
  const connection = nodeConnection(cib, name);
  if (connection === undefined || connection.guarded || isBeingRemoved(cib, name)) return false;
  return !isQuiet(cib, name);
}

function refusalOf(cluster: ClusterFacts, name: string): Problem {
  const { why, hint } = hindrance(cluster, name);
  const message = `no cluster node may run the connection of ${name}: ${why}`;
  return { host: name, kind: 'refused', code: 'NOT_STARTED', message, hint };
}
