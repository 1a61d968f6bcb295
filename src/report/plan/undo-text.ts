import type { Forecast } from '../../model/plan.ts';
import type { Risk } from '../../model/risk.ts';
import type { UndoneNode, UndoPlan } from '../../plan/undo/undo-plan.ts';
import { groupBy } from '../../support/text/group-by.ts';
import { printable } from '../../support/text/printable.ts';
import { foldNames } from '../../support/text/fold-names.ts';
import { forecastLines } from './forecast-text.ts';
import { wrapText } from '../text/layout.ts';
import { riskLines, section } from './plan-text.ts';
import { plainStyle, type Style } from '../text/style.ts';

/** What an undo would take back, for people. */
export function renderUndo(
  plan: UndoPlan,
  forecast: Forecast | undefined,
  risks: readonly Risk[],
  style: Style = plainStyle,
): string {
  const { leaving, remembered, gone, listed, restored } = plan;
  const reported = (lines: readonly string[]): readonly string[] =>
    lines.flatMap((line) => wrapText(line, 2, 4));
  const names = (what: string, all: readonly string[]): readonly string[] =>
    all.length === 0 ? [] : reported([`${what}${foldNames(all)}`]);
  const sections = [
    section(
      `Undo of run ${printable(plan.run)}: removed from cluster ${printable(plan.cluster)}`,
      reported(undoneNodeTexts(leaving)),
      style,
    ),
    section(
      'Removed from the lists of fence devices',
      reported(listed.map((one) => printable(`${one.device}: ${one.entry} (${one.parameter})`))),
      style,
    ),
    section('Edited since, and removed with them', reported(editTexts(leaving)), style),
    section('Restored to the values before the run', names('entries of ', restored), style),
    section('Already removed, records still to be deleted', names('', remembered), style),
    section('Already removed', names('', gone), style),
    section(
      'Predicted cluster actions',
      forecast === undefined ? [] : forecastLines(forecast, style),
      style,
    ),
    section('Risks', riskLines(risks, style), style),
    section('Notes', reported(notesOn(plan)), style),
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join('\n')}\n`)
    .join('\n');
}

const undoneNodeTexts = (leaving: readonly UndoneNode[]): readonly string[] =>
  [...groupBy(leaving, howText)].map(
    ([how, nodes]) => `${foldNames(nodes.map(({ name }) => name))}: ${how}`,
  );

function howText({ vm, running, isUnproven }: UndoneNode): string {
  const what = vm === undefined ? 'remote node' : `guest node of ${printable(vm)}`;
  if (isUnproven) return `${what}, its join was never verified`;
  return `${what}, ${running.length === 0 ? 'no resources there' : `${running.map(printable).join(', ')} stops or moves first`}`;
}

const editTexts = (leaving: readonly UndoneNode[]): readonly string[] =>
  leaving.flatMap(({ name, edits }) => edits.map((edit) => printable(`${name}: ${edit}`)));

const notesOn = ({ leaving, constraints, unreached, isBlind }: UndoPlan): readonly string[] => [
  ...(leaving.length === 0
    ? []
    : ['the hosts stay unchanged: packages, authkey, firewall and daemon']),
  ...(constraints.length === 0
    ? []
    : [`constraints that name these nodes stay: ${constraints.map(printable).join(', ')}`]),
  ...(unreached.length === 0
    ? []
    : [
        `the inventory does not name ${foldNames(unreached)}: it was not checked whether the host runs`,
      ]),
  ...(isBlind
    ? [
        'there is no copy of the CIB from before the run: previous attributes of nodes are not restored',
      ]
    : []),
];
