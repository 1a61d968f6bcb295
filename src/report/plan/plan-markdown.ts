import type { Plan, Problem } from '../../model/plan.ts';
import { RISKS, wordsToAllow, type Risk } from '../../model/risk.ts';
import { groupByCause } from '../text/causes.ts';
import { foldNames } from '../../support/text/fold-names.ts';
import { groupRisks } from './group-risks.ts';
import { counted } from '../text/layout.ts';
import { codeBlock, codeSpan, details } from '../text/markdown.ts';
import { renderPlan, summaryLine } from './plan-text.ts';
import { plainStyle } from '../text/style.ts';

/** GitHub takes comments of 65 536 characters; whoever posts this may want to add something. */
export const LONGEST_COMMENT = 60_000;

/** How much of names, words and messages the list above the plan shows; the plan has all of it. */
const NAMES = 100;
const WORDS = 300;
const MESSAGE = 300;

/** How many causes are listed before the plan. */
const MOST_CAUSES = 10;

/** A plan as a comment on a proposed change: what matters at once, and the whole plan to unfold. */
export function planAsMarkdown(plan: Plan): string {
  const { cluster, risks, problems } = plan;
  const head = [
    `### Cluster ${codeSpan(cluster.name, NAMES)}: ${summaryLine(plan, plainStyle)}`,
    ...list('Risks, refused by `apply` unless allowed', risksIn(risks)),
    ...list('Left out, completely or in part', problemsIn(problems)),
    '',
  ];
  const lines = renderPlan(plan).trimEnd().split('\n');
  const all = [...head, ...wholePlan(lines)].join('\n');
  if (all.length < LONGEST_COMMENT) return `${all}\n`;
  return `${[...head, ...beginOf(lines, LONGEST_COMMENT - head.join('\n').length)].join('\n')}\n`;
}

const wholePlan = (lines: readonly string[]): readonly string[] =>
  details('The plan', codeBlock(lines));

/** As many lines as there is room for, and a word on how many there are. */
function beginOf(lines: readonly string[], room: number): readonly string[] {
  const shown = (count: number): readonly string[] => [
    ...wholePlan(lines.slice(0, count)),
    '',
    `The plan exceeds the length limit of comments: ${count} of ${counted(lines.length, 'line')} are shown. The log of the job contains the whole plan.`,
  ];
  let count = 0;
  let length = shown(lines.length).join('\n').length - lines.join('\n').length;
  for (const line of lines) {
    length += line.length + 1;
    if (length >= room) break;
    count += 1;
  }
  return shown(count);
}

const list = (title: string, entries: readonly string[]): readonly string[] =>
  entries.length === 0 ? [] : ['', `**${title}**`, '', ...entries.map((entry) => `- ${entry}`)];

/** Each risk with the words that allow it. */
const risksIn = (risks: readonly Risk[]): readonly string[] =>
  groupRisks(risks).map((risk) => {
    const { code, subjects } = risk;
    const words = wordsToAllow(risk).map((word) => `--allow ${word}`);
    return `${codeSpan(words.join(' '), WORDS)} (${codeSpan(foldNames(subjects), NAMES)}): ${RISKS[code]}`;
  });

function problemsIn(problems: readonly Problem[]): readonly string[] {
  const causes = groupByCause(
    problems.map(({ host, code, message }) => ({ host, message: `${message} [${code}]` })),
  );
  const more = causes.length - MOST_CAUSES;
  return [
    ...causes
      .slice(0, MOST_CAUSES)
      .map(
        ({ hosts, message, isExample }) =>
          `${codeSpan(foldNames(hosts), NAMES)}: ${codeSpan(message, MESSAGE)}${isExample ? ', and similar' : ''}`,
      ),
    ...(more > 0 ? [`and ${more} more`] : []),
  ];
}
