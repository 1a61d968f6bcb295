import { errorAt, type Finding } from '../support/diagnostic.ts';
import type { Check, ItemKind } from './playbook.ts';
import type { Step } from './check-plays.ts';

/** A step that has to come before another one. */
interface Needed {
  readonly what: ItemKind | Check;
  /** Only counts when it is done on the remote nodes. */
  readonly onRemoteNodes?: boolean;
  readonly because: string;
}

/** What a node needs before the cluster may connect to it. */
const BEFORE_CONNECTING: readonly Needed[] = [
  { what: 'package', onRemoteNodes: true, because: 'the host needs the software' },
  { what: 'authkey', onRemoteNodes: true, because: 'the host needs the key' },
  { what: 'service', onRemoteNodes: true, because: 'the daemon has to run' },
  { what: 'fence-device', because: 'a node that is lost and that nobody can fence stays unclean' },
  { what: 'port-reachable', because: 'every cluster node has to reach the daemon' },
  {
    what: 'same-credentials',
    because: 'a wrong key makes the connection fail, and a failure may fence',
  },
];

/** What a check has to follow, or it proves nothing. */
const PROVES: readonly (readonly [Check, ItemKind])[] = [
  ['port-reachable', 'service'],
  ['same-credentials', 'authkey'],
];

/** Refuses an order in which the cluster would connect to a node before that is proven to work. */
export const checkOrder = (steps: readonly Step[]): Finding[] => [
  ...steps.flatMap((step, index) =>
    step.what === 'connection-resource' ? checkConnecting(step, steps.slice(0, index)) : [],
  ),
  ...checkTakenUp(steps),
  ...checkProven(steps),
  ...checkReleased(steps),
];

function checkConnecting({ pointer }: Step, before: readonly Step[]): Finding[] {
  const missing = BEFORE_CONNECTING.filter(
    (needed) => !before.some((step) => fulfils(step, needed)),
  );
  const outdated = PROVES.filter(([check, proven]) => {
    const checked = before.findLastIndex(({ what }) => what === check);
    const done = before.findLastIndex((step) =>
      fulfils(step, { what: proven, onRemoteNodes: true }),
    );
    return checked >= 0 && checked < done;
  });
  return [
    ...missing.map((needed) => tooEarly(pointer, needed)),
    ...outdated.map(([check, proven]) => proofTooOld(pointer, check, proven)),
  ];
}

const fulfils = (step: Step, needed: Pick<Needed, 'what' | 'onRemoteNodes'>): boolean =>
  step.what === needed.what && (needed.onRemoteNodes !== true || step.hosts === 'remoteNodes');

function tooEarly(pointer: string, { what, onRemoteNodes, because }: Needed): Finding {
  const where = onRemoteNodes === true ? ' with `hosts: remoteNodes`' : '';
  const message = `\`connection-resource\` comes before \`${what}\`: ${because}`;
  const expected = `\`${what}\` in an earlier play${where}`;
  return errorAt(pointer, 'unsafe-order', message, { expected });
}

function proofTooOld(pointer: string, check: Check, proven: ItemKind): Finding {
  const message = `\`${check}\` is checked before \`${proven}\` is done, which proves nothing`;
  const expected = `\`${check}\` in a play between \`${proven}\` and this one`;
  return errorAt(pointer, 'unsafe-order', message, { expected });
}

/** What the daemon reads at its start. */
const READ_AT_START: readonly (ItemKind | Check)[] = ['authkey', 'environment'];

/** A daemon goes on with what it read at its start: what changes that comes before a `service`, and before the connect. */
function checkTakenUp(steps: readonly Step[]): Finding[] {
  const isService = (step: Step): boolean =>
    fulfils(step, { what: 'service', onRemoteNodes: true });
  if (!steps.some(isService)) return [];
  return steps.flatMap(({ what, hosts, pointer }, index) => {
    if (hosts !== 'remoteNodes' || !READ_AT_START.includes(what)) return [];
    const after = steps.slice(index + 1);
    const connect = after.findIndex((step) => step.what === 'connection-resource');
    if (after.slice(0, connect < 0 ? undefined : connect).some(isService)) return [];
    const message = `\`${what}\` comes after \`service\`: the daemon would go on with what it had read before`;
    const expected = `\`service\` after \`${what}\`, and before \`connection-resource\``;
    return [errorAt(pointer, 'unsafe-order', message, { expected })];
  });
}

/** After the last connect comes the proof that the nodes are in. */
function checkProven(steps: readonly Step[]): Finding[] {
  const last = steps.findLastIndex(({ what }) => what === 'connection-resource');
  const connect = steps[last];
  if (connect === undefined || steps.slice(last).some(({ what }) => what === 'truly-in')) return [];
  const message = 'nothing proves that the nodes which are connected here have joined';
  const expected = '`truly-in` in a later play';
  return [errorAt(connect.pointer, 'unsafe-order', message, { expected })];
}

/** A node takes up its declared state only when it is proven to be in. */
function checkReleased(steps: readonly Step[]): Finding[] {
  let proven = false;
  const findings: Finding[] = [];
  for (const { what, pointer } of steps) {
    if (what === 'connection-resource') proven = false;
    if (what === 'truly-in') proven = true;
    if (what !== 'node-state' || proven) continue;
    const message =
      '`node-state` comes before `truly-in`: a node that has not joined cannot be released';
    const expected = '`truly-in` in an earlier play';
    findings.push(errorAt(pointer, 'unsafe-order', message, { expected }));
  }
  return findings;
}
