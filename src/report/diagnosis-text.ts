import { CHECKS, type CheckResult, type Diagnosis, type Finding } from '../plan/diagnosis.ts';
import { printable } from '../support/printable.ts';
import { causeLines } from './causes.ts';
import { alignColumns, counted, wrapText, type Cell } from './layout.ts';
import { headerLines } from './plan-text.ts';
import { plainStyle, type Paint, type Style } from './style.ts';

const WORDS: Readonly<Record<CheckResult['outcome'], string>> = {
  good: 'ok',
  attention: 'look',
  bad: 'BAD',
  unknown: '?',
};

const paintOf = (outcome: CheckResult['outcome'], style: Style): Paint =>
  outcome === 'unknown' ? style.faint : style[outcome];

/** Everything that doctor found, for people: each check in a line, then what is wrong and what to do about it. */
export function renderDiagnosis(diagnosis: Diagnosis, style: Style = plainStyle): string {
  const { cluster, checks } = diagnosis;
  const table = alignColumns(
    checks.map(({ check, outcome, summary }): readonly Cell[] => [
      { text: WORDS[outcome], paint: paintOf(outcome, style) },
      CHECKS[check],
      printable(summary),
    ]),
    2,
  );
  const sections = [
    cluster === undefined ? [] : headerLines(cluster, style),
    table,
    ...checks.map((result) => findingLines(result, style)),
    [summaryLine(diagnosis, style)],
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join('\n')}\n`)
    .join('\n');
}

function findingLines({ check, findings }: CheckResult, style: Style): readonly string[] {
  if (findings.length === 0) return [];
  const of = (level: Finding['level']): readonly string[] => {
    const same = findings.filter((finding) => finding.level === level);
    return [
      ...same
        .filter(({ host }) => host === '')
        .flatMap(({ message, hint }) => [
          ...wrapText(printable(message), 2, 4).map(style[level]),
          ...wrapText(`hint: ${printable(hint)}`, 4, 6),
        ]),
      ...causeLines(
        same.filter(({ host }) => host !== ''),
        style[level],
      ),
    ];
  };
  return [style.heading(CHECKS[check]), ...of('bad'), ...of('attention')];
}

function summaryLine({ checks, unreachable }: Diagnosis, style: Style): string {
  const findings = checks.flatMap((result) => result.findings);
  const bad = findings.filter(({ level }) => level === 'bad').length;
  const open = findings.length - bad;
  const told = [
    bad === 0 ? style.good('Nothing bad.') : style.bad(`${counted(bad, 'thing')} to mend.`),
    ...(open === 0 ? [] : [`${counted(open, 'thing')} to look at.`]),
    ...(unreachable.length === 0
      ? []
      : [style.bad(`${counted(unreachable.length, 'host')} gave no answer.`)]),
  ];
  return told.join(' ');
}
