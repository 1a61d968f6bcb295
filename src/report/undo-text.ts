import type { Forecast } from '../plan/plan.ts';
import type { Risk } from '../plan/risk.ts';
import type { LeavingNode, UndoPlan } from '../plan/undo-plan.ts';
import { groupBy } from '../support/group-by.ts';
import { printable } from '../support/printable.ts';
import { foldNames } from './fold-names.ts';
import { forecastLines } from './forecast-text.ts';
import { wrapText } from './layout.ts';
import { riskLines, section } from './plan-text.ts';
import { plainStyle, type Style } from './style.ts';

/** What an undo would take back, for people. */
export function renderUndo(
  plan: UndoPlan,
  forecast: Forecast | undefined,
  risks: readonly Risk[],
  style: Style = plainStyle,
): string {
  const { leaving, remembered, gone, listed, restored } = plan;
  const told = (lines: readonly string[]): readonly string[] =>
    lines.flatMap((line) => wrapText(line, 2, 4));
  const names = (what: string, all: readonly string[]): readonly string[] =>
    all.length === 0 ? [] : told([`${what}${foldNames(all)}`]);
  const sections = [
    section(
      `Undo of run ${printable(plan.run)}: taken out of cluster ${printable(plan.cluster)}`,
      told(leavingTexts(leaving)),
      style,
    ),
    section(
      'Taken from lists of fence devices',
      told(listed.map((one) => printable(`${one.device}: ${one.entry} (${one.parameter})`))),
      style,
    ),
    section('Edited since, and gone with them', told(editTexts(leaving)), style),
    section('Put back as the run found them', names('entries of ', restored), style),
    section('Out, and to be forgotten by the cluster', names('', remembered), style),
    section('Already out', names('', gone), style),
    section(
      'What the cluster will do',
      forecast === undefined ? [] : forecastLines(forecast, style),
      style,
    ),
    section('Risks', riskLines(risks, style), style),
    section('Worth knowing', told(notesOn(plan)), style),
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join('\n')}\n`)
    .join('\n');
}

const leavingTexts = (leaving: readonly LeavingNode[]): readonly string[] =>
  [...groupBy(leaving, howText)].map(
    ([how, nodes]) => `${foldNames(nodes.map(({ name }) => name))}: ${how}`,
  );

function howText({ machine, running, isUnproven }: LeavingNode): string {
  const what = machine === undefined ? 'remote node' : `guest node of ${printable(machine)}`;
  if (isUnproven) return `${what}, its join was never proven`;
  return `${what}, ${running.length === 0 ? 'nothing runs there' : `${running.map(printable).join(', ')} leaves first`}`;
}

const editTexts = (leaving: readonly LeavingNode[]): readonly string[] =>
  leaving.flatMap(({ name, edits }) => edits.map((edit) => printable(`${name}: ${edit}`)));

const notesOn = ({ leaving, constraints, notAsked, isBlind }: UndoPlan): readonly string[] => [
  ...(leaving.length === 0
    ? []
    : ['the hosts stay as they are: packages, authkey, firewall and daemon']),
  ...(constraints.length === 0
    ? []
    : [`constraints that name these nodes stay: ${constraints.map(printable).join(', ')}`]),
  ...(notAsked.length === 0
    ? []
    : [`the inventory does not name ${foldNames(notAsked)}: whether the host runs was not asked`]),
  ...(isBlind
    ? [
        'there is no copy of the CIB as the run found it: attributes that nodes had before are not put back',
      ]
    : []),
];
