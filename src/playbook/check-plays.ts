import { errorAt, type Finding } from '../support/diagnostic.ts';
import { childPointer } from '../support/json-pointer.ts';
import type { Sound } from '../support/sound.ts';
import type { Check, ItemKind, PlayHosts } from './playbook.ts';
import type { Play } from './schema-types.ts';

/** Whose each item and each check is. */
const BELONGS_TO: Readonly<Record<ItemKind | Check, readonly PlayHosts[]>> = {
  package: ['clusterNodes', 'remoteNodes'],
  authkey: ['clusterNodes', 'remoteNodes'],
  environment: ['clusterNodes', 'remoteNodes'],
  'firewall-port': ['clusterNodes', 'remoteNodes'],
  service: ['clusterNodes', 'remoteNodes'],
  'fence-device': ['cluster'],
  'connection-resource': ['cluster'],
  'node-state': ['cluster'],
  'port-reachable': ['clusterNodes'],
  'same-credentials': ['clusterNodes'],
  'truly-in': ['cluster'],
};

/** One item or check of one play: the smallest thing that has a place in the order. */
export interface Step {
  readonly what: ItemKind | Check;
  readonly hosts: PlayHosts | undefined;
  readonly pointer: string;
}

type SoundPlays = readonly (Sound<Play> | undefined)[];

/** All steps in the order in which they are done: a play's items come before its checks. */
export const stepsOf = (plays: SoundPlays): Step[] =>
  plays.flatMap((play, index) =>
    (['items', 'checks'] as const).flatMap((kind) =>
      (play?.[kind] ?? []).flatMap((what, position) => {
        const pointer = childPointer('/plays', index, kind, position);
        return what === undefined ? [] : [{ what, hosts: play?.hosts, pointer }];
      }),
    ),
  );

/** What is wrong with single plays, whatever their order. */
export const checkPlays = (plays: SoundPlays): Finding[] => [
  ...plays.flatMap((play, index) =>
    play === undefined ? [] : checkPlay(play, childPointer('/plays', index)),
  ),
  ...stepsOf(plays).flatMap(checkStepHosts),
];

function checkPlay(play: Sound<Play>, pointer: string): Finding[] {
  const findings: Finding[] = [];
  if (play.items === undefined && play.checks === undefined) {
    const expected = '`items`, `checks` or both';
    findings.push(errorAt(pointer, 'empty-play', 'this play does nothing', { expected }));
  }
  if (play.around !== undefined && play.hosts !== undefined && play.hosts !== 'remoteNodes') {
    const message = `\`${play.around}\` restarts the daemon of remote nodes`;
    const expected = '`hosts: remoteNodes`';
    findings.push(errorAt(childPointer(pointer, 'around'), 'wrong-hosts', message, { expected }));
  }
  return findings;
}

function checkStepHosts({ what, hosts, pointer }: Step): Finding[] {
  const right = BELONGS_TO[what];
  if (hosts === undefined || right.includes(hosts)) return [];
  const message = `\`${what}\` has no meaning in a play with \`hosts: ${hosts}\``;
  const expected = right.map((name) => `\`hosts: ${name}\``).join(' or ');
  return [errorAt(pointer, 'wrong-hosts', message, { expected })];
}
