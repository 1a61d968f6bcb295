import { randomBytes } from 'node:crypto';
import { ofHost, splitSections } from '../probe/readers/sections.ts';
import type { QueryNode } from '../host/host.ts';
import { loadScript } from '../host/load-script.ts';
import { isApart } from '../pacemaker/procedures/edit.ts';
import { combine } from '../pacemaker/edits/combine.ts';
import { readSimulation } from '../pacemaker/status/simulate.ts';
import { serializeXml } from '../pacemaker/basics/xml.ts';
import type { CredentialChange } from '../model/credential-change.ts';
import type { ClusterFacts } from '../model/facts.ts';
import { courseOf, judgeSimulation } from '../credentials/node-by-node-simulation.ts';
import { OutriggerError } from '../support/errors.ts';

const SCRIPT = new URL('./simulate-course.sh', import.meta.url);
const TIMEOUT_MS = 600_000;
const SIMULATIONS_MIB = 64;

/**
 * Lets a cluster node's own scheduler go through a change of cluster nodes one by one, in one exec: what leaves each of them,
 * and what happens when the last mark is gone. Throws REFUSED where that would disturb what runs on connected nodes.
 */
export async function simulateNodeByNode(
  queryNode: QueryNode,
  cluster: ClusterFacts,
  change: CredentialChange | undefined,
  foresees = true,
): Promise<CredentialChange | undefined> {
  // What an interrupted run has begun goes on from wherever it is.
  if (!foresees || change?.nodeByNode === undefined || isApart(cluster.cib)) return change;
  const edits = courseOf(cluster, change.clusterNodes).map((operations) => {
    const { deletes, merge } = combine(operations);
    return { xpath: deletes.join('|'), fragment: merge === undefined ? '' : serializeXml(merge) };
  });
  const nonce = randomBytes(8).toString('hex');
  const { stdout } = await queryNode.exec({
    script: loadScript(SCRIPT),
    params: [
      nonce,
      ...edits.flatMap(({ xpath, fragment }) => [xpath, String(Buffer.byteLength(fragment))]),
    ],
    input: edits.map(({ fragment }) => fragment).join(''),
    timeoutMs: TIMEOUT_MS,
    maxOutputMiB: SIMULATIONS_MIB,
  });
  const sections = splitSections(stdout, nonce, queryNode.name);
  if (!sections.has('end'))
    throw new OutriggerError('REPLY_INVALID', 'crm_simulate could not simulate the change', {
      host: queryNode.name,
      hint: 'try `crm_simulate -SL` there',
    });
  const read = (name: string) => readSimulation((sections.get(name) ?? []).join('\n').trim());
  const steps = ofHost(queryNode.name, () => [
    read('now'),
    ...edits.map((_edit, index) => read(`step ${index + 1}`)),
  ]);
  const { moves, refusal } = judgeSimulation(cluster.cib, steps);
  if (refusal !== undefined)
    throw new OutriggerError('REFUSED', refusal.message, { hint: refusal.hint });
  return { ...change, nodeByNode: { ...change.nodeByNode, moves } };
}
