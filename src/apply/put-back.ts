import pLimit from 'p-limit';
import type { Host } from '../host/host.ts';
import { environmentItem } from '../items/environment.ts';
import { pacemakerItem } from '../items/pacemaker.ts';
import { serviceItem } from '../items/service.ts';
import {
  NO_CERTIFICATES,
  usesCertificates,
  type CertificateVariables,
} from '../plan/certificates.ts';
import type { CredentialChange } from '../plan/credential-change.ts';
import type { ClusterFacts } from '../plan/facts.ts';
import type { HostItem } from '../plan/item.ts';
import { platformOf } from '../platform/detect.ts';
import type { Play } from '../playbook/playbook.ts';
import { nodesOf } from '../spec/spec.ts';
import { messageOf, OutriggerError } from '../support/errors.ts';
import { clusterHosts } from './cluster-hosts.ts';
import type { RunContext } from './context.ts';
import { attach, awaitMember, detach } from './detached.ts';
import { release } from './quiet-protection.ts';
import { bringIntoShape } from './step.ts';

/** The variables for certificates that each host was set up with before a conversion. */
export type CredentialsInUse = ReadonlyMap<string, CertificateVariables>;

/**
 * Reads what the hosts are set up with. Those that a run which died has converted already are taken as the others: a
 * conversion is from one state of all.
 */
export async function readCredentialsInUse(
  context: RunContext,
  change: CredentialChange,
): Promise<CredentialsInUse> {
  const hosts = hostsOf(context, change);
  const limit = pLimit(context.options.forks);
  const read = await Promise.all(
    hosts.map((host) =>
      limit(async () => [host.name, (await context.probe(host)).environment] as const),
    ),
  );
  if (change.kind === 'to-certificates' && !read.every(([, found]) => usesCertificates(found)))
    return new Map(read.map(([name]) => [name, NO_CERTIFICATES]));
  const certificates = read.map(([, found]) => found).find(usesCertificates) ?? {};
  return new Map(
    read.map(([name, found]) => [
      name,
      variablesOf(usesCertificates(found) ? found : certificates),
    ]),
  );
}

const variablesOf = (environment: Readonly<Record<string, string>>): CertificateVariables =>
  Object.fromEntries(Object.keys(NO_CERTIFICATES).map((name) => [name, environment[name] ?? '']));

const hostsOf = (context: RunContext, { nodes }: CredentialChange): readonly Host[] => [
  ...clusterHosts(context),
  ...nodes.flatMap((name) => context.hosts.get(name) ?? []),
];

/**
 * Puts everything back to what it was before a conversion that failed, and gives the nodes back to the cluster. Rejects with
 * NOT_CONVERGED, saying what is left, when that fails as well.
 */
export async function putBack(
  context: RunContext,
  play: Play,
  {
    change,
    before,
    inUse,
  }: {
    readonly change: CredentialChange;
    readonly before: ClusterFacts;
    readonly inUse: CredentialsInUse;
  },
  because: OutriggerError,
): Promise<void> {
  context.emit({
    type: 'notice',
    play: play.name,
    message: `${messageOf(because)}: everything is put back`,
  });
  try {
    const limit = pLimit(context.options.forks);
    const nodes = nodesOf(context.spec).filter(({ name }) => change.nodes.includes(name));
    await Promise.all(
      nodes.map(({ name, port }) =>
        limit(async () => {
          const host = context.hosts.get(name);
          const variables = inUse.get(name);
          if (host === undefined || variables === undefined) return;
          await restore(context, play, host, {
            certificates: variables,
            daemon: serviceItem(name, port, variables),
          });
        }),
      ),
    );
    for (const host of clusterHosts(context)) {
      const certificates = inUse.get(host.name);
      if (certificates === undefined) continue;
      if (change.isDetached) await detach(context, play);
      const want = { certificates, newKey: undefined, isUnfinished: false };
      const item = pacemakerItem(host.name, want);
      if (await restore(context, play, host, { certificates, daemon: item }))
        await awaitMember(context, play, host, before);
    }
    const names = nodes.map(({ name }) => name);
    if (change.isDetached) await attach(context, play, names);
    if (names.length === 0) return;
    // What they use by now has been compared with what it was; only the ports are tried.
    const objectionsTo = () => Promise.resolve(new Map<string, string>());
    const left = await release(context, play, { names, item: 'service', objectionsTo }, before);
    for (const [host, why] of left) throw new OutriggerError('NOT_CONVERGED', why, { host });
  } catch (thrown) {
    if (!(thrown instanceof OutriggerError)) throw thrown;
    throw new OutriggerError(
      'NOT_CONVERGED',
      `${messageOf(because)}; putting it back failed: ${messageOf(thrown)}`,
    );
  }
}

/** The environment file of a host as it was, and its daemon started with that; gives whether it was restarted. */
async function restore(
  context: RunContext,
  play: Play,
  host: Host,
  { certificates, daemon }: { certificates: CertificateVariables; daemon: HostItem },
): Promise<boolean> {
  const changed = await bringIntoShape(context, play, host, (facts) => {
    const platform = platformOf(facts);
    return platform === undefined
      ? []
      : [environmentItem(host.name, { certificates }, platform), daemon];
  });
  return changed.includes(daemon);
}
