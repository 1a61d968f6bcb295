import { randomBytes } from 'node:crypto';
import type { QueryNode } from '../host/host.ts';
import { loadScript } from '../host/load-script.ts';
import { applyToTree, type CibOperation } from '../pacemaker/procedures/edit.ts';
import { withoutSecrets } from '../pacemaker/cib/secrets.ts';
import {
  judge,
  outsideMaintenance,
  type Judgement,
  type Verification,
} from '../pacemaker/status/crm-verify.ts';
import { serializeXml } from '../pacemaker/basics/xml.ts';
import type { ClusterFacts } from '../model/facts.ts';
import { printable } from '../support/text/printable.ts';
import { linesOf, splitSections, type Sections } from './readers/sections.ts';

const SCRIPT = new URL('./verify-cib.sh', import.meta.url);
const TIMEOUT_MS = 150_000;
const NOTHING: Verification = { exitCode: 0, complaints: [], notices: [] };

/**
 * Lets a cluster node's own crm_verify judge an edit, in one exec. The CIB before and after it is looked at as it would be
 * outside maintenance, where crm_verify looks at more. Nothing in what it returns is secret or harms a terminal.
 */
export async function verifyEdit(
  queryNode: QueryNode,
  cluster: ClusterFacts,
  operations: readonly CibOperation[],
): Promise<Judgement> {
  const { root } = cluster.cib;
  const textOf = (tree: typeof root): string => serializeXml(outsideMaintenance(tree));
  const intended = textOf(applyToTree(root, operations));
  const nonce = randomBytes(8).toString('hex');
  const { stdout } = await queryNode.exec({
    script: loadScript(SCRIPT),
    params: [nonce, String(Buffer.byteLength(intended))],
    input: intended + textOf(root),
    timeoutMs: TIMEOUT_MS,
  });
  // It may quote what it refuses.
  const sections = splitSections(withoutSecrets(stdout, cluster.cib), nonce, queryNode.name);
  const { refusals, remarks } = judge(
    verificationIn(sections, 'base'),
    verificationIn(sections, 'intended'),
  );
  return { refusals: refusals.map(printable), remarks: remarks.map(printable) };
}

function verificationIn(sections: Sections, cib: string): Verification {
  const [code] = linesOf(sections, `${cib} code`);
  if (code === undefined) return NOTHING;
  return {
    exitCode: Number(code),
    complaints: linesOf(sections, `${cib} complaints`),
    notices: linesOf(sections, `${cib} notices`),
  };
}
