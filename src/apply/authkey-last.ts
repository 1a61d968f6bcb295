import { readCluster } from '../facts/read-cluster.ts';
import type { Host } from '../host/host.ts';
import { connectedNames } from '../pacemaker/cib.ts';
import { connectionState } from '../pacemaker/crm-mon.ts';
import { variablesDiffer } from '../plan/certificates.ts';
import { messageOf, OutriggerError } from '../support/errors.ts';
import type { RunContext } from './context.ts';

/**
 * Why the authkey must stay yet; undefined: nobody uses it. A daemon that was started with the variables for certificates
 * uses nothing else (pcmk__init_tls of 3.0.0 has no fallback): when all cluster nodes' were, a connection that is in
 * proves that the other side has certificates as well.
 */
export async function whyAuthkeyStays(context: RunContext): Promise<string | undefined> {
  const { x509, spec, hosts, failed } = context;
  if (x509 === undefined) return 'certificates are not used';
  const [lost] = failed.keys();
  if (lost !== undefined) return `${lost} failed: nothing proves that nobody uses the authkey`;
  for (const { name } of spec.clusterNodes) {
    const host = hosts.get(name);
    if (host === undefined) return `${name} gave no answer`;
    const uses = await daemonUses(context, host);
    if (uses === undefined || variablesDiffer(uses, x509.nodes.get(name)?.variables ?? {}))
      return `Pacemaker on ${name} does not use the certificates`;
  }
  const { cib, mon } = await readCluster(context.lead);
  const out = connectedNames(cib).find((name) => connectionState(mon, name).state !== 'truly-in');
  return out === undefined ? undefined : `the connection of ${out} is not proven`;
}

async function daemonUses(
  { probe }: RunContext,
  host: Host,
): Promise<Readonly<Record<string, string>> | undefined> {
  try {
    return (await probe(host)).daemonVariables;
  } catch (thrown) {
    if (!(thrown instanceof OutriggerError)) throw thrown;
    throw new OutriggerError(thrown.code, messageOf(thrown), { host: host.name });
  }
}
