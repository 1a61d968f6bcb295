import pLimit from 'p-limit';
import { readCluster } from '../../probe/read-cluster.ts';
import type { Host } from '../../host/host.ts';
import { environmentItem } from '../../items/environment.ts';
import { pacemakerItem, runningPacemakerItem } from '../../items/pacemaker.ts';
import { serviceItem } from '../../items/service.ts';
import {
  certificateVariables,
  NO_CERTIFICATES,
  usesCertificates,
  variablesDiffer,
  type CertificateVariables,
} from '../../credentials/certificates.ts';
import type { CredentialChange } from '../../model/credential-change.ts';
import type { ClusterFacts } from '../../model/facts.ts';
import type { HostItem } from '../../model/item.ts';
import { platformOf } from '../../platform/detect.ts';
import type { Play } from '../../playbook/playbook.ts';
import { nodesOf, type PacemakerRemoteSpec } from '../../inventory/spec.ts';
import { messageOf, OutriggerError } from '../../support/errors.ts';
import { someOf } from '../../support/text/some-of.ts';
import type { EditContext } from '../run/edit-context.ts';
import { failureOf } from '../run/failures.ts';
import type { ProcedureContext } from '../run/run-context.ts';
import type { RunHosts } from '../run/run-hosts.ts';
import type { RunInput } from '../run/run-input.ts';
import {
  leaveMaintenance,
  awaitClusterNode,
  enterMaintenance,
  onlineClusterNodes,
} from './maintenance-mode.ts';
import { release } from '../quiet-restart/quiet-protection.ts';
import { converge } from '../run/step.ts';

/** The variables for certificates that each host was set up with before a conversion. */
export type CredentialsInUse = ReadonlyMap<string, CertificateVariables>;

/** Reads what the hosts are set up with; undefined as for `credentialsInUse`. */
export async function readCredentialsInUse(
  context: Pick<RunInput, 'options'> & Pick<RunHosts, 'hosts' | 'clusterHosts' | 'probe'>,
  change: CredentialChange,
): Promise<CredentialsInUse | undefined> {
  const hosts = hostsOf(context, change);
  const limit = pLimit(context.options.forks);
  const read = await Promise.all(
    hosts.map((host) =>
      limit(async () => [host.name, (await context.probe(host)).environment] as const),
    ),
  );
  return credentialsInUse(change.kind, new Map(read));
}

/**
 * What hosts used before a conversion, by their environments. Those that an interrupted run has converted already are taken as
 * the others: a conversion is from one state of all. Undefined: certificates had paths that may be others on each host, and
 * those of a converted one are gone; such a conversion only goes forward.
 */
export function credentialsInUse(
  kind: CredentialChange['kind'],
  environments: ReadonlyMap<string, Readonly<Record<string, string>>>,
): CredentialsInUse | undefined {
  const using = [...environments.values()].filter(usesCertificates);
  const isBegun = using.length < environments.size;
  if (kind === 'to-certificates' && isBegun)
    return new Map([...environments.keys()].map((name) => [name, NO_CERTIFICATES]));
  const [some] = using.map(variablesOf);
  if (isBegun && some !== undefined && !isOwn(some)) return undefined;
  return new Map(
    [...environments].map(([name, found]) => [
      name,
      usesCertificates(found) ? variablesOf(found) : (some ?? NO_CERTIFICATES),
    ]),
  );
}

/** Files that outrigger brought, and so the same on every host. */
const isOwn = (variables: CertificateVariables): boolean =>
  [true, false].some((hasCrl) => !variablesDiffer(variables, certificateVariables(hasCrl)));

const variablesOf = (environment: Readonly<Record<string, string>>): CertificateVariables =>
  Object.fromEntries(Object.keys(NO_CERTIFICATES).map((name) => [name, environment[name] ?? '']));

const hostsOf = (
  context: Pick<RunHosts, 'hosts' | 'clusterHosts'>,
  { nodes }: CredentialChange,
): readonly Host[] => [
  ...context.clusterHosts,
  ...nodes.flatMap((name) => context.hosts.get(name) ?? []),
];

/** A conversion that failed. */
interface Failed {
  readonly change: CredentialChange;
  readonly before: ClusterFacts;
  readonly inUse: CredentialsInUse;
}

/** Why a host could not be put back, by name. */
type Left = Map<string, string>;

/**
 * Puts everything back to what it was before a conversion that failed, and gives the nodes back to the cluster. A host that
 * cannot be rolled back does not block the others: only that one stays protected. Rejects with NOT_CONVERGED, saying
 * what is left and what to do about it.
 */
