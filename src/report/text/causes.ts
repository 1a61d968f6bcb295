import { printable } from '../../support/text/printable.ts';
import { compareNames, foldNames } from '../../support/text/fold-names.ts';
import { groupBy } from '../../support/text/group-by.ts';
import { wrapText } from './layout.ts';
import type { Paint } from './style.ts';

/** What is wrong with one host. */
export interface Complaint {
  readonly host: string;
  readonly message: string;
  readonly hint?: string | undefined;
}

/** Hosts that have the same thing wrong with them. */
export interface Cause extends Omit<Complaint, 'host'> {
  readonly hosts: readonly string[];
  /** The message is that of the first host; the others differ from it in a name, an address or a number. */
  readonly isExample: boolean;
}

/** Draws together what many hosts complain of in the same words; the most frequent cause first. */
export function groupByCause(complaints: readonly Complaint[]): readonly Cause[] {
  const sorted = complaints.toSorted(
    (a, b) => compareNames(a.host, b.host) || compareNames(a.message, b.message),
  );
  return [...groupBy(sorted, essenceOf).values()]
    .map(causeOf)
    .sort(
      (a, b) => b.hosts.length - a.hosts.length || compareNames(a.hosts[0] ?? '', b.hosts[0] ?? ''),
    );
}

/** A complaint without what differs from host to host: its name, addresses, fingerprints, numbers. */
const essenceOf = ({ host, message, hint = '' }: Complaint): string =>
  [message, hint]
    .map((text) =>
      text
        .replaceAll(host, '<host>')
        .replaceAll(/SHA256:[\w+/=]+/g, '<fingerprint>')
        .replaceAll(/\[[\da-f:]+\]/gi, '<address>')
        .replaceAll(/\d+/g, '#'),
    )
    .join('\n');

function causeOf(group: readonly Complaint[]): Cause {
  const [first] = group;
  const { message = '', hint } = first ?? {};
  return {
    hosts: group.map(({ host }) => host),
    message,
    hint,
    isExample: group.some((other) => other.message !== message),
  };
}

/** Causes as lines: who, what, and below it what to do about it. */
export const causeLines = (complaints: readonly Complaint[], paint: Paint): readonly string[] =>
  groupByCause(complaints).flatMap(({ hosts, message, hint, isExample }) => {
    const alike = isExample ? ` (${printable(hosts[0] ?? '')}; same for the others)` : '';
    return [
      ...wrapText(`${foldNames(hosts)}: ${printable(message)}${alike}`, 2, 4).map(paint),
      ...(hint === undefined ? [] : wrapText(`hint: ${printable(hint)}`, 4, 6)),
    ];
  });
