import { errorAt, type Finding } from '../support/yaml/diagnostic.ts';
import type { ItemKind } from './item-kinds.ts';
import type { PlayFor } from './play-hosts.ts';
import type { Check } from './playbook.ts';
import type { Step } from './check-plays.ts';

/** A step that has to come before another one. */
interface Needed {
  readonly what: ItemKind | Check;
  /** Only counts when it is done on the nodes themselves. */
  readonly onNodes?: boolean;
  /** Guest nodes do not need it: to fence one is to restart its VM. */
  readonly forRemoteNodes?: boolean;
  readonly because: string;
}

/** What a node needs before the cluster may connect to it. */
const BEFORE_CONNECTING: readonly Needed[] = [
  { what: 'package', onNodes: true, because: 'the host needs the software' },
  { what: 'authkey', onNodes: true, because: 'the host needs the key' },
  { what: 'service', onNodes: true, because: 'the daemon must run' },
  {
    what: 'fence-device',
    forRemoteNodes: true,
    because: 'a lost node that cannot be fenced stays unclean',
  },
  { what: 'port-reachable', because: 'every cluster node must reach the daemon' },
  {
    what: 'same-credentials',
    because: 'a wrong key makes the connection fail, and a failure can cause fencing',
  },
];

/** What a check has to follow, or it proves nothing. */
const PROVES: readonly (readonly [Check, ItemKind])[] = [
  ['port-reachable', 'service'],
  ['same-credentials', 'authkey'],
  ['same-credentials', 'certificate'],
];

/** What makes the cluster connect to the nodes of each kind. */
const CONNECTS: Readonly<Record<PlayFor, ItemKind>> = {
  remoteNodes: 'connection-resource',
  guestNodes: 'guest-node',
};

/** The steps for one kind of nodes, on the nodes themselves or on the cluster. */
interface Course {
  readonly kind: PlayFor;
  readonly connect: ItemKind;
  readonly steps: readonly Step[];
}

const courseOf = (kind: PlayFor, steps: readonly Step[]): Course => ({
  kind,
  connect: CONNECTS[kind],
  steps: steps.filter(
    (step) =>
      step.hosts === kind ||
      ((step.hosts === 'cluster' || step.hosts === 'clusterNodes') && step.for === kind),
  ),
});

/** Refuses an order in which the cluster would connect to a node before that is proven to work. */
export function checkOrder(steps: readonly Step[]): Finding[] {
  const coming = steps.filter(({ procedure }) => procedure !== 'removal');
  return [...checkSequences(coming), ...checkOneByOne(coming), ...checkRemoval(steps)];
}

/** Nodes leave when those that come are in: what runs on them then has somewhere to go. */
function checkRemoval(steps: readonly Step[]): Finding[] {
  const first = steps.findIndex(({ procedure }) => procedure === 'removal');
  const leaving = steps[first];
  const later = steps
    .slice(first + 1)
    .find(({ what, procedure }) => procedure !== 'removal' && isComing(what));
  if (leaving === undefined || later === undefined) return [];
  const message = `nodes are removed before \`${later.what}\`: their resources may not have an eligible node yet`;
  const expected = 'the play with `procedure: removal` after all plays that join nodes';
  return [errorAt(leaving.pointer, 'unsafe-order', message, { expected })];
}

const isComing = (what: ItemKind | Check): boolean =>
  [...Object.values(CONNECTS), ...AFTER_CONNECTING].includes(what);

const checkSequences = (steps: readonly Step[]): Finding[] =>
  (['remoteNodes', 'guestNodes'] as const)
    .map((kind) => courseOf(kind, steps))
    .flatMap((course) => [
      ...course.steps.flatMap((step, index) =>
        step.what === course.connect ? checkConnecting(course, step, index) : [],
      ),
      ...checkTakenUp(course),
      ...checkProven(course),
      ...checkReleased(course),
    ]);

function checkConnecting(
  { kind, steps }: Course,
  { pointer, what: connect }: Step,
  index: number,
): Finding[] {
  const before = steps.slice(0, index);
  const missing = BEFORE_CONNECTING.filter(
    (needed) =>
      !(needed.forRemoteNodes === true && kind !== 'remoteNodes') &&
      !before.some((step) => fulfils(kind, step, needed)),
  );
  const outdated = PROVES.filter(([check, proven]) => {
    const checked = before.findLastIndex(({ what }) => what === check);
    const done = before.findLastIndex((step) =>
      fulfils(kind, step, { what: proven, onNodes: true }),
    );
    return checked >= 0 && checked < done;
  });
  return [
    ...missing.map((needed) => tooEarly(kind, { pointer, connect }, needed)),
    ...outdated.map(([check, proven]) => proofTooOld(pointer, check, proven)),
  ];
}

