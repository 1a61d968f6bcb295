import { setTimeout as sleep } from 'node:timers/promises';
import type { Lease } from '../apply/lock/lease.ts';
import { authkeyLoader } from '../credential-sources/authkey.ts';
import type { RunHosts } from '../apply/run/run-hosts.ts';
import type { RunInput, RunOptions } from '../apply/run/run-input.ts';
import type { RunOrigin } from '../records/run-log.ts';
import { runPlan } from '../apply/plays/run.ts';
import { probeHost } from '../probe/probe.ts';
import type { RunEvent, RunResult } from '../model/run-event.ts';
import type { HostFacts } from '../model/facts.ts';
import { leftOut } from '../model/plan.ts';
import { refuseRisks } from '../model/risk.ts';
import { connectedNames } from '../pacemaker/cib/cib.ts';
import type { Playbook } from '../playbook/playbook.ts';
import { ownOnHost, type Nodes, type Spec } from '../inventory/spec.ts';
import type { Planned } from './plan/plan-cluster.ts';
import { underRecord } from './record.ts';

export interface ApplyRequest {
  readonly spec: Spec;
  readonly selected: Nodes;
  readonly playbook: Playbook;
  readonly planned: Planned;
  readonly options: RunOptions;
  /** The lock of the cluster, which the caller releases. */
  readonly lease: Lease;
  readonly allowed: ReadonlySet<string>;
  readonly signal: AbortSignal;
  readonly onEvent: (event: RunEvent) => void;
  readonly origin?: RunOrigin | undefined;
  /** Waits for so many milliseconds; default: in truth. */
  readonly pause?: RunHosts['pause'] | undefined;
}

/** How a run ended, also one that was stopped in the middle. */
export interface Applied extends RunResult {
  /** The directory of its record. */
  readonly log: string;
  /** What stopped the run before its end: an OutriggerError, or else a bug. */
  readonly stopped: Error | undefined;
}

/**
 * Carries out a plan that was made a moment ago. Throws REFUSED while it holds a risk that nobody allowed; from the first
 * step on whatever happens is reported in the result.
 */
export async function applyPlan(request: ApplyRequest): Promise<Applied> {
  const { spec, planned, options, lease, allowed, signal, onEvent } = request;
  const { plan, hosts, queryNode } = planned;
  refuseRisks(plan.risks, allowed);
  // Kept here, so that it is known who has failed when the run is stopped.
  const failed = new Map(leftOut(plan).map(({ host, message }) => [host, message]));
  const recorded = await underRecord(
    {
      cluster: spec.cluster.name,
      hosts,
      queryNode,
      lease,
      allowed,
      origin: request.origin,
      entries: [{ type: 'plan', plays: plan.plays }],
      forks: options.forks,
      signal,
      onEvent,
      notice: 'Record',
      failed: () => failed,
    },
    (recorder) =>
      runPlan({
        ...inputOf(request),
        ...hostsOf(request),
        queryNode,
        lease,
        ...recorder,
        joining: new Set(),
        vms: new Map(),
        entriesBefore: new Map(),
        inVain: new Set(),
        failed,
      }),
  );
  return { failed, ...recorded };
}

const inputOf = ({
  spec,
  selected,
  playbook,
  planned: { plan, hostItems, cibItems, absent, credentials, cluster },
  options,
  signal,
}: ApplyRequest): RunInput => ({
  spec: { ...spec, ...selected },
  playbook,
  plan,
  hostItems,
  cibItems,
  absent,
  x509: credentials?.desired,
  connected: new Set(connectedNames(cluster.cib)),
  options,
  signal,
});

function hostsOf({ spec, planned, pause = sleep }: ApplyRequest): RunHosts {
  const { hosts, facts, authkey, credentials } = planned;
  const lastFacts = new Map<string, HostFacts>(facts.clusterNodes);
  return {
    hosts,
    clusterHosts: spec.clusterNodes.flatMap(({ name }) => hosts.get(name) ?? []),
    probe: async (host) => {
      const found = await probeHost(host, {
        own: ownOnHost(spec.authentication, host.name),
        upgrades: planned.upgrades && !facts.clusterNodes.has(host.name),
      });
      lastFacts.set(host.name, found);
      return found;
    },
    lastFacts,
    reached: new Map(),
    loadAuthkey: authkeyLoader(authkey, hosts, [...facts.clusterNodes.values()]),
    loadCertificate: certificateLoader(credentials),
    pause,
  };
}

const certificateLoader =
  (credentials: Planned['credentials']): RunHosts['loadCertificate'] =>
  (node, role) => {
    if (credentials === undefined) throw new Error('certificates are not used');
    return credentials.contentOf(node, role);
  };
