import { printable } from '../../support/text/printable.ts';
import { causeLines } from '../text/causes.ts';
import { compareNames, foldNames } from '../../support/text/fold-names.ts';
import { groupBy } from '../../support/text/group-by.ts';
import { counted, wrapText } from '../text/layout.ts';
import type { RunEvent, StepName, Verdict } from '../../model/run-event.ts';
import { summariseRun, type FinishedRun, type RunSummary } from './run-summary.ts';
import { plainStyle, type Style } from '../text/style.ts';

/** What a run reports, as one line of plain text: `[Prepare the hosts] h1 package: changed`. */
export const eventLine = (event: RunEvent): string =>
  `[${printable(event.play)}] ${eventText(event)}`;

function eventText(event: RunEvent): string {
  switch (event.type) {
    case 'play-started': {
      const batch = event.batch === '' ? '' : `batch ${printable(event.batch)}, `;
      return `${batch}${counted(event.hosts.length, 'host')}: ${foldNames(event.hosts)}`;
    }
    case 'action':
      return `${stepText(event)}: ${printable(event.action)}`;
    case 'verdict':
      return `${stepText(event)}: ${verdictText(event.verdict)}`;
    case 'waiting':
      return printable(event.message);
    case 'cib-written':
      return `CIB written (${printable(event.purpose)}); backup: ${printable(event.copy)}`;
    case 'query-node-changed':
      return queryNodeText(event);
    case 'notice':
      return printable(event.message);
  }
}

/** `the query node c1 is lost (connection lost to 10.77.0.11:22): the run continues through c2` */
export const queryNodeText = ({
  from,
  to,
  because,
}: Extract<RunEvent, { type: 'query-node-changed' }>): string =>
  `the query node ${printable(from)} is lost (${printable(because)}): the run continues through ${printable(to)}`;

const stepText = ({ host, item }: StepName): string => `${printable(host)} ${item}`;

function verdictText(verdict: Verdict): string {
  switch (verdict.kind) {
    case 'changed':
      return 'changed';
    case 'in-sync':
      return 'in sync';
    case 'failed':
      return `failed: ${printable(verdict.because)}${verdict.hint === undefined ? '' : ` (hint: ${printable(verdict.hint)})`}`;
    case 'skipped':
      return `skipped: ${printable(verdict.because)}`;
  }
}

/** The closing report of a run: what failed and why, what is half-done, and how many steps ended in which way. */
export function renderRun(run: FinishedRun, style: Style = plainStyle): string {
  const summary = summariseRun(run);
  const sections = [
    section('Failed', causeLines(summary.failures, style.bad), style),
    section('Left out of the plan', causeLines(summary.leftOut, style.attention), style),
    section('Half-done', halfDoneLines(summary), style),
    section('Stopped', stoppedLines(summary), style),
    [summaryLine(summary, style)],
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join('\n')}\n`)
    .join('\n');
}

const section = (title: string, lines: readonly string[], style: Style): readonly string[] =>
  lines.length === 0 ? [] : [style.heading(title), ...lines];

const stoppedLines = ({ stopped }: RunSummary): readonly string[] =>
  stopped === undefined ? [] : wrapText(printable(stopped), 2, 4);

function halfDoneLines({
  unfinished,
  stillProtected,
  wasInterrupted,
}: RunSummary): readonly string[] {
  const begun = [...groupBy(unfinished, ({ item }) => item)].map(
    ([item, steps]) =>
      `${foldNames(steps.map(({ host }) => host))}: ${item} was started, result unknown`,
  );
  const waiting =
    stillProtected.length === 0
      ? []
      : [`${foldNames(stillProtected)}: connected, but still in standby and with a join guard`];
  const lines = [...begun.toSorted(compareNames), ...waiting];
  if (lines.length === 0)
    return wasInterrupted ? ['  nothing: all started steps were completed'] : [];
  return [...lines.flatMap((line) => wrapText(line, 2, 4)), '  The next apply completes it.'];
}

function summaryLine(
  { steps, changes, changedHosts, failures, leftOut, wasInterrupted, stopped, seconds }: RunSummary,
  style: Style,
): string {
  const hosts = changes === 0 ? '' : ` on ${counted(changedHosts, 'host')}`;
  const checked = steps['in-sync'];
  const reported = [
    `${counted(changes, 'change')}${hosts}`,
    ...(checked === 0 ? [] : [`${counted(checked, 'step')} without a change`]),
    ...(failures.length === 0 ? [] : [style.bad(`failed on ${counted(failures.length, 'host')}`)]),
    ...(leftOut.length === 0 ? [] : [style.attention(`${leftOut.length} left out`)]),
    ...(steps.skipped === 0 ? [] : [style.attention(`${steps.skipped} skipped`)]),
  ];
  return `${headline(failures.length > 0 || stopped !== undefined, wasInterrupted, style)} ${reported.join(', ')}. Took ${durationText(seconds)}.`;
}

function headline(hasFailed: boolean, wasInterrupted: boolean, style: Style): string {
  if (wasInterrupted) return style.attention('Interrupted:');
  return hasFailed ? style.bad('Failed:') : style.good('Done:');
}

/** `42 s`, `3 min 5 s` */
export function durationText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
