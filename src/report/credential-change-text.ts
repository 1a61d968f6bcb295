import { isConversion, type CredentialChange } from '../plan/credential-change.ts';
import { foldNames } from './fold-names.ts';
import { wrapText } from './layout.ts';
import type { Style } from './style.ts';

const CHANGES: Readonly<Record<CredentialChange['kind'], string>> = {
  'to-certificates': 'From the authkey to certificates',
  'to-authkey': 'From certificates to the authkey',
  'certificate-files': 'Certificates, read in other files (PCMK_ca_file and so on)',
  authkey: 'Another authkey',
  authority: 'Certificates of another authority',
};

/** Credentials that all ends of the connections change together: who takes part, what happens meanwhile, and how long. */
export function credentialChangeLines(change: CredentialChange, style: Style): readonly string[] {
  const { kind, isDetached, pinned, clusterNodes, nodes, absent, seconds } = change;
  if (pinned !== undefined) return pinnedLines(change, pinned, style);
  const connected = nodes.length === 0 ? '' : ` and ${foldNames(nodes)} (connected)`;
  const alone = isDetached ? 'every resource' : 'what runs on the connected nodes';
  return [
    `${CHANGES[kind]}: ${foldNames(clusterNodes)}${connected} change together.`,
    ...(isDetached
      ? [`Pacemaker is restarted on ${foldNames(clusterNodes)}, one after the other.`]
      : []),
    `Meanwhile, for about ${seconds} s, the cluster leaves ${alone} alone: nothing is stopped or moved, and what fails is recovered afterwards.`,
    ...(absent.length === 0
      ? []
      : [
          style.attention(
            `${foldNames(absent)} gives no answer, and stays as it is: the cluster leaves it alone until an apply finds it.`,
          ),
        ]),
    ...(isConversion(change)
      ? ['What fails before all cluster nodes have changed is put back.']
      : ['What does not come to its end is finished by the next apply.']),
  ].flatMap((line) => wrapText(line, 2, 4));
}

/** The same where cluster nodes change one by one, and connections stay with those of their own kind. */
function pinnedLines(
  { kind, clusterNodes, nodes, seconds }: CredentialChange,
  { because, moves }: NonNullable<CredentialChange['pinned']>,
  style: Style,
): readonly string[] {
  const why = because.length === 0 ? '' : ` (because of ${because.join(', ')})`;
  return [
    `${CHANGES[kind]}, node by node${why}:`,
    `${foldNames(clusterNodes)}: one after the other is in standby while Pacemaker is restarted there.`,
    ...(nodes.length === 0
      ? []
      : [
          `${foldNames(nodes)} (connected): pinned to cluster nodes with the same credentials, and changed when the first cluster node is; what runs there is left alone meanwhile.`,
        ]),
    moves.length === 0
      ? 'No resource has to leave a cluster node for it.'
      : style.attention(
          `Stopped on a cluster node, and started elsewhere or again: ${moves.join(', ')}.`,
        ),
    `It takes about ${seconds} s, and longer where resources are slow to stop. What does not come to its end is finished by the next apply.`,
  ].flatMap((line) => wrapText(line, 2, 4));
}
