import {
  changeCount,
  leftOut,
  type ClusterSummary,
  type Plan,
  type Problem,
  type StoppedGuest,
} from '../../model/plan.ts';
import { findingNotes } from '../../model/finding.ts';
import type { PendingNode } from '../../model/plan.ts';
import { RISKS, wordsToAllow, type Risk } from '../../model/risk.ts';
import { printable } from '../../support/text/printable.ts';
import { causeLines } from '../text/causes.ts';
import { playLines } from './changes-text.ts';
import { credentialChangeLines } from './credential-change-text.ts';
import { compareNames, foldNames } from '../../support/text/fold-names.ts';
import { fencingLines } from './fencing-text.ts';
import { forecastLines } from './forecast-text.ts';
import { groupRisks } from './group-risks.ts';
import { counted, wrapText } from '../text/layout.ts';
import { countPlan } from './plan-counts.ts';
import { plainStyle, type Style } from '../text/style.ts';

/** A plan for people: what would be changed, what the cluster would do about it, and what stands in the way. */
export function renderPlan(plan: Plan, style: Style = plainStyle): string {
  const plays = plan.plays.filter(({ changes }) => changes.length > 0);
  const sections: readonly (readonly string[])[] = [
    headerLines(plan.cluster, style),
    ...plays.map((play) => playLines(play, style)),
    ...problemSections(plan.problems, style),
    stoppedSection(plan.stoppedGuests, style),
    pendingSection(plan.pending, style),
    section(
      'Credentials',
      plan.credentialChange === undefined
        ? []
        : credentialChangeLines(plan.credentialChange, style),
      style,
    ),
    section('Fence device coverage', fencingOf(plan, style), style),
    section('Predicted cluster actions', forecastOf(plan, style), style),
    section('Risks', riskLines(plan.risks, style), style),
    section(
      'Notes',
      noteLines([...findingNotes(plan.findings, plan.problems), ...plan.notes], style),
      style,
    ),
    section(
      'In the cluster but not in the inventory, unchanged',
      namesLines(plan.unmanaged),
      style,
    ),
    [summaryLine(plan, style)],
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join('\n')}\n`)
    .join('\n');
}

/** Lines below a heading; nothing where there are none. */
export const section = (
  title: string,
  lines: readonly string[],
  style: Style,
): readonly string[] => (lines.length === 0 ? [] : [style.heading(title), ...lines]);

/** What matters about the cluster before anything is changed, in one line. */
export function headerLines(cluster: ClusterSummary, style: Style): readonly string[] {
  const { name, dc, pacemaker, hasQuorum, fencing, maintenance, isBusy } = cluster;
  const reported = [
    dc === undefined ? style.bad('no DC') : `DC ${printable(dc)}`,
    ...(pacemaker === undefined ? [] : [`Pacemaker ${printable(pacemaker)}`]),
    hasQuorum ? 'quorum' : style.bad('no quorum'),
    fencing ? 'fencing on' : style.attention('fencing off'),
    ...(maintenance ? [style.attention('maintenance mode')] : []),
    ...(isBusy ? [style.attention('transition in progress')] : []),
  ];
  return [`${style.heading(`Cluster ${printable(name)}`)}: ${reported.join(', ')}`];
}

const LEFT_OUT = ['Unreachable, left out of this plan', 'Refused, left out of this plan'] as const;

/** Hosts that are left out, by why, under these headings. */
export function problemSections(
  problems: readonly Problem[],
  style: Style,
  [unreachable, refused]: readonly [string, string] = LEFT_OUT,
): readonly (readonly string[])[] {
  const all = leftOut({ problems });
  const reported = (some: readonly Problem[]): readonly string[] =>
    causeLines(
      some.map(({ host, message, code, hint }) => ({
        host,
        message: `${message} [${code}]`,
        hint,
      })),
      style.bad,
    );
  const of = (desired: Problem['kind']) => reported(all.filter(({ kind }) => kind === desired));
  return [
    section(unreachable, of('unreachable'), style),
    section(
      'Unreachable, hosts not cleaned up',
      reported(problems.filter((problem) => !all.includes(problem))),
      style,
    ),
    section(refused, of('refused'), style),
  ];
}

/** Guest nodes whose VM the cluster has stopped. */
export const stoppedSection = (stopped: readonly StoppedGuest[], style: Style): readonly string[] =>
  section('Stopped by the cluster', causeLines(stopped, style.faint), style);

/** Nodes that the cluster is still bringing in. */
export const pendingSection = (pending: readonly PendingNode[], style: Style): readonly string[] =>
  section('Not joined yet', causeLines(pending, style.attention), style);

/** Without changes there is nothing to forecast, unless a node would be fenced all the same. */
const forecastOf = ({ forecast, plays }: Plan, style: Style): readonly string[] =>
  forecast === undefined || plays.every(({ changes }) => changes.length === 0)
    ? []
    : forecastLines(forecast, style);

/** Of interest where something changes; that no device can fence a node which is online already is a note. */
const fencingOf = ({ fencing, plays }: Plan, style: Style): readonly string[] =>
  plays.every(({ changes }) => changes.length === 0) ? [] : fencingLines(fencing, style);

/** Risks, and how each is allowed. */
export const riskLines = (risks: readonly Risk[], style: Style): readonly string[] =>
  groupRisks(risks).flatMap((risk) => {
    const { code, subjects } = risk;
    const words = wordsToAllow(risk).map((word) => `--allow ${printable(word)}`);
    return [
      ...wrapText(`${code} (${foldNames(subjects)}): ${RISKS[code]}`, 2, 4).map(style.attention),
      ...wrapText(`to allow it: ${words.join(' ')}`, 4, 6),
    ];
  });

/** Notes begin with the host that they are about; equal ones are shown once. */
export function noteLines(notes: readonly string[], style: Style): readonly string[] {
  const aboutHosts = notes.flatMap((note) => {
    const [, host, message] = /^(\S+): (.*)$/s.exec(note) ?? [];
    return host === undefined || message === undefined ? [] : [{ note, host, message }];
  });
  const known = new Set(aboutHosts.map(({ note }) => note));
  const others = notes.filter((note) => !known.has(note));
  return [
    ...causeLines(aboutHosts, style.attention),
    ...others.toSorted(compareNames).flatMap((note) => wrapText(printable(note), 2, 4)),
  ];
}

const namesLines = (names: readonly string[]): readonly string[] =>
  names.length === 0 ? [] : wrapText(foldNames(names), 2);

/** How much would change, and whose state is known to be right. */
export function summaryLine(plan: Plan, style: Style): string {
  const { hosts, inSync, unreachable, refused, stoppedGuests, pending } = countPlan(plan);
  const changes = changeCount(plan);
  const rest = [
    ...(inSync > 0 || hosts === 0 ? [`${counted(inSync, 'host')} in sync`] : []),
    ...(stoppedGuests > 0 ? [`${counted(stoppedGuests, 'guest')} stopped`] : []),
    ...(pending > 0 ? [style.attention(`${pending} not joined yet`)] : []),
    ...(unreachable > 0 ? [style.bad(`${unreachable} unreachable`)] : []),
    ...(refused > 0 ? [style.bad(`${refused} refused`)] : []),
  ];
  if (hosts === 0) return `${style.good('No changes.')} ${rest.join(', ')}.`;
  return [
    style.heading(`${counted(changes, 'change')} on ${counted(hosts, 'host')}`),
    ...rest,
  ].join(', ');
}
