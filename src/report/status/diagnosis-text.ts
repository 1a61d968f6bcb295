import { CHECKS, type CheckResult, type Diagnosis, type Finding } from '../../model/diagnosis.ts';
import { printable } from '../../support/text/printable.ts';
import { causeLines, groupByCause } from '../text/causes.ts';
import { alignColumns, counted, wrapText, type Cell } from '../text/layout.ts';
import { headerLines } from '../plan/plan-text.ts';
import { plainStyle, type Paint, type Style } from '../text/style.ts';

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

/** Counts what the sections list: the same problem of many hosts once, and these hosts. */
function problemsText(bad: readonly Finding[]): string {
  const onHosts = bad.filter(({ host }) => host !== '');
  const problems = groupByCause(onHosts).length + bad.length - onHosts.length;
  const hosts = new Set(onHosts.map(({ host }) => host)).size;
  const where = hosts === 0 ? '' : ` on ${counted(hosts, 'host')}`;
  return `${counted(problems, 'problem')}${where}`;
}

function summaryLine({ checks, unreachable }: Diagnosis, style: Style): string {
  const findings = checks.flatMap((result) => result.findings);
  const bad = findings.filter(({ level }) => level === 'bad');
  const open = findings.length - bad.length;
  const reported = [
    bad.length === 0 ? style.good('No problems.') : style.bad(`${problemsText(bad)}.`),
    ...(open === 0 ? [] : [`${counted(open, 'warning')}.`]),
    ...(unreachable.length === 0
      ? []
      : [style.bad(`${counted(unreachable.length, 'host')} unreachable.`)]),
  ];
  return reported.join(' ');
}
