import { setTimeout as sleep } from 'node:timers/promises';
import { readCluster } from '../../probe/read-cluster.ts';
import { verifyEdit } from '../../probe/verify-cib.ts';
import { loadScript } from '../../host/load-script.ts';
import { combine } from '../../pacemaker/edits/combine.ts';
import { withoutSecrets } from '../../pacemaker/cib/secrets.ts';
import { lockIn } from '../../pacemaker/procedures/lock.ts';
import type { CibOperation } from '../../pacemaker/edits/operations.ts';
import { serializeXml } from '../../pacemaker/basics/xml.ts';
import type { ClusterFacts } from '../../model/facts.ts';
import { OutriggerError } from '../../support/errors.ts';
import { asOneLine } from '../../support/text/printable.ts';
import { someOf } from '../../support/text/some-of.ts';
import type { EditContext, PlayName } from '../run/edit-context.ts';

const WRITE = new URL('./write-cib.sh', import.meta.url);
const TIMEOUT_MS = 120_000;
const MOVED_ON = 3;
const LOST = 6;
// Each try takes 0.2 to 0.5 s; against a change every 150 ms one in several gets through.
const MOVING_LIMIT_MS = 60_000;
const PAUSE_MS = 250;

/**
 * What an edit of the CIB consists of. `isUnacknowledged`: the answer to the try before was lost with the query node, so that this try
 * may have been carried out.
 */
type Edits = (cluster: ClusterFacts, isUnacknowledged: boolean) => readonly CibOperation[];

/**
 * Edits the CIB in one compare-and-swap patch, after keeping a copy of it. `edits` is called again whenever somebody
 * else changed the configuration meanwhile, or this edit did and its answer was lost; no operations write nothing. It is for what begins or ends a protection, goes back
 * or takes away: crm_verify is not run, so that no procedure is blocked half-way by something outside it.
 * Rejects with COMMAND_FAILED when Pacemaker refuses the edit, or when somebody else was faster for a minute; with LOCKED when
 * this run no longer holds the lock of the cluster.
 */
export const writeCib = (
  context: EditContext,
  play: PlayName,
  purpose: string,
  edits: Edits,
): Promise<void> => write(context, play, { purpose, edits, judge: () => Promise.resolve() });

/** As `writeCib`, for what the inventory declares: rejects with COMMAND_FAILED when crm_verify finds a new error in it. */
export const writeDeclared = (
  context: EditContext,
  play: PlayName,
  purpose: string,
  edits: Edits,
): Promise<void> => write(context, play, { purpose, edits, judge: judgedOnce(context, play) });

type Judge = (cluster: ClusterFacts, operations: readonly CibOperation[]) => Promise<void>;

async function write(
  context: EditContext,
  play: PlayName,
  {
    purpose,
    edits,
    judge,
  }: { readonly purpose: string; readonly edits: Edits; readonly judge: Judge },
): Promise<void> {
  const { queryNode, lease, log } = context;
  const deadline = performance.now() + MOVING_LIMIT_MS;
  const keepCopy = log.keepCib(purpose);
  const report = (copy: string): void => {
    context.emit({ type: 'cib-written', play: play.name, purpose, copy });
  };
  /** The copy of the CIB before a try whose answer was lost. */
  let unacknowledged: string | undefined;
  for (;;) {
    const cluster = await readCluster(queryNode);
    lease.found(lockIn(cluster.cib));
    const operations = edits(cluster, unacknowledged !== undefined);
    if (operations.length === 0) {
      if (unacknowledged !== undefined) report(unacknowledged);
      return;
    }
    await judge(cluster, operations);
    const copy = keepCopy(cluster.cibText);
    const extension = lease.extension();
    const { deletes, merge } = combine([...operations, ...extension]);
    const { adminEpoch, epoch } = cluster.cib.version;
    const nameBefore = queryNode.name;
    const result = await queryNode.exec({
      script: loadScript(WRITE),
      params: [`${adminEpoch}.${epoch}`, lease.required(), ...deletes],
      input: merge === undefined ? '' : serializeXml(merge),
      timeoutMs: TIMEOUT_MS,
    });
    unacknowledged = queryNode.name === nameBefore ? undefined : copy;
    if (result.code === 0) {
      lease.extended(extension);
      report(copy);
      return;
    }
    if (result.code === LOST) {
      const lost = await lease.lost();
      if (lost !== undefined) throw lost;
    } else if (result.code !== MOVED_ON) {
      const output = asOneLine(withoutSecrets(result.stderr, cluster.cib), 600);
      throw new OutriggerError('COMMAND_FAILED', `the CIB was not changed: ${output}`, {
        host: queryNode.name,
      });
    }
    if (performance.now() >= deadline) throw keptChanging(queryNode.name);
    await sleep(Math.random() * PAUSE_MS); // out of step with whoever writes at a steady pace
  }
}

const keptChanging = (host: string): OutriggerError =>
  new OutriggerError('COMMAND_FAILED', `the CIB kept changing for ${MOVING_LIMIT_MS / 1000} s`, {
    host,
    hint: 'another client is editing the CIB at the same time; apply again when it has finished',
  });

/** Judges an edit once, also where it has to be made anew: during another verification others could change the CIB again. */
function judgedOnce({ queryNode, emit }: EditContext, play: PlayName): Judge {
  let known: string | undefined;
  return async (cluster, operations) => {
    const edit = JSON.stringify(operations);
    if (edit === known) return;
    const { refusals, remarks } = await verifyEdit(queryNode, cluster, operations);
    if (refusals.length > 0)
      throw new OutriggerError(
        'COMMAND_FAILED',
        `the CIB was not changed: crm_verify: ${someOf(refusals)}`,
        { host: queryNode.name },
      );
    for (const remark of remarks)
      emit({ type: 'notice', play: play.name, message: `crm_verify: ${remark}` });
    known = edit;
  };
}