export async function rollBack(
  context: ProcedureContext,
  play: Play,
  failed: Failed,
  because: OutriggerError,
): Promise<void> {
  context.emit({
    type: 'notice',
    play: play.name,
    message: `${withHost(because)}: rolling back all changes`,
  });
  const left: Left = new Map();
  let other: OutriggerError | undefined;
  try {
    await putAllBack(context, play, failed, left);
  } catch (thrown) {
    if (!(thrown instanceof OutriggerError)) throw thrown;
    other = thrown;
  }
  const problems = [
    ...[...left].map(([name, why]) => `${name}: ${why}`),
    ...(other === undefined ? [] : [withHost(other)]),
  ];
  if (problems.length === 0) return;
  throw new OutriggerError(
    'NOT_CONVERGED',
    `${withHost(because)}; the rollback failed: ${problems.join('; ')}`,
    left.size === 0 ? {} : { hint: toDo([...left.keys()]) },
  );
}

const withHost = (thrown: OutriggerError): string =>
  thrown.host === undefined ? messageOf(thrown) : `${thrown.host}: ${messageOf(thrown)}`;

const toDo = (names: readonly string[]): string =>
  `make ${someOf(names)} reachable, then apply again: this inventory to retry, the previous one to keep the credentials in use`;

/** The nodes at once, then the cluster nodes one after the other; `left` collects what fails. */
async function putAllBack(
  context: ProcedureContext,
  play: Play,
  failed: Failed,
  left: Left,
): Promise<void> {
  const { change, before } = failed;
  const limit = pLimit(context.options.forks);
  const nodes = nodesOf(context.spec).filter(({ name }) => change.nodes.includes(name));
  await Promise.all(
    nodes.map((node) =>
      limit(() => trying(left, node.name, () => restoreNode(context, play, failed, node))),
    ),
  );
  const online = onlineClusterNodes(await readCluster(context.queryNode));
  // Who does not come back must not be waited for with each of the others.
  const desiredWith = (name: string): readonly string[] =>
    onlineClusterNodes(before).filter((one) => one === name || online.includes(one));
  const clusterHosts = context.clusterHosts;
  for (const host of clusterHosts)
    await trying(left, host.name, () =>
      restoreClusterNode(context, play, failed, { host, desired: desiredWith(host.name) }),
    );
  const ready = change.nodes.filter((name) => !left.has(name));
  if (change.inMaintenanceMode) {
    await refuseWhileStopped(context, before);
    await leaveMaintenance(context, play, ready);
  }
  // With what such a cluster node may still use, a connection would fail there.
  if (ready.length === 0 || clusterHosts.some(({ name }) => left.has(name))) return;
  // What they use by now has been compared with what it was; only the ports are tried.
  const blockersOf = () => Promise.resolve(new Map<string, string>());
  const handled = { names: ready, item: 'service', blockersOf } as const;
  for (const [name, why] of await release(context, play, handled, before)) left.set(name, why);
}

async function trying(left: Left, name: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (thrown) {
    left.set(name, failureOf(thrown).because);
  }
}

/** What ran on a cluster node whose Pacemaker is stopped may still run there: it would be started a second time. */
async function refuseWhileStopped(
  context: Pick<EditContext, 'queryNode'>,
  before: ClusterFacts,
): Promise<void> {
  const online = onlineClusterNodes(await readCluster(context.queryNode));
  const gone = onlineClusterNodes(before).filter((name) => !online.includes(name));
  if (gone.length === 0) return;
  throw new OutriggerError('NOT_CONVERGED', `Pacemaker no longer runs on ${someOf(gone)}`);
}

async function restoreNode(
  context: RunHosts & EditContext,
  play: Play,
  { inUse }: Failed,
  { name, port }: PacemakerRemoteSpec,
): Promise<void> {
  const host = context.hosts.get(name);
  const certificates = inUse.get(name);
  if (host === undefined || certificates === undefined) return;
  await restore(context, play, host, {
    certificates,
    daemon: serviceItem(name, port, certificates),
  });
}

async function restoreClusterNode(
  context: RunHosts & EditContext,
  play: Play,
  { change, before, inUse }: Failed,
  { host, desired }: { readonly host: Host; readonly desired: readonly string[] },
): Promise<void> {
  const certificates = inUse.get(host.name);
  if (certificates === undefined) return;
  if (change.inMaintenanceMode) await enterMaintenance(context, play);
  const ranBefore = onlineClusterNodes(before).includes(host.name);
  const daemon = (ranBefore ? runningPacemakerItem : pacemakerItem)(host.name, {
    certificates,
    newKey: undefined,
    isUnfinished: false,
  });
  if (await restore(context, play, host, { certificates, daemon }))
    await awaitClusterNode(context, play, host, desired);
}

/** The environment file of a host as it was, and its daemon started with that; returns whether it was restarted. */
async function restore(
  context: RunHosts & EditContext,
  play: Play,
  host: Host,
  { certificates, daemon }: { certificates: CertificateVariables; daemon: HostItem },
): Promise<boolean> {
  const changed = await converge(context, play, host, (facts) => {
    const platform = platformOf(facts);
    return platform === undefined
      ? []
      : [environmentItem(host.name, { certificates }, platform), daemon];
  });
  return changed.includes(daemon);
}
