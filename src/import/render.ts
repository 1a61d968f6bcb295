import { printable, shorten } from '../support/printable.ts';
import { writeYaml } from '../support/yaml.ts';
import type { Draft, DraftEntry } from './draft.ts';

/** A comment is one line, however long what it quotes. */
const LONGEST = 300;

const comment = (text: string): string => `# ${printable(shorten(text, LONGEST))}\n`;

/** Lines that stand below a key. */
const indented = (text: string): string => text.replace(/^(?=.)/gm, '  ');

/** The text of an inventory, with what it could not say as comments where it belongs. */
export function renderDraft(draft: Draft): string {
  const { clusterName, connection, authentication } = draft;
  return [
    comment(
      'What this cluster is like, read by `outrigger import`. Change it, and look at `outrigger plan`.',
    ),
    ...draft.notes.map((note) => comment(note)),
    writeYaml({ apiVersion: 'outrigger/v1', cluster: { name: clusterName } }),
    '\n',
    comment('How every host is reached by SSH; what is not said here is taken from ssh_config.'),
    connection === undefined
      ? comment('connection: { user: admin, become: sudo }')
      : writeYaml({ connection }),
    '\n',
    comment(
      'Addresses are those of Corosync; that of the node that was asked is where it was asked.',
    ),
    listed('clusterNodes', draft.clusterNodes),
    '\n',
    ...(authentication.method === 'x509'
      ? [comment('Paths are those of the node that was asked; {node} stands for the name of each.')]
      : []),
    ...(authentication.method === undefined ? [] : [writeYaml({ authentication }), '\n']),
    ...(draft.remoteNodes.length + draft.guestNodes.length === 0
      ? [comment('The cluster has no remote nodes and no guest nodes.')]
      : [
          comment(
            'SSH goes to `address`; where the cluster connects elsewhere, say `server` as well.',
          ),
        ]),
    ...(draft.remoteNodes.length === 0 ? [] : [listed('remoteNodes', draft.remoteNodes)]),
    ...(draft.guestNodes.length === 0 ? [] : [listed('guestNodes', draft.guestNodes)]),
  ].join('');
}

const listed = (key: string, entries: readonly DraftEntry<unknown>[]): string =>
  `${key}:\n${entries
    .map(({ entry, notes }) =>
      indented(`${notes.map((note) => comment(note)).join('')}${writeYaml([entry])}`),
    )
    .join('')}`;
