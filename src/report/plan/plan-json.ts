import type { CredentialChange } from '../../model/credential-change.ts';
import { CREDENTIAL_ITEMS } from '../../credentials/credential-change.ts';
import type {
  Change,
  ClusterSummary,
  Forecast,
  Plan,
  Problem,
  StoppedGuest,
} from '../../model/plan.ts';
import { findingNotes } from '../../model/finding.ts';
import type { PendingNode } from '../../model/plan.ts';
import { RISKS } from '../../model/risk.ts';
import { jsonText } from '../text/json.ts';
import { countPlan } from './plan-counts.ts';
import { withoutNulls } from '../text/without-nulls.ts';

/**
 * A plan as the document of `schemas/plan.schema.json`: keys in a fixed order, `null` where something is absent, a line
 * break at the end.
 */
export const planAsJson = (plan: Plan): string => jsonText(planObject(plan), 2);

/** A plan as it is in JSON documents. */
export const planObject = (plan: Plan) => ({
  formatVersion: plan.formatVersion,
  cluster: clusterObject(plan.cluster),
  counts: countPlan(plan),
  plays: plan.plays.map((play) => ({ name: play.name, changes: play.changes.map(changeObject) })),
  problems: plan.problems.map((problem) => ({
    ...problemObject(problem),
    isOnlyInCluster: problem.isOnlyInCluster ?? false,
  })),
  stoppedGuests: plan.stoppedGuests.map(stoppedGuestObject),
  pending: plan.pending.map(pendingObject),
  risks: plan.risks.map(({ code, subjects }) => ({ code, meaning: RISKS[code], subjects })),
  credentialChange:
    plan.credentialChange === undefined ? null : credentialChangeObject(plan.credentialChange),
  fencing: plan.fencing.map(({ node, devices, extended }) => ({
    node,
    devices: devices ?? null,
    extended: extended ?? null,
  })),
  notes: [...findingNotes(plan.findings, plan.problems), ...plan.notes].sort(),
  unmanaged: plan.unmanaged,
  inSync: plan.inSync,
  forecast: plan.forecast === undefined ? null : forecastObject(plan.forecast),
});

/** A plan as it is in its document. */
type Reported = Omit<Plan, 'forecast' | 'credentialChange'> & {
  readonly forecast?: Forecast['effects'] &
    Pick<Forecast, 'fencedOnFailure' | 'withoutEligibleNode'>;
  readonly credentialChange?: Omit<CredentialChange, 'items'>;
};

/** The reverse of `planObject`, for a document that its schema accepts; findings are among the notes. */
export function planFrom(document: object): Plan {
  const reported = withoutNulls({ ...document, counts: null, findings: [] }) as Reported;
  const { forecast, credentialChange: change, ...plan } = reported;
  return {
    ...plan,
    credentialChange: change && { ...change, items: CREDENTIAL_ITEMS[change.kind] },
    forecast: forecast && forecastFrom(forecast),
  };
}

const forecastFrom = ({
  fencedOnFailure,
  withoutEligibleNode,
  ...effects
}: NonNullable<Reported['forecast']>): Forecast => ({
  effects,
  fencedOnFailure,
  withoutEligibleNode,
});

/** What stands in the cluster, as it is in JSON documents. */
export const clusterObject = (cluster: ClusterSummary) => ({
  name: cluster.name,
  dc: cluster.dc ?? null,
  pacemaker: cluster.pacemaker ?? null,
  hasQuorum: cluster.hasQuorum,
  fencing: cluster.fencing,
  maintenance: cluster.maintenance,
  isBusy: cluster.isBusy,
});

/** Why a host is left out, as it is in JSON documents. */
export const problemObject = ({ host, kind, code, message, hint }: Problem) => ({
  host,
  kind,
  code,
  message,
  hint: hint ?? null,
});

/** A guest node whose VM the cluster has stopped, as it is in JSON documents. */
export const stoppedGuestObject = ({ host, resource, message }: StoppedGuest) => ({
  host,
  resource,
  message,
});

/** A node that is not in yet, as it is in JSON documents. */
export const pendingObject = ({ host, message }: PendingNode) => ({ host, message });

const changeObject = ({ host, item, action, attributes, restart, isConsequence }: Change) => ({
  host,
  item,
  action,
  attributes: attributes.map(({ name, before, after, reason }) => ({
    name,
    before: before ?? null,
    after: after ?? null,
    reason: reason ?? null,
  })),
  restart,
  isConsequence,
});

const credentialChangeObject = (change: CredentialChange) => ({
  kind: change.kind,
  inMaintenanceMode: change.inMaintenanceMode,
  nodeByNode:
    change.nodeByNode === undefined
      ? null
      : { because: change.nodeByNode.because, moves: change.nodeByNode.moves },
  clusterNodes: change.clusterNodes,
  nodes: change.nodes,
  absent: change.absent,
  seconds: change.seconds,
});

const forecastObject = ({ effects, fencedOnFailure, withoutEligibleNode }: Forecast) => ({
  connectionStarts: effects.connectionStarts.map(({ node, on }) => ({ node, on })),
  probes: effects.probes,
  starts: effects.starts.map(({ resource, on }) => ({ resource, on })),
  stops: effects.stops.map(({ resource, on }) => ({ resource, on })),
  moves: effects.moves.map(({ resource, from, to }) => ({ resource, from, to })),
  others: effects.others.map(({ action, resource, on }) => ({ action, resource, on })),
  cloneGrowth: effects.cloneGrowth.map(({ clone, by }) => ({ clone, by })),
  fences: effects.fences,
  fencedOnFailure,
  withoutEligibleNode: withoutEligibleNode.map(({ resource, on }) => ({ resource, on })),
});
