import { readCluster } from '../facts/read-cluster.ts';
import type { Host } from '../host/host.ts';
import { connectedNames } from '../pacemaker/cib.ts';
import { connectionState } from '../pacemaker/crm-mon.ts';
import { variablesDiffer } from '../plan/certificates.ts';
import { hasCertificates } from '../plan/credential-change.ts';
import type { HostFacts } from '../plan/facts.ts';
import type { Play } from '../playbook/playbook.ts';
import { messageOf, OutriggerError } from '../support/errors.ts';
import type { RunContext } from './context.ts';

/** Whether a play removes what was used before: the authkey, or certificates. */
export const removesCredentials = ({ items }: Play): boolean =>
  items.includes('authkey-removed') || items.includes('certificate-removed');

/**
 * Why what is not to be used any more must stay yet; undefined: nobody uses it. A daemon that was started with the variables
 * for certificates uses nothing else, and one without them the authkey (pcmk__init_tls of 3.0.0 has no fallback): when all
 * cluster nodes use what is wanted, a connection that is in proves that the other side does as well.
 */
export async function whyCredentialsStay(context: RunContext): Promise<string | undefined> {
  const { spec, hosts, failed } = context;
  const [lost] = failed.keys();
  const others = context.x509 === undefined ? 'certificates' : 'the authkey';
  if (lost !== undefined) return `${lost} failed: nothing proves that nobody uses ${others}`;
  for (const { name } of spec.clusterNodes) {
    const host = hosts.get(name);
    if (host === undefined) return `${name} gave no answer`;
    const why = usesOthers(context, await probeAgain(context, host));
    if (why !== undefined) return `Pacemaker on ${name} ${why}`;
  }
  const { cib, mon } = await readCluster(context.lead);
  const out = connectedNames(cib).find((name) => connectionState(mon, name).state !== 'truly-in');
  return out === undefined ? undefined : `the connection of ${out} is not proven`;
}

function usesOthers({ x509 }: RunContext, facts: HostFacts): string | undefined {
  if (x509 === undefined) return hasCertificates(facts) ? 'uses certificates' : undefined;
  const { daemonVariables: uses } = facts;
  return uses === undefined || variablesDiffer(uses, x509.nodes.get(facts.name)?.variables ?? {})
    ? 'does not use the certificates'
    : undefined;
}

async function probeAgain({ probe }: RunContext, host: Host): Promise<HostFacts> {
  try {
    return await probe(host);
  } catch (thrown) {
    if (!(thrown instanceof OutriggerError)) throw thrown;
    throw new OutriggerError(thrown.code, messageOf(thrown), { host: host.name });
  }
}
