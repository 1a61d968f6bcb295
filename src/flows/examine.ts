import pLimit from 'p-limit';
import { reachedFrom } from '../apply/run/reach.ts';
import { examineHost } from '../probe/examine.ts';
import type { Gathered } from '../probe/gather.ts';
import type { Host } from '../host/host.ts';
import { diagnose } from '../plan/doctor/diagnose.ts';
import type { Diagnosis, Examination } from '../model/diagnosis.ts';
import { remoteHosts, type Facts } from '../model/facts.ts';
import { platformOf } from '../platform/detect.ts';
import { nodesOf } from '../inventory/spec.ts';
import { OutriggerError } from '../support/errors.ts';
import { localCredentials, type LocalCredentials } from '../credential-sources/read-credentials.ts';
import { closeAll, gatherNodes } from './plan/gather-nodes.ts';
import { planFrom, type PlanRequest } from './plan/plan-cluster.ts';

/**
 * Looks at hosts and cluster from every side, and goes on whatever it finds: what stands in the way of a plan is one
 * finding among others. Changes nothing. Rejects only when it is aborted.
 */
export async function examine(request: PlanRequest): Promise<Diagnosis> {
  const local = await tryTo(() => localCredentials(request));
  const gathered = await gatherNodes(request);
  try {
    const { facts } = gathered;
    const [hosts, reached, plan] = await Promise.all([
      examineHosts(request, gathered),
      reachFrom(request, gathered),
      tryPlan(request, local, gathered),
    ]);
    const clusterNodes = request.spec.clusterNodes.map(({ name }) => name);
    return diagnose({ facts, clusterNodes, hosts, reached, plan });
  } finally {
    await closeAll(gathered.hosts);
  }
}

/** The message of an expected failure in place of an answer. */
async function tryTo<T>(work: () => Promise<T>): Promise<T | OutriggerError> {
  try {
    return await work();
  } catch (thrown) {
    if (thrown instanceof OutriggerError) return thrown;
    throw thrown;
  }
}

async function tryPlan(
  request: PlanRequest,
  local: LocalCredentials | OutriggerError,
  gathered: Gathered,
): Promise<Examination['plan']> {
  if (local instanceof OutriggerError) return local;
  const planned = await tryTo(() => planFrom(request, local, gathered));
  return planned instanceof OutriggerError ? planned : planned.plan;
}

async function examineHosts(
  { forks }: PlanRequest,
  { facts, hosts }: Gathered,
): Promise<Examination['hosts']> {
  const limit = pLimit(forks);
  return new Map(
    await Promise.all(
      [...hosts].map(([name, host]) =>
        limit(async () => {
          const reported = await tryTo(() => examineHost(host, missingOn(facts, name)));
          return [name, reported] as const;
        }),
      ),
    ),
  );
}

/** What an apply would install there. */
function missingOn(facts: Facts, name: string): readonly string[] {
  const host = remoteHosts(facts).find((each) => each.name === name);
  const platform = host === undefined ? undefined : platformOf(host);
  return platform?.remotePackages.filter((desired) => host?.packages[desired] === undefined) ?? [];
}

async function reachFrom(
  { spec, selected }: PlanRequest,
  { hosts }: Gathered,
): Promise<Examination['reached']> {
  const nodes = nodesOf(selected);
  const clusterHosts = spec.clusterNodes.flatMap(({ name }): Host[] =>
    [hosts.get(name) ?? []].flat(),
  );
  return new Map(
    await Promise.all(
      clusterHosts.map(async (host) => {
        const reached = await tryTo(() => reachedFrom(host, nodes));
        return [host.name, reached instanceof OutriggerError ? undefined : reached] as const;
      }),
    ),
  );
}
