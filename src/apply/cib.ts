import { setTimeout as sleep } from 'node:timers/promises';
import { readCluster } from '../facts/read-cluster.ts';
import { loadScript } from '../host/load-script.ts';
import { combine } from '../pacemaker/cib-combine.ts';
import { withoutSecrets } from '../pacemaker/cib-secrets.ts';
import type { CibOperation } from '../pacemaker/cib-operations.ts';
import { serializeXml } from '../pacemaker/xml.ts';
import type { ClusterFacts } from '../plan/facts.ts';
import { OutriggerError } from '../support/errors.ts';
import { printableLines } from '../support/printable.ts';
import type { EditContext, PlayName } from './context.ts';

const WRITE = new URL('./scripts/write-cib.sh', import.meta.url);
const TIMEOUT_MS = 120_000;
const MOVED_ON = 3;
const LOST = 6;
// Each try takes 0.2 to 0.5 s; against a change every 150 ms one in several gets through.
const MOVING_LIMIT_MS = 60_000;
const PAUSE_MS = 250;

/**
 * Edits the CIB in one compare-and-swap patch, after keeping a copy of it. `edits` is asked anew whenever somebody
 * else changed the configuration meanwhile; no operations write nothing. Rejects with COMMAND_FAILED when Pacemaker
 * refuses the edit, or when somebody else was faster for a minute; with LOCKED when this run no longer holds the lock of the cluster.
 */
export async function writeCib(
  context: EditContext,
  play: PlayName,
  purpose: string,
  edits: (cluster: ClusterFacts) => readonly CibOperation[],
): Promise<void> {
  const { lead, lease, log } = context;
  const deadline = performance.now() + MOVING_LIMIT_MS;
  for (;;) {
    const cluster = await readCluster(lead);
    const operations = edits(cluster);
    if (operations.length === 0) return;
    const copy = log.keepCib(purpose, cluster.cibText);
    const extension = lease.extension();
    const { deletes, merge } = combine([...operations, ...extension]);
    const { adminEpoch, epoch } = cluster.cib.version;
    const result = await lead.exec({
      script: loadScript(WRITE),
      params: [`${adminEpoch}.${epoch}`, lease.required(), ...deletes],
      input: merge === undefined ? '' : serializeXml(merge),
      timeoutMs: TIMEOUT_MS,
    });
    if (result.code === 0) {
      lease.extended(extension);
      context.emit({ type: 'cib-written', play: play.name, purpose, copy });
      return;
    }
    if (result.code === LOST) throw await lease.lost();
    if (result.code !== MOVED_ON) {
      const said = printableLines(withoutSecrets(result.stderr, cluster.cib), 600);
      throw new OutriggerError('COMMAND_FAILED', `the CIB was not changed: ${said}`, {
        host: lead.name,
      });
    }
    if (performance.now() >= deadline) {
      const limit = MOVING_LIMIT_MS / 1000;
      throw new OutriggerError('COMMAND_FAILED', `the CIB kept changing for ${limit} s`, {
        host: lead.name,
        hint: 'somebody else edits the cluster at the same time; apply again when they are done',
      });
    }
    await sleep(Math.random() * PAUSE_MS); // out of step with whoever writes at a steady pace
  }
}
