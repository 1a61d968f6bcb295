import type { Drift } from '../../plan/drift/drift.ts';
import type { DriftHost } from '../../plan/drift/drift-hosts.ts';
import { countStates, HOST_STATES } from './drift-counts.ts';
import { STATE_WORDS } from './drift-picture.ts';
import { counted } from '../text/layout.ts';
import { tag, type Tag } from '../text/markup.ts';

/** What matters, in one sentence. */
export function verdict(drift: Drift, hosts: readonly DriftHost[], title: string): Tag {
  const unknown = unknownIn(hosts);
  const things = drift.drifted.length + drift.findings.length;
  const [mood, headline] = headlineOf(hosts, things);
  const rest = [
    ...(things > 0 ? [`${counted(things, 'item')} ${things === 1 ? 'has' : 'have'} drifted.`] : []),
    ...(things > 0 && unknown > 0
      ? [`The state of ${counted(unknown, 'more host')} is unknown.`]
      : []),
    ...(drift.ignored.length > 0
      ? [`${counted(drift.ignored.length, 'item')} ignored, with a reason and an end date.`]
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

const unknownIn = (hosts: readonly DriftHost[]): number => {
  const { unreachable, refused } = countStates(hosts);
  return unreachable + refused;
};

/** The most serious state of the hosts, and its color. */
function headlineOf(hosts: readonly DriftHost[], things: number): readonly [string, string] {
  const states = countStates(hosts);
  const all = counted(hosts.length - states.undeclared, 'host');
  const unknown = unknownIn(hosts);
  if (states.drifted > 0)
    return [
      'warn',
      `${states.drifted} of ${all} ${states.drifted === 1 ? 'is' : 'are'} not as declared`,
    ];
  if (things > 0) return ['warn', 'The cluster is not as declared'];
  if (unknown > 0) return ['bad', `Incomplete: ${unknown} of ${all} could not be compared`];
  if (states.pending > 0) return ['warn', `${states.pending} of ${all} have not joined yet`];
  return ['good', `All ${all} are as declared`];
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
  const parts = [
    ...(cluster.hasQuorum
      ? []
      : ['The cluster has no quorum: it runs no resources until enough cluster nodes are online.']),
    ...(cluster.dc === undefined ? ['No DC is elected at the moment.'] : []),
    ...(cluster.fencing ? [] : ['Fencing is off: the cluster cannot isolate a host that hangs.']),
    ...(cluster.maintenance
      ? ['The cluster is in maintenance mode: failed resources are not recovered.']
      : []),
  ];
  return parts.map((text) => tag('p', { class: 'warning' }, text));
}
