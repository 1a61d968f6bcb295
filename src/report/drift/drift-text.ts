import type { Drift } from '../../plan/drift/drift.ts';
import type { AttributeChange } from '../../model/item.ts';
import { isOfRunningDaemon } from '../../plan/drift/running-daemon.ts';
import { printable } from '../../support/text/printable.ts';
import { foldChanges, type ChangeBlock } from '../text/change-blocks.ts';
import { causeLines } from '../text/causes.ts';
import { foldNames } from '../../support/text/fold-names.ts';
import { alignColumns, counted, wrapText, type Cell } from '../text/layout.ts';
import {
  headerLines,
  noteLines,
  pendingSection,
  problemSections,
  section,
  stoppedSection,
} from '../plan/plan-text.ts';
import { plainStyle, type Style } from '../text/style.ts';
import { beforeText, valueText } from '../text/value-text.ts';

/** Drift for people: for each host what was expected and what is, hosts with the same drift folded. */
export function renderDrift(drift: Drift, style: Style = plainStyle): string {
  const sections: readonly (readonly string[])[] = [
    headerLines(drift.cluster, style),
    section('Drifted', driftedLines(drift, style, false), style),
    section('Running daemons with outdated configuration', driftedLines(drift, style, true), style),
    section('Findings', causeLines(drift.findings, style.attention), style),
    ...problemSections(drift.problems, style, [
      'Unreachable, state unknown',
      'Refused, not compared',
    ]),
    stoppedSection(drift.stoppedGuests, style),
    pendingSection(drift.pending, style),
    section('Ignored', ignoredLines(drift), style),
    section('Notes', noteLines(drift.notes, style), style),
    section('In the cluster but not in the inventory', unreportedLines(drift), style),
    [summaryLine(drift, style)],
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join('\n')}\n`)
    .join('\n');
}

/** Nodes that are not declared and of which nothing is shown above: a drift that is limited to some nodes does not judge others. */
function unreportedLines({ unmanaged, findings, ignored }: Drift): readonly string[] {
  const reported = [...findings, ...ignored].flatMap(({ item, host }) =>
    item === 'membership' ? [host] : [],
  );
  const unreported = unmanaged.filter((name) => !reported.includes(name));
  return unreported.length === 0 ? [] : wrapText(foldNames(unreported), 2);
}

/** One table for all hosts and one for all running daemons, so that expected and actual stand below each other. */
function driftedLines({ drifted }: Drift, style: Style, ofDaemons: boolean): readonly string[] {
  const shown = drifted.flatMap((change) => {
    const attributes = change.attributes.filter(
      ({ name }) => isOfRunningDaemon(change.item, name) === ofDaemons,
    );
    return attributes.length === 0 ? [] : [{ ...change, attributes }];
  });
  if (shown.length === 0) return [];
  const rows = foldChanges(shown).flatMap((block) => rowsOf(block, style));
  const heads = ['host', 'item', 'attribute', 'expected', 'actual'].map((text): Cell => ({
    text,
    paint: style.faint,
  }));
  return alignColumns([heads, ...rows], 2);
}

const rowsOf = ({ hosts, changes }: ChangeBlock, style: Style): readonly (readonly Cell[])[] =>
  changes
    .flatMap(({ item, attributes }) =>
      attributes.map((attribute, index) => ({ item: index === 0 ? item : '', attribute })),
    )
    .map(({ item, attribute }, row) => [
      row === 0 ? foldNames(hosts) : '',
      item,
      ...attributeCells(attribute, style),
    ]);

function attributeCells({ name, before, after }: AttributeChange, style: Style): readonly Cell[] {
  return [
    printable(name),
    valueText(after),
    { text: beforeText({ name, before }), paint: style.attention },
  ];
}

/** What is ignored as known, and what is not ignored any longer. */
const ignoredLines = ({ ignored, expiredIgnores }: Drift): readonly string[] => [
  ...causeLines(
    ignored.map(({ host, item, attribute, expected, actual, ignore }) => ({
      host,
      message: `${item} ${attribute}: expected ${valueText(expected)}, found ${beforeText({ name: attribute, before: actual })}; until ${ignore.until}: ${ignore.reason}`,
    })),
    plainStyle.faint,
  ),
  ...expiredIgnores.flatMap(({ host, item, attribute, until, reason }) =>
    wrapText(
      printable(
        `${host}: ${item}${attribute === undefined ? '' : ` ${attribute}`}: expired on ${until}, no longer ignored (${reason})`,
      ),
      2,
      4,
    ),
  ),
];

/** The last line: how much has drifted, and about whom nothing is known. */
function summaryLine(drift: Drift, style: Style): string {
  const { drifted, findings, ignored, problems, stoppedGuests, pending, inSync } = drift;
  const left = (desired: Drift['problems'][number]['kind']): number =>
    problems.filter(({ kind }) => kind === desired).length;
  const hosts = new Set([...drifted, ...findings].map(({ host }) => host)).size;
  const rest = [
    `${counted(inSync.length, 'host')} in sync`,
    ...(stoppedGuests.length > 0 ? [`${counted(stoppedGuests.length, 'guest')} stopped`] : []),
    ...(pending.length > 0 ? [style.attention(`${pending.length} not joined yet`)] : []),
    ...(ignored.length > 0 ? [`${ignored.length} ignored`] : []),
    ...(left('unreachable') > 0 ? [style.bad(`${left('unreachable')} unreachable`)] : []),
    ...(left('refused') > 0 ? [style.bad(`${left('refused')} refused`)] : []),
  ].join(', ');
  return hosts === 0
    ? `${noDrift(drift, style)} ${rest}.`
    : `${style.bad(`Drift: ${counted(drifted.length + findings.length, 'item')} on ${counted(hosts, 'host')}`)}, ${rest}.`;
}

function noDrift({ problems, pending }: Drift, style: Style): string {
  if (problems.length > 0) return style.heading('No drift on the reachable hosts.');
  return pending.length > 0 ? style.heading('No drift so far.') : style.good('No drift.');
}
