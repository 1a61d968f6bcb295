import { differencesOf, type Difference, type Drift } from '../../plan/drift/drift.ts';
import type { DriftHost } from '../../plan/drift/drift-hosts.ts';
import { groupBy } from '../../support/text/group-by.ts';
import { groupByCause, type Complaint } from '../text/causes.ts';
import { countStates, HOST_STATES } from './drift-counts.ts';
import { clusterWarnings, counters, verdict } from './drift-verdict.ts';
import { KIND_WORDS, STATE_WORDS, topology } from './drift-picture.ts';
import type { ComparedRun, DriftReport, FailedRun } from './drift-report.ts';
import { PAGE_STYLE } from './drift-style.ts';
import { driftWords } from './drift-words.ts';
import { foldNames } from '../../support/text/fold-names.ts';
import { counted } from '../text/layout.ts';
import { markupText, prose, tag, type Content, type Tag } from '../text/markup.ts';
import { beforeText, valueText } from '../text/value-text.ts';

/**
 * Drift as one page that needs nothing else, for people who do not know Pacemaker: how many hosts are as declared, a picture
 * of the cluster, what has drifted, what that means and what to do.
 */
export function driftAsHtml(report: DriftReport): string {
  const { result } = report;
  const cluster = result.kind === 'compared' ? result.drift.cluster.name : result.cluster;
  const title = cluster === undefined ? 'Drift' : `Drift of the cluster ${cluster}`;
  const page = tag(
    'html',
    { lang: 'en' },
    tag(
      'head',
      {},
      tag('meta', { charset: 'utf-8' }),
      tag('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
      tag('meta', {
        'http-equiv': 'Content-Security-Policy',
        content: "default-src 'none'; style-src 'unsafe-inline'",
      }),
      tag('title', {}, title),
      tag('style', {}, ...PAGE_STYLE),
    ),
    tag(
      'body',
      {},
      tag(
        'main',
        {},
        ...(result.kind === 'compared' ? comparedPage(result, title) : failedPage(result, title)),
        footer(report),
      ),
    ),
  );
  return `<!DOCTYPE html>\n${markupText(page)}\n`;
}

const footer = ({ inventory, version, at }: DriftReport): Tag =>
  tag(
    'footer',
    {},
    `As of ${at.toISOString().slice(0, 16).replace('T', ' ')} UTC, made by outrigger ${version} from ${inventory}. To see the current state: `,
    tag('code', {}, `outrigger drift -i ${inventory}`),
  );

const failedPage = ({ message, hint }: FailedRun, title: string): readonly Tag[] => [
  tag(
    'header',
    { class: 'verdict bad' },
    tag('p', { class: 'eyebrow' }, title),
    tag('h1', {}, 'The comparison failed'),
    tag('p', {}, 'It is unknown whether the cluster is as declared.'),
  ),
  part('Why', tag('p', {}, prose(message)), ...(hint === undefined ? [] : [whatToDo(hint)])),
];

function comparedPage({ drift, hosts }: ComparedRun, title: string): readonly Tag[] {
  return [
    verdict(drift, hosts, title),
    counters(hosts),
    part(
      'The cluster',
      topology(hosts, drift.cluster.dc),
      legend(hosts),
      ...clusterWarnings(drift),
    ),
    ...driftedParts(drift),
    ...problemParts(drift),
    ...ignoredParts(drift),
    ...list('Notes', drift.notes),
    hostsPart(hosts),
  ];
}

const part = (title: string, ...content: readonly Content[]): Tag =>
  tag('section', {}, tag('h2', {}, title), content);

const whatToDo = (what: string): Tag =>
  tag('p', { class: 'todo' }, tag('b', {}, 'What to do: '), prose(what));

function legend(hosts: readonly DriftHost[]): Tag {
  const states = countStates(hosts);
  const used = HOST_STATES.filter((state) => states[state] > 0);
  return tag(
    'p',
    { class: 'legend' },
    used.map((state) =>
      tag(
        'span',
        { class: `key ${state}` },
        tag('i', {}, STATE_WORDS[state].mark),
        ` ${STATE_WORDS[state].text}`,
      ),
    ),
    'Square: host. Round: VM of the cluster. Line: connection to the cluster node that runs it.',
  );
}

/** One part for each kind of thing, with the hosts that differ in the same way in one row. */
function driftedParts(drift: Drift): readonly Tag[] {
  const differences = differencesOf(drift);
  if (differences.length === 0) return [];
  const kinds = [...groupBy(differences, ({ item }) => item).values()];
  return [
    tag('h2', { class: 'heading' }, 'Drift and remedies'),
    ...kinds.flatMap((same) => {
      const [first] = same;
      if (first === undefined) return [];
      const { title, meaning, remedy } = driftWords(first.item);
      const hints = [...new Set(same.flatMap(({ hint }) => hint ?? []))];
      const isMixed = same.some(({ hint }) => hint === undefined);
      return [
        tag(
          'section',
          { class: 'drift' },
          tag('h3', {}, title),
          tag('p', {}, meaning),
          differencesTable(same),
          ...(isMixed || hints.length > MOST_HINTS ? [remedy] : hints).map(whatToDo),
        ),
      ];
    }),
  ];
}

/** More than these say the same with other names. */
const MOST_HINTS = 3;

function differencesTable(differences: readonly Difference[]): Tag {
  const rows = groupBy(differences, ({ attribute, expected, actual }) =>
    JSON.stringify([attribute, expected, actual]),
  );
  return table(
    ['Where', 'What', 'Declared', 'Found'],
    [...rows.values()].flatMap((same) => {
      const [first] = same;
      if (first === undefined) return [];
      const { item, attribute, expected, actual } = first;
      return [
        [
          foldNames(same.map(({ host }) => host)),
          `${item}: ${attribute}`,
          valueText(expected),
          beforeText({ name: attribute, before: actual }),
        ],
      ];
    }),
  );
}

const table = (heads: readonly string[], rows: readonly (readonly string[])[]): Tag =>
  tag(
    'div',
    { class: 'scroll' },
    tag(
      'table',
      {},
      tag(
        'thead',
        {},
        tag(
          'tr',
          {},
          heads.map((head) => tag('th', {}, head)),
        ),
      ),
      tag(
        'tbody',
        {},
        rows.map((cells) =>
          tag(
            'tr',
            {},
            cells.map((cell) => tag('td', {}, cell)),
          ),
        ),
      ),
    ),
  );

function problemParts({ problems, stoppedGuests, pending }: Drift): readonly Tag[] {
  const of = (desired: Drift['problems'][number]['kind']) =>
    problems.filter(({ kind }) => kind === desired);
  return [
    ...causes('Unreachable hosts', of('unreachable')),
    ...causes('Refused hosts', of('refused')),
    ...causes('VMs stopped by the cluster', stoppedGuests),
    ...causes('Nodes that have not joined yet', pending),
  ];
}

const causes = (title: string, complaints: readonly Complaint[]): readonly Tag[] =>
  complaints.length === 0
    ? []
    : [
        part(
          title,
          ...groupByCause(complaints).flatMap(({ hosts, message, hint, isExample }) => [
            tag(
              'p',
              {},
              tag('b', {}, foldNames(hosts)),
              `: ${message}${isExample ? ` (${hosts[0] ?? ''}; same for the others)` : ''}`,
            ),
            ...(hint === undefined ? [] : [whatToDo(hint)]),
          ]),
        ),
      ];

function ignoredParts({ ignored, expiredIgnores }: Drift): readonly Tag[] {
  const rows = groupBy(ignored, ({ item, attribute, expected, actual, ignore }) =>
    JSON.stringify([item, attribute, expected, actual, ignore.reason, ignore.until]),
  );
  const known = [...rows.values()].flatMap((same) => {
    const [first] = same;
    if (first === undefined) return [];
    const { item, attribute, expected, actual, ignore } = first;
    return [
      [
        foldNames(same.map(({ host }) => host)),
        `${item}: ${attribute}`,
        valueText(expected),
        beforeText({ name: attribute, before: actual }),
        ignore.reason,
        ignore.until,
      ],
    ];
  });
  return [
    ...(known.length === 0
      ? []
      : [
          part(
            'Ignored drift',
            table(['Where', 'What', 'Declared', 'Found', 'Why', 'Until'], known),
          ),
        ]),
    ...list(
      'No longer ignored',
      expiredIgnores.map(
        ({ host, item, attribute, reason, until }) =>
          `${host}, ${item}${attribute === undefined ? '' : ` ${attribute}`}: until ${until} (${reason})`,
      ),
    ),
  ];
}

const list = (title: string, lines: readonly string[]): readonly Tag[] =>
  lines.length === 0
    ? []
    : [
        part(
          title,
          tag(
            'ul',
            {},
            lines.map((one) => tag('li', {}, prose(one))),
          ),
        ),
      ];

const DAY_SECONDS = 86_400;

const hostsPart = (hosts: readonly DriftHost[]): Tag =>
  tag(
    'details',
    {},
    tag('summary', {}, `All ${counted(hosts.length, 'host')}`),
    table(
      ['Host', 'Role', 'State', 'Connected from', 'Age of its key', 'Certificate until'],
      hosts.map(({ name, kind, state, connectedFrom, vm, authkeySeconds, certificateEnds }) => [
        name,
        `${KIND_WORDS[kind]}${vm === undefined ? '' : ` (${vm.resource}${vm.on === undefined ? '' : ` on ${vm.on}`})`}`,
        STATE_WORDS[state].text,
        connectedFrom ?? '',
        authkeySeconds === undefined
          ? ''
          : counted(Math.floor(authkeySeconds / DAY_SECONDS), 'day'),
        certificateEnds?.toISOString().slice(0, 10) ?? '',
      ]),
    ),
  );