const fulfils = (kind: PlayFor, step: Step, needed: Pick<Needed, 'what' | 'onNodes'>): boolean =>
  step.what === needed.what && (needed.onNodes !== true || step.hosts === kind);

function tooEarly(
  kind: PlayFor,
  { pointer, connect }: { readonly pointer: string; readonly connect: ItemKind | Check },
  { what, onNodes, because }: Needed,
): Finding {
  const where =
    onNodes === true
      ? ` with \`hosts: ${kind}\``
      : kind === 'guestNodes'
        ? ` with \`for: ${kind}\``
        : '';
  const message = `\`${connect}\` comes before \`${what}\`: ${because}`;
  const expected = `\`${what}\` in an earlier play${where}`;
  return errorAt(pointer, 'unsafe-order', message, { expected });
}

function proofTooOld(pointer: string, check: Check, proven: ItemKind): Finding {
  const message = `\`${check}\` is checked before \`${proven}\` is done, which verifies nothing`;
  const expected = `\`${check}\` in a play between \`${proven}\` and this one`;
  return errorAt(pointer, 'unsafe-order', message, { expected });
}

/** What the daemon reads at its start. */
const READ_AT_START: readonly (ItemKind | Check)[] = ['authkey', 'certificate', 'environment'];

/** A daemon goes on with what it read at its start: what changes that comes before a `service`, and before the connect. */
function checkTakenUp({ kind, connect, steps }: Course): Finding[] {
  const isService = (step: Step): boolean =>
    fulfils(kind, step, { what: 'service', onNodes: true });
  if (!steps.some(isService)) return [];
  return steps.flatMap(({ what, hosts, pointer }, index) => {
    if (hosts !== kind || !READ_AT_START.includes(what)) return [];
    const after = steps.slice(index + 1);
    const next = after.findIndex((step) => step.what === connect);
    if (after.slice(0, next < 0 ? undefined : next).some(isService)) return [];
    const message = `\`${what}\` comes after \`service\`: the daemon would keep using the previous files`;
    const expected = `\`service\` after \`${what}\`, and before \`${connect}\``;
    return [errorAt(pointer, 'unsafe-order', message, { expected })];
  });
}

/** After the last connect comes the proof that the nodes are in. */
function checkProven({ connect, steps }: Course): Finding[] {
  const last = steps.findLastIndex(({ what }) => what === connect);
  const step = steps[last];
  if (step === undefined || steps.slice(last).some(({ what }) => what === 'node-online')) return [];
  const message = 'no check verifies that the nodes connected here are online';
  const expected = '`node-online` in a later play';
  return [errorAt(step.pointer, 'unsafe-order', message, { expected })];
}

/** A node takes up its declared state only when it is proven to be in. */
function checkReleased({ connect, steps }: Course): Finding[] {
  let proven = false;
  const findings: Finding[] = [];
  for (const { what, pointer } of steps) {
    if (what === connect) proven = false;
    if (what === 'node-online') proven = true;
    if (what !== 'node-state' || proven) continue;
    const message =
      '`node-state` comes before `node-online`: standby cannot be cleared before a node is online';
    const expected = '`node-online` in an earlier play';
    findings.push(errorAt(pointer, 'unsafe-order', message, { expected }));
  }
  return findings;
}

/** What follows the connection of a guest node, before the next guest node is taken. */
const AFTER_CONNECTING: readonly (ItemKind | Check)[] = ['node-online', 'node-state'];

/**
 * Only neighbouring plays are taken together, guest node by guest node: parted from their proof or their release, all
 * guest nodes would be connected, and all machines held, before the first is proven.
 */
function checkOneByOne(steps: readonly Step[]): Finding[] {
  return steps.flatMap(({ what, play, pointer }) => {
    if (what !== 'guest-node') return [];
    const later = steps.filter((step) => step.play >= play);
    const parted = later.find((step) => step.for !== 'guestNodes')?.play ?? Infinity;
    const together = later.filter((step) => step.play < parted);
    return AFTER_CONNECTING.filter((needed) => together.every((step) => step.what !== needed)).map(
      (needed) => {
        const message = `\`guest-node\` and \`${needed}\` are not in adjacent plays: guest nodes join one at a time`;
        const expected = `\`${needed}\` with \`for: guestNodes\` after it, without another play in between`;
        return errorAt(pointer, 'unsafe-order', message, { expected });
      },
    );
  });
}
