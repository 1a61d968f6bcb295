import type { Drift } from '../plan/drift.ts';
import type { AttributeChange } from '../plan/item.ts';
import { isOfRunningDaemon } from '../plan/running-daemon.ts';
import { printable } from '../support/printable.ts';
import { foldChanges, type ChangeBlock } from './change-blocks.ts';
import { foldNames } from './fold-names.ts';
import { alignColumns, counted, wrapText, type Cell } from './layout.ts';
import { headerLines, noteLines, problemSections, section, stoppedSection } from './plan-text.ts';
import { plainStyle, type Style } from './style.ts';
import { valueText } from './value-text.ts';

/** Drift for people: for each host what was expected and what is, hosts with the same drift folded. */
export function renderDrift(drift: Drift, style: Style = plainStyle): string {
  const sections: readonly (readonly string[])[] = [
    headerLines(drift.cluster, style),
    section('Drifted', driftedLines(drift, style, false), style),
    section(
      'Running daemons that do not use what is written',
      driftedLines(drift, style, true),
      style,
    ),
    ...problemSections(drift.problems, style, [
      'Unreachable, nothing is known about them',
      'Refused: outrigger does not touch them',
    ]),
    stoppedSection(drift.stoppedGuests, style),
    section('Worth knowing', noteLines(drift.notes, style), style),
    section(
      'In the cluster but not in the inventory',
      drift.unmanaged.length === 0 ? [] : wrapText(foldNames(drift.unmanaged), 2),
      style,
    ),
    [summaryLine(drift, style)],
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join('\n')}\n`)
    .join('\n');
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
  return [printable(name), valueText(after), { text: valueText(before), paint: style.attention }];
}

/** The last line: how much has drifted, and about whom nothing is known. */
function summaryLine({ drifted, problems, stoppedGuests, inSync }: Drift, style: Style): string {
  const left = (wanted: Drift['problems'][number]['kind']): number =>
    problems.filter(({ kind }) => kind === wanted).length;
  const hosts = new Set(drifted.map(({ host }) => host)).size;
  const rest = [
    `${counted(inSync.length, 'host')} in sync`,
    ...(stoppedGuests.length > 0 ? [`${counted(stoppedGuests.length, 'guest')} stopped`] : []),
    ...(left('unreachable') > 0 ? [style.bad(`${left('unreachable')} unreachable`)] : []),
    ...(left('refused') > 0 ? [style.bad(`${left('refused')} refused`)] : []),
  ].join(', ');
  return hosts === 0
    ? `${problems.length === 0 ? style.good('No drift.') : style.heading('No drift on those that answered.')} ${rest}.`
    : `${style.bad(`Drift: ${counted(drifted.length, 'thing')} on ${counted(hosts, 'host')}`)}, ${rest}.`;
}
