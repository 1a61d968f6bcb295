import { setTimeout as sleep } from 'node:timers/promises';
import type { Lease } from '../apply/lease.ts';
import { authkeyLoader } from '../apply/authkey.ts';
import type { RunContext, RunOptions } from '../apply/context.ts';
import type { RunOrigin } from '../apply/run-log.ts';
import { runPlan } from '../apply/run.ts';
import { changesByHost, tellHosts } from '../apply/tell-hosts.ts';
import { probeHost } from '../facts/probe.ts';
import type { RunEvent, RunResult } from '../plan/run-event.ts';
import { leftOut } from '../plan/plan.ts';
import { refuseRisks } from '../plan/risk.ts';
import { connectedNames } from '../pacemaker/cib.ts';
import type { Playbook } from '../playbook/playbook.ts';
import { ownOnHost, type Nodes, type Spec } from '../spec/spec.ts';
import type { Planned } from './plan-cluster.ts';
import { beginRecord, endRecord } from './record.ts';

export interface ApplyRequest {
  readonly spec: Spec;
  readonly selected: Nodes;
  readonly playbook: Playbook;
  readonly planned: Planned;
  readonly options: RunOptions;
  /** The lock of the cluster, which the caller gives back. */
  readonly lease: Lease;
  readonly allowed: ReadonlySet<string>;
  readonly signal: AbortSignal;
  readonly onEvent: (event: RunEvent) => void;
  readonly origin?: RunOrigin | undefined;
  /** Waits for so many milliseconds; default: in truth. */
  readonly pause?: RunContext['pause'] | undefined;
}

/** How a run ended, also one that was stopped in the middle. */
export interface Applied extends RunResult {
  /** The folder of its record. */
  readonly log: string;
  /** What stopped the run before its end: an OutriggerError, or else a bug. */
  readonly stopped: Error | undefined;
}

/**
 * Carries out a plan that was made a moment ago. Throws REFUSED while it holds a risk that nobody allowed; from the first
 * step on whatever happens is told by the result.
 */
export async function applyPlan(request: ApplyRequest): Promise<Applied> {
  const { spec, selected, playbook, planned, options, lease, allowed, signal, onEvent } = request;
  refuseRisks(planned.plan.risks, allowed);
  const { plan, hosts, lead, authkey, credentials, cluster } = planned;
  const { log, author } = beginRecord(spec.cluster.name, {
    ...{ allowed: [...allowed], lock: lease.id, tookOver: lease.replaced?.lock.id },
    ...request.origin,
  });
  log.write({ type: 'plan', plays: plan.plays });
  // Kept here, so that it is known who has failed when the run is stopped.
  const failed = new Map(leftOut(plan).map(({ host, message }) => [host, message]));
  const events: RunEvent[] = [];
  const emit = (event: RunEvent): void => {
    log.write({ ...event });
    events.push(event);
    onEvent(event);
  };
  let stopped: Error | undefined;
  try {
    await runPlan({
      spec: { ...spec, ...selected },
      playbook,
      plan,
      ...{ hostItems: planned.hostItems, cibItems: planned.cibItems, absent: planned.absent },
      hosts,
      lead,
      lease,
      probe: (host) => probeHost(host, ownOnHost(spec.authentication, host.name)),
      authkey,
      x509: credentials?.wanted,
      options,
      log,
      signal,
      connected: new Set(connectedNames(cluster.cib)),
      joining: new Set(),
      machines: new Map(),
      inVain: new Set(),
      failed,
      loadAuthkey: authkeyLoader(authkey, hosts),
      loadCertificate: certificateLoader(credentials),
      pause: request.pause ?? ((milliseconds) => sleep(milliseconds)),
      emit,
    });
  } catch (thrown) {
    stopped = thrown instanceof Error ? thrown : new Error(String(thrown));
  }
  const untold = await tellHosts(hosts, changesByHost(events, lead.name), author, options.forks);
  if (untold !== undefined) onEvent({ type: 'notice', play: 'Record', message: untold });
  const result = { failed, wasInterrupted: signal.aborted, stopped };
  endRecord(log, result);
  return { ...result, log: log.directory };
}

const certificateLoader =
  (credentials: Planned['credentials']): RunContext['loadCertificate'] =>
  (node, role) => {
    if (credentials === undefined) throw new Error('certificates are not used');
    return credentials.contentOf(node, role);
  };
