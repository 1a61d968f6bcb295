import { printable, shorten } from '../support/text/printable.ts';
import { writeYaml } from '../support/yaml/yaml.ts';
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
      'This cluster as read by `outrigger import`. Edit this file, then check it with `outrigger plan`.',
    ),
    ...draft.notes.map((note) => comment(note)),
    writeYaml({ apiVersion: 'outrigger/v1', cluster: { name: clusterName } }),
    '\n',
    comment('SSH settings for all hosts; settings that are not listed come from ssh_config.'),
    connection === undefined
      ? comment('connection: { user: admin, become: sudo }')
      : writeYaml({ connection }),
    '\n',
    comment(
      'Addresses are those of Corosync, except for the node that was queried, which has the address used to reach it.',
    ),
    listed('clusterNodes', draft.clusterNodes),
    '\n',
    ...(authentication.method === 'x509'
      ? [
          comment(
            'Paths are those of the node that was queried; {node} stands for the name of each node.',
          ),
        ]
      : []),
    ...(authentication.method === undefined ? [] : [writeYaml({ authentication }), '\n']),
    ...(draft.remoteNodes.length + draft.guestNodes.length === 0
      ? [comment('The cluster has no remote nodes and no guest nodes.')]
      : [
          comment(
            '`address` is used for SSH; if the cluster connects to another address, set `server` too.',
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
