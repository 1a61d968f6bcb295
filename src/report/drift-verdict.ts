import type { Drift } from '../plan/drift.ts';
import type { DriftHost } from '../plan/drift-hosts.ts';
import { countStates, HOST_STATES } from './drift-counts.ts';
import { STATE_WORDS } from './drift-picture.ts';
import { counted } from './layout.ts';
import { tag, type Tag } from './markup.ts';

/** What matters, in one sentence. */
export function verdict(drift: Drift, hosts: readonly DriftHost[], title: string): Tag {
  const states = countStates(hosts);
  const all = hosts.length - states.undeclared;
  const unknown = states.unreachable + states.refused;
  const things = drift.drifted.length + drift.findings.length;
  const [mood, headline] =
    states.drifted > 0
      ? [
          'warn',
          `${states.drifted} of ${counted(all, 'host')} ${states.drifted === 1 ? 'is' : 'are'} not as declared`,
        ]
      : things > 0
        ? ['warn', 'The cluster is not as declared']
        : unknown > 0
          ? [
              'bad',
              `Not everything is known: ${unknown} of ${counted(all, 'host')} could not be compared`,
            ]
          : ['good', `All ${counted(all, 'host')} are as declared`];
  const rest = [
    ...(things > 0
      ? [`${counted(things, 'thing')} ${things === 1 ? 'has' : 'have'} drifted.`]
      : []),
    ...(things > 0 && unknown > 0
      ? [`Nothing is known about ${counted(unknown, 'more host')}.`]
      : []),
    ...(drift.ignored.length > 0
      ? [`${counted(drift.ignored.length, 'thing')} ignored, with a reason and an end date.`]
      : []),
  ];
  return tag(
    'header',
    { class: `verdict ${unknown > 0 ? 'bad' : mood}` },
    tag('p', { class: 'eyebrow' }, title),
    tag('h1', {}, headline),
    rest.length === 0 ? [] : tag('p', {}, rest.join(' ')),
  );
}

/** How many hosts there are of each state. */
export function counters(hosts: readonly DriftHost[]): Tag {
  const states = countStates(hosts);
  return tag(
    'div',
    { class: 'counters' },
    HOST_STATES.filter((state) => states[state] > 0 || state === 'in-sync').map((state) =>
      tag(
        'div',
        { class: `counter ${state}` },
        tag('b', {}, String(states[state])),
        tag('span', {}, STATE_WORDS[state].text),
      ),
    ),
  );
}

/** What is wrong with the cluster as a whole. */
export function clusterWarnings({ cluster }: Drift): readonly Tag[] {
  const said = [
    ...(cluster.hasQuorum
      ? []
      : ['The cluster has no quorum: it does nothing until enough cluster nodes are back.']),
    ...(cluster.dc === undefined ? ['No cluster node leads at the moment.'] : []),
    ...(cluster.fencing ? [] : ['Fencing is off: the cluster cannot cut off a host that hangs.']),
    ...(cluster.maintenance ? ['The cluster is in maintenance mode: it recovers nothing.'] : []),
  ];
  return said.map((text) => tag('p', { class: 'warning' }, text));
}
