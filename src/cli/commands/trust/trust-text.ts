import type { KnownHost } from '../../../host/known-hosts/known-hosts.ts';
import type { Judged } from '../../../host/ssh/judge-keys.ts';
import type { OfferedKey } from '../../../host/ssh/scan.ts';
import { foldNames } from '../../../support/text/fold-names.ts';
import { OutriggerError, messageOf } from '../../../support/errors.ts';
import { groupBy } from '../../../support/text/group-by.ts';
import { printable } from '../../../support/text/printable.ts';
import type { Subject } from './trust-subjects.ts';

/** A server, the keys that it offers, and what they say about it. */
export interface Scanned {
  readonly subject: Subject;
  readonly offered: readonly OfferedKey[];
  readonly judged: Judged | { readonly kind: 'unreachable'; readonly why: unknown };
}

/** What was found, in words: new keys, what is wrong, who is known already, and who shares a key. */
export const scannedText = (scanned: readonly Scanned[]): string =>
  [...scanned.flatMap(linesOf), ...knownLines(scanned), ...sharedLines(scanned)]
    .map((line) => `${line}\n`)
    .join('');

function linesOf({ subject, judged }: Scanned): readonly string[] {
  const { name, server, jumps } = subject;
  const behind = jumps.map(({ alias }) => `, behind ${printable(alias)}`).join('');
  const head = `${printable(name)}  ${server.address}${behind}`;
  switch (judged.kind) {
    case 'known':
      return [];
    case 'new':
      return [head, ...judged.keys.map(keyLine), ...authorityLine(judged.authority)];
    case 'refused':
      return [head, ...judged.known.map((key) => `${keyLine(key)}  known`), ...why(judged.why)];
    case 'unreachable':
      return [head, ...why(judged.why)];
  }
}

const keyLine = ({ type, fingerprint }: OfferedKey): string =>
  `  ${printable(type)}  ${fingerprint}`;

const authorityLine = (authority: KnownHost | undefined): readonly string[] =>
  authority === undefined
    ? []
    : [
        `  its certificate (@cert-authority in ${authority.file}:${authority.line}) is not checked: only plain host keys are used`,
      ];

const why = (thrown: unknown): readonly string[] => [
  `  ${messageOf(thrown)}`,
  ...(thrown instanceof OutriggerError && thrown.hint !== undefined ? [`    ${thrown.hint}`] : []),
];

function knownLines(scanned: readonly Scanned[]): readonly string[] {
  const known = scanned.filter(({ judged }) => judged.kind === 'known');
  return known.length === 0
    ? []
    : [`already known: ${foldNames(known.map(({ subject }) => subject.name))}`];
}

/** Hosts with the same key were copied with it: whoever becomes root on one of them can pass for all. */
function sharedLines(scanned: readonly Scanned[]): readonly string[] {
  const shown = scanned.flatMap(({ subject, offered }) =>
    offered.map(({ fingerprint }) => ({ fingerprint, subject })),
  );
  const byKey = groupBy(shown, ({ fingerprint }) => fingerprint);
  return [...byKey].flatMap(([fingerprint, owners]) => {
    const places = new Set(owners.map(({ subject }) => placeOf(subject)));
    if (places.size < 2) return [];
    const names = foldNames(owners.map(({ subject }) => subject.name));
    return [
      `warning: ${names} show the same host key ${fingerprint}. If these are clones of one image, root on one of them`,
      '  can impersonate the others: remove /etc/ssh/ssh_host_* on each, create new keys (ssh-keygen -A) and restart sshd',
    ];
  });
}

const placeOf = ({ server: { address, port }, jumps }: Subject): string =>
  JSON.stringify([address, port, jumps.map((jump) => [jump.address, jump.port])]);
