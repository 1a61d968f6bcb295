import { readCluster } from '../../probe/read-cluster.ts';
import type { Host } from '../../host/host.ts';
import { connectedNames } from '../../pacemaker/cib/cib.ts';
import { connectionState } from '../../pacemaker/status/crm-mon.ts';
import { variablesDiffer } from '../../credentials/certificates.ts';
import { hasCertificates } from '../../credentials/credential-change.ts';
import type { HostFacts } from '../../model/facts.ts';
import type { Play } from '../../playbook/playbook.ts';
import { messageOf, OutriggerError } from '../../support/errors.ts';
import { probeClusterNode, type HostReports } from '../run/last-facts.ts';
import type { EditContext } from '../run/edit-context.ts';
import type { RunHosts } from '../run/run-hosts.ts';
import type { RunInput } from '../run/run-input.ts';
import type { RunProgress } from '../run/run-progress.ts';

/** Whether a play removes what was used before: the authkey, or certificates. */
export const removesCredentials = ({ items }: Play): boolean =>
  items.includes('authkey-removed') || items.includes('certificate-removed');

/**
 * Why what is not to be used any more must stay yet; undefined: it is not in use. A daemon that was started with the variables
 * for certificates uses nothing else, and one without them the authkey (pcmk__init_tls of 3.0.0 has no fallback): when all
 * cluster nodes use what is desired, a connection that is in proves that the other side does as well.
 */
export async function whyCredentialsStay(
  context: Pick<RunInput, 'spec' | 'x509'> &
    RunHosts &
    Pick<EditContext, 'queryNode'> &
    Pick<RunProgress, 'failed'>,
): Promise<string | undefined> {
  const { spec, hosts, failed } = context;
  const [lost] = failed.keys();
  const others = context.x509 === undefined ? 'certificates' : 'the authkey';
  if (lost !== undefined)
    return `${lost} failed: it cannot be verified that no node uses ${others}`;
  for (const { name } of spec.clusterNodes) {
    const host = hosts.get(name);
    if (host === undefined) return `${name} did not respond`;
    const why = await whyNotChanged(context, host);
    if (why !== undefined) return `${name} ${why}`;
  }
  const { cib, mon } = await readCluster(context.queryNode);
  const out = connectedNames(cib).find(
    (name) => connectionState(mon, name).state !== 'node-online',
  );
  return out === undefined ? undefined : `the connection of ${out} is not verified`;
}

async function whyNotChanged(
  context: Pick<RunInput, 'x509'> & HostReports,
  host: Host,
): Promise<string | undefined> {
  try {
    const why = usesOthers(context, await probeClusterNode(context, host));
    return why && `runs a Pacemaker that ${why}`;
  } catch (thrown) {
    if (!(thrown instanceof OutriggerError)) throw thrown;
    return `did not respond: ${messageOf(thrown)}`;
  }
}

function usesOthers({ x509 }: Pick<RunInput, 'x509'>, facts: HostFacts): string | undefined {
  if (x509 === undefined) return hasCertificates(facts) ? 'uses certificates' : undefined;
  const { daemonVariables: uses } = facts;
  return uses === undefined || variablesDiffer(uses, x509.nodes.get(facts.name)?.variables ?? {})
    ? 'does not use the certificates'
    : undefined;
}
