import type { ItemKind } from '../../playbook/item-kinds.ts';
import type { DriftIgnoreSpec } from '../../inventory/spec.ts';
import { fitsPattern } from '../../inventory/select.ts';
import type { AttributeChange } from '../../model/item.ts';
import {
  FINDING_KINDS,
  type DriftItem,
  type DriftKind,
  type Finding,
  type FindingItem,
} from '../../model/finding.ts';
import type { PendingNode } from '../../model/plan.ts';
import type { Change, ClusterSummary, Plan, Problem, StoppedGuest } from '../../model/plan.ts';
import { IN_USE, isOfRunningDaemon } from './running-daemon.ts';

/** One attribute that is not as it should be; `undefined` is absent. */
export interface Difference {
  readonly host: string;
  readonly item: DriftItem;
  readonly attribute: string;
  readonly kind: DriftKind;
  readonly expected: string | undefined;
  readonly actual: string | undefined;
  readonly reason: string | undefined;
  /** What to do, where it is not `outrigger apply`. */
  readonly hint: string | undefined;
}

/** A difference that the inventory ignores, and why. */
export interface IgnoredDifference extends Difference {
  readonly ignore: DriftIgnoreSpec;
}

/** How the live state has come away from the inventory: what a plan finds, seen as a state and not as work to do. */
export interface Drift {
  readonly cluster: ClusterSummary;
  /** What is not as desired; what would merely follow from mending it is left out. */
  readonly drifted: readonly Change[];
  /** What is wrong and not mended by an apply. */
  readonly findings: readonly Finding[];
  readonly ignored: readonly IgnoredDifference[];
  /** What the inventory ignored until a day that is over: it has no effect any more. */
  readonly expiredIgnores: readonly DriftIgnoreSpec[];
  /** Hosts about which nothing is known, or that must not be touched: never in sync. */
  readonly problems: readonly Problem[];
  /** Guest nodes whose VM the cluster has stopped: no drift, and not in sync either. */
  readonly stoppedGuests: readonly StoppedGuest[];
  /** Nodes that have not drifted and are not in yet. */
  readonly pending: readonly PendingNode[];
  readonly notes: readonly string[];
  readonly unmanaged: readonly string[];
  /** Hosts on which nothing has drifted but what is ignored. */
  readonly inSync: readonly string[];
}

/** The drift that a plan has found; `today`: `2026-12-31`. */
export function driftOf(
  { plays, ...plan }: Plan,
  ignores: readonly DriftIgnoreSpec[] = [],
  today = '',
): Drift {
  const ended = ignores.filter(({ until }) => until < today);
  const valid = ignores.filter((ignore) => !ended.includes(ignore));
  const changes = plays.flatMap((play) =>
    play.changes.filter(({ isConsequence }) => !isConsequence),
  );
  const sorted = changes.map((change) => sortOut(change, valid));
  const drifted = sorted.flatMap(({ left }) => (left.attributes.length === 0 ? [] : [left]));
  const foundIgnored = plan.findings.flatMap((finding) => {
    const ignore = ignoreOf(valid, finding.host, finding.item, finding.attribute);
    return ignore === undefined ? [] : [{ finding, ignore }];
  });
  const findings = plan.findings.filter((one) =>
    foundIgnored.every(({ finding }) => finding !== one),
  );
  const drifting = [...drifted, ...findings];
  const left = new Set([...drifting, ...plan.problems, ...plan.pending].map(({ host }) => host));
  const ignored = [
    ...sorted.flatMap((one) => one.ignored),
    ...foundIgnored.map(({ finding, ignore }) => ({ ...ofFinding(finding), ignore })),
  ];
  return {
    cluster: plan.cluster,
    drifted,
    findings,
    ignored,
    expiredIgnores: ended,
    problems: plan.problems,
    stoppedGuests: plan.stoppedGuests,
    pending: plan.pending,
    notes: plan.notes,
    unmanaged: plan.unmanaged,
    inSync: [...new Set([...plan.inSync, ...ignored.map(({ host }) => host)])]
      .filter((host) => !left.has(host))
      .sort(),
  };
}

/** Takes a change apart into what counts and what is ignored. */
function sortOut(change: Change, ignores: readonly DriftIgnoreSpec[]) {
  const { host, item } = change;
  const ignored: IgnoredDifference[] = [];
  const attributes = change.attributes.filter((attribute) => {
    const ignore = ignoreOf(ignores, host, item, attribute.name);
    if (ignore !== undefined) ignored.push({ ...ofAttribute(host, item, attribute), ignore });
    return ignore === undefined;
  });
  return { left: { ...change, attributes }, ignored };
}

const ignoreOf = (
  ignores: readonly DriftIgnoreSpec[],
  host: string,
  item: DriftItem,
  attribute: string,
): DriftIgnoreSpec | undefined =>
  ignores.find(
    (ignore) =>
      ignore.item === item &&
      (ignore.attribute === undefined || ignore.attribute === attribute) &&
      fitsPattern(ignore.host, host),
  );

const ofAttribute = (
  host: string,
  item: Change['item'],
  { name, before, after, reason }: AttributeChange,
): Difference => ({
  host,
  item,
  attribute: name,
  kind: isOfRunningDaemon(item, name) ? 'running-daemon' : 'configuration',
  expected: after,
  actual: before,
  reason,
  hint: undefined,
});

const ofFinding = ({
  host,
  item,
  attribute,
  expected,
  actual,
  message,
  hint,
}: Finding): Difference => ({
  host,
  item,
  attribute,
  kind: FINDING_KINDS[item],
  expected,
  actual,
  reason: message,
  hint,
});

/** Everything that counts, one entry for each attribute. */
export const differencesOf = ({
  drifted,
  findings,
}: Pick<Drift, 'drifted' | 'findings'>): readonly Difference[] => [
  ...drifted.flatMap(({ host, item, attributes }) =>
    attributes.map((attribute) => ofAttribute(host, item, attribute)),
  ),
  ...findings.map(ofFinding),
];

/** Whether anything counts as drift. */
export const hasDrifted = ({ drifted, findings }: Drift): boolean =>
  drifted.length + findings.length > 0;

/** Whether no apply alone mends it. */
export const isOfFinding = ({ kind }: Pick<Difference, 'kind'>): boolean =>
  kind !== 'configuration' && kind !== 'running-daemon';

/** What only findings report. */
const ONLY_FOUND: Readonly<Record<Exclude<FindingItem, ItemKind>, true>> = {
  connection: true,
  fencing: true,
  'certificate-expiry': true,
  membership: true,
  orphan: true,
};

const has = <Key extends string>(record: Partial<Record<Key, unknown>>, key: string): key is Key =>
  Object.hasOwn(record, key);

/** The kinds of drift that there can be of an item. */
export const kindsOf = (item: DriftItem): readonly DriftKind[] => [
  ...(has(ONLY_FOUND, item) ? [] : (['configuration'] as const)),
  ...(has(IN_USE, item) ? (['running-daemon'] as const) : []),
  ...(has(FINDING_KINDS, item) ? [FINDING_KINDS[item]] : []),
];
