import type { CredentialChange } from '../../model/credential-change.ts';
import { isConversion } from '../../credentials/credential-change.ts';
import { foldNames } from '../../support/text/fold-names.ts';
import { wrapText } from '../text/layout.ts';
import type { Style } from '../text/style.ts';

const CHANGES: Readonly<Record<CredentialChange['kind'], string>> = {
  'to-certificates': 'From the authkey to certificates',
  'to-authkey': 'From certificates to the authkey',
  'certificate-files': 'Other certificate files (PCMK_ca_file and related settings)',
  authkey: 'New authkey',
  authority: 'Certificates of a new CA',
};

/** Credentials that all ends of the connections change together: who takes part, what happens meanwhile, and how long. */
export function credentialChangeLines(change: CredentialChange, style: Style): readonly string[] {
  const { kind, inMaintenanceMode, nodeByNode, clusterNodes, nodes, absent, seconds } = change;
  if (nodeByNode !== undefined) return nodeByNodeLines(change, nodeByNode, style);
  const connected = nodes.length === 0 ? '' : ` and ${foldNames(nodes)} (connected)`;
  const alone = inMaintenanceMode ? 'all resources' : 'resources on the connected nodes';
  return [
    `${CHANGES[kind]}: ${foldNames(clusterNodes)}${connected} change together.`,
    ...(inMaintenanceMode
      ? [`Pacemaker is restarted on ${foldNames(clusterNodes)}, one node at a time.`]
      : []),
    `For about ${seconds} s ${alone} are unmanaged: nothing is stopped or moved, and failures are recovered afterwards.`,
    ...(absent.length === 0
      ? []
      : [
          style.attention(
            `${foldNames(absent)}: unreachable, stays unchanged and unmanaged until an apply reaches it.`,
          ),
        ]),
    ...(isConversion(change)
      ? ['If a step fails before all cluster nodes have changed, all changes are rolled back.']
      : ['The next apply completes an interrupted run.']),
  ].flatMap((line) => wrapText(line, 2, 4));
}

/** The same where cluster nodes change one by one, and connections stay with those of their own kind. */
function nodeByNodeLines(
  { kind, clusterNodes, nodes, seconds }: CredentialChange,
  { because, moves }: NonNullable<CredentialChange['nodeByNode']>,
  style: Style,
): readonly string[] {
  const why = because.length === 0 ? '' : ` (because of ${because.join(', ')})`;
  return [
    `${CHANGES[kind]}, node by node${why}:`,
    `${foldNames(clusterNodes)}: one node at a time is in standby while Pacemaker is restarted there.`,
    ...(nodes.length === 0
      ? []
      : [
          `${foldNames(nodes)} (connected): pinned to cluster nodes with the same credentials, and changed with the first cluster node; resources there are unmanaged during their change.`,
        ]),
    moves.length === 0
      ? 'No resource has to move.'
      : style.attention(
          `Stopped on a cluster node and started elsewhere, or restarted: ${moves.join(', ')}.`,
        ),
    `This takes about ${seconds} s, longer if resources stop slowly. The next apply completes an interrupted run.`,
  ].flatMap((line) => wrapText(line, 2, 4));
}
