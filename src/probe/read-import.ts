import { randomBytes } from 'node:crypto';
import type { Host } from '../host/host.ts';
import { loadWithEnvironmentReader } from '../host/load-script.ts';
import type { ImportFacts, RingNode } from '../model/import-facts.ts';
import { readCib } from '../pacemaker/cib/cib.ts';
import { isSameNode } from '../pacemaker/basics/node-names.ts';
import { OutriggerError } from '../support/errors.ts';
import { CLUSTER_MIB } from './probe.ts';
import { readEnvironment } from './readers/read-environment.ts';
import { linesOf, ofHost, splitSections } from './readers/sections.ts';

const SCRIPT = new URL('./read-import.sh', import.meta.url);
const TIMEOUT_MS = 60_000;

/** Reads in one exec what an inventory can declare about a cluster. Rejects with CLUSTER_NOT_READY where there is none. */
export async function readForImport(host: Host): Promise<ImportFacts> {
  const nonce = randomBytes(8).toString('hex');
  const { stdout } = await host.exec({
    script: loadWithEnvironmentReader(SCRIPT),
    params: [nonce],
    timeoutMs: TIMEOUT_MS,
    maxOutputMiB: CLUSTER_MIB,
  });
  const sections = splitSections(stdout, nonce, host.name);
  const text = (sections.get('cib') ?? []).join('\n').trim();
  const queryNode = linesOf(sections, 'uname')[0]?.trim() ?? '';
  const cib = text === '' ? undefined : ofHost(host.name, () => readCib(text));
  if (cib?.clusterNodes.some(({ name }) => isSameNode(name, queryNode)) !== true) {
    throw new OutriggerError(
      'CLUSTER_NOT_READY',
      cib === undefined ? 'Pacemaker does not respond there' : 'it is not a cluster node',
      { host: host.name, hint: 'name a cluster node of a running cluster: --from CLUSTER_NODE' },
    );
  }
  const corosync = readCorosync(linesOf(sections, 'corosync'));
  return {
    cib,
    queryNode,
    ...corosync,
    environment: readEnvironment(linesOf(sections, 'environment')).environment,
  };
}

/** Lines as `corosync-cmapctl` prints them: `nodelist.node.0.ring0_addr (str) = 10.77.0.11`. */
function readCorosync(lines: readonly string[]): Pick<ImportFacts, 'clusterName' | 'ring'> {
  const values = new Map(
    lines.flatMap((line) => {
      const [, key, value] = /^(\S+) \(\w+\) = (.*)$/.exec(line) ?? [];
      return key === undefined || value === undefined ? [] : [[key, value] as const];
    }),
  );
  const ring = [...values].flatMap(([key, id]): RingNode[] => {
    const place = /^nodelist\.node\.\d+\.(?=nodeid$)/.exec(key)?.[0];
    const address = place === undefined ? undefined : addressAt(values, place);
    return address === undefined ? [] : [{ id, address }];
  });
  return { clusterName: values.get('totem.cluster_name'), ring };
}

/** Links are numbered from 0 to 7, and need not begin with 0 (corosync.conf(5), `linknumber`): the lowest one there is. */
const addressAt = (values: ReadonlyMap<string, string>, place: string): string | undefined =>
  ['0', '1', '2', '3', '4', '5', '6', '7']
    .map((link) => values.get(`${place}ring${link}_addr`))
    .find((address) => address !== undefined && address !== '');
