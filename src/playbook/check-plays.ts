import { errorAt, type Finding } from '../support/yaml/diagnostic.ts';
import { childPointer } from '../support/yaml/json-pointer.ts';
import type { Sound } from '../support/yaml/sound.ts';
import { kindOfItem, type ItemKind } from './item-kinds.ts';
import type { PlayFor, PlayHosts } from './play-hosts.ts';
import type { Check } from './playbook.ts';
import { isWhole, itemsOfProcedure, WHOLE_PROCEDURES } from './procedures.ts';
import type { Play } from './schema-types.ts';

/** The hosts of the plays that may name a check. */
const CHECK_HOSTS: Readonly<Record<Check, readonly PlayHosts[]>> = {
  'port-reachable': ['clusterNodes'],
  'same-credentials': ['clusterNodes'],
  'node-online': ['cluster'],
};

const isCheck = (what: ItemKind | Check): what is Check => Object.hasOwn(CHECK_HOSTS, what);

const hostsFor = (what: ItemKind | Check): readonly PlayHosts[] =>
  isCheck(what) ? CHECK_HOSTS[what] : kindOfItem(what).hosts;

const onlyFor = (what: ItemKind | Check): PlayFor | undefined =>
  isCheck(what) ? undefined : kindOfItem(what).only;

/** One item or check of one play: the smallest thing that has a place in the order. */
export interface Step {
  readonly what: ItemKind | Check;
  readonly hosts: PlayHosts | undefined;
  readonly for: PlayFor;
  readonly procedure: Play['procedure'] | undefined;
  /** Which play it stands in, from 0. */
  readonly play: number;
  readonly pointer: string;
}

type SoundPlays = readonly (Sound<Play> | undefined)[];

/** All steps in the order in which they are done: a play's items come before its checks. */
export const stepsOf = (plays: SoundPlays): Step[] =>
  plays.flatMap((play, index) =>
    placedIn(play, childPointer('/plays', index)).map(({ what, pointer }) => ({
      what,
      hosts: play?.hosts,
      for: play?.for ?? 'remoteNodes',
      procedure: play?.procedure,
      play: index,
      pointer,
    })),
  );

/** The items of a procedure stand where the procedure is named. */
function placedIn(
  play: Sound<Play> | undefined,
  pointer: string,
): readonly Pick<Step, 'what' | 'pointer'>[] {
  const written = (['items', 'checks'] as const).flatMap((kind) =>
    (play?.[kind] ?? []).flatMap((what, position) =>
      what === undefined ? [] : [{ what, pointer: childPointer(pointer, kind, position) }],
    ),
  );
  if (!isWhole(play?.procedure)) return written;
  const at = childPointer(pointer, 'procedure');
  const own = itemsOfProcedure(play.procedure).map((what) => ({ what, pointer: at }));
  return [...own, ...written.filter(({ what }) => isCheck(what))];
}

/** What is wrong with single plays, whatever their order. */
export const checkPlays = (plays: SoundPlays): Finding[] => [
  ...plays.flatMap((play, index) =>
    play === undefined ? [] : checkPlay(play, childPointer('/plays', index)),
  ),
  ...stepsOf(plays)
    .filter(({ what, procedure }) => isCheck(what) || !isWhole(procedure))
    .flatMap((step) => [...checkStepHosts(step), ...checkStepFor(step)]),
];

const checkPlay = (play: Sound<Play>, pointer: string): Finding[] => [
  ...checkEmpty(play, pointer),
  ...checkWhole(play, pointer),
  ...checkProcedure(play, pointer),
  ...checkFor(play, pointer),
];

function checkEmpty({ items, checks, procedure }: Sound<Play>, pointer: string): Finding[] {
  if (items !== undefined || checks !== undefined || isWhole(procedure)) return [];
  const expected = '`items`, `checks` or both';
  return [errorAt(pointer, 'empty-play', 'this play does nothing', { expected })];
}

function checkProcedure({ hosts, procedure }: Sound<Play>, pointer: string): Finding[] {
  if (procedure !== 'quiet-restart' || hosts === undefined || ofNodes(hosts)) return [];
  const message = `\`${procedure}\` restarts the daemon of remote nodes and guest nodes`;
  const expected = '`hosts: remoteNodes` or `hosts: guestNodes`';
  return [errorAt(childPointer(pointer, 'procedure'), 'wrong-hosts', message, { expected })];
}

function checkFor(play: Sound<Play>, pointer: string): Finding[] {
  if (play.for !== undefined && play.hosts !== undefined && ofNodes(play.hosts)) {
    const message = `\`for\` has no meaning in a play with \`hosts: ${play.hosts}\``;
    const expected = '`hosts: clusterNodes` or `hosts: cluster`';
    return [errorAt(childPointer(pointer, 'for'), 'wrong-hosts', message, { expected })];
  }
  if (play.for !== 'guestNodes' || isOneByOne(play.batch)) return [];
  const message = 'guest nodes join one at a time: a connection that fails may stop its VM';
  const at = play.batch === undefined ? pointer : childPointer(pointer, 'batch');
  return [errorAt(at, 'unsafe-batch', message, { expected: '`batch: 1`' })];
}

function checkWhole(play: Sound<Play>, pointer: string): Finding[] {
  const { procedure } = play;
  if (!isWhole(procedure) && play.hosts !== 'all') return [];
  if (!isWhole(procedure) || play.hosts !== 'all') {
    const key = isWhole(procedure) ? 'procedure' : 'hosts';
    const procedures = isWhole(procedure) ? [procedure] : WHOLE_PROCEDURES;
    const named = procedures.map((name) => `\`procedure: ${name}\``).join(' or ');
    const message = `\`hosts: all\` and ${named} require each other`;
    return [
      errorAt(childPointer(pointer, key), 'wrong-hosts', message, { expected: 'both, or neither' }),
    ];
  }
  const findings: Finding[] = [];
  if (play.items !== undefined) {
    const message = `\`procedure: ${procedure}\` has its own items`;
    findings.push(
      errorAt(childPointer(pointer, 'items'), 'wrong-items', message, { expected: 'no `items`' }),
    );
  }
  if (play.batch !== undefined) {
    const message = 'all hosts change together: batches are not allowed';
    findings.push(
      errorAt(childPointer(pointer, 'batch'), 'unsafe-batch', message, { expected: 'no `batch`' }),
    );
  }
  return findings;
}

const ofNodes = (hosts: PlayHosts): boolean => hosts === 'remoteNodes' || hosts === 'guestNodes';

const isOneByOne = (batch: Sound<Play>['batch']): boolean =>
  batch === 1 || (Array.isArray(batch) && batch.length > 0 && batch.every((size) => size === 1));

function checkStepFor({ what, hosts, for: whom, pointer }: Step): Finding[] {
  const right = hosts === 'all' ? undefined : onlyFor(what);
  if (right === undefined || right === whom) return [];
  const message = `\`${what}\` has no meaning in a play for ${whom === 'guestNodes' ? 'guest nodes' : 'remote nodes'}`;
  return [errorAt(pointer, 'wrong-hosts', message, { expected: `\`for: ${right}\`` })];
}

function checkStepHosts({ what, hosts, pointer }: Step): Finding[] {
  const right = hostsFor(what);
  if (hosts === undefined || right.includes(hosts)) return [];
  const message = `\`${what}\` has no meaning in a play with \`hosts: ${hosts}\``;
  const expected = right.map((name) => `\`hosts: ${name}\``).join(' or ');
  return [errorAt(pointer, 'wrong-hosts', message, { expected })];
}
