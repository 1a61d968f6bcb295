import { randomBytes } from 'node:crypto';
import type { QueryNode } from '../host/host.ts';
import { loadScript } from '../host/load-script.ts';
import { readCib } from '../pacemaker/cib/cib.ts';
import { readCrmMon } from '../pacemaker/status/crm-mon.ts';
import type { ClusterFacts } from '../model/facts.ts';
import { OutriggerError } from '../support/errors.ts';
import { CLUSTER_MIB } from './probe.ts';
import { ofHost, splitSections, type Sections } from './readers/sections.ts';

const SCRIPT = new URL('./read-cluster.sh', import.meta.url);
const TIMEOUT_MS = 60_000;

/** Reads CIB and crm_mon from a cluster node in one exec. Rejects with CLUSTER_NOT_READY when it has none. */
export const readCluster = (host: QueryNode): Promise<ClusterFacts> =>
  host.read === undefined ? readThere(host) : host.read(readThere);

async function readThere(host: QueryNode): Promise<ClusterFacts> {
  const nonce = randomBytes(8).toString('hex');
  const { stdout } = await host.exec({
    script: loadScript(SCRIPT),
    params: [nonce],
    timeoutMs: TIMEOUT_MS,
    maxOutputMiB: CLUSTER_MIB,
  });
  const cluster = clusterOf(host.name, splitSections(stdout, nonce, host.name));
  if (cluster !== undefined) return cluster;
  throw new OutriggerError('CLUSTER_NOT_READY', 'Pacemaker does not respond there', {
    host: host.name,
    hint: 'check `systemctl status pacemaker` on that cluster node',
  });
}

/** The cluster's state from the sections of a reply; undefined: Pacemaker does not run there. */
export function clusterOf(readFrom: string, sections: Sections): ClusterFacts | undefined {
  const text = (name: string): string => (sections.get(name) ?? []).join('\n').trim();
  const cib = text('cib');
  const mon = text('crm_mon');
  if (cib === '' || mon === '') return undefined;
  return ofHost(readFrom, () => ({
    readFrom,
    cib: readCib(cib),
    cibText: cib,
    mon: readCrmMon(mon),
    dcState: text('dc_state'),
  }));
}
