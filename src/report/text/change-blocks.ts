import type { Change } from '../../model/plan.ts';
import { compareNames, foldNames, isNextName } from '../../support/text/fold-names.ts';
import { groupBy } from '../../support/text/group-by.ts';

/** Hosts that have the same changes before them. */
export interface ChangeBlock {
  readonly hosts: readonly string[];
  /** The changes of the first host; a value that advances from host to host is folded like the names. */
  readonly changes: readonly Change[];
}

/** How a value goes on from one host to the next one. */
type Pace = 'same' | 'next';

/** Blocks of one host each whose names, and whose values where they differ, advance together. */
interface Run {
  readonly blocks: ChangeBlock[];
  paces: readonly Pace[] | undefined;
}

/**
 * Draws together hosts with the same changes, whatever their order; then neighbouring hosts whose changes differ only in
 * values that advance with their names (`compute001.example.net`, `compute002.example.net`).
 */
export function foldChanges(changes: readonly Change[]): readonly ChangeBlock[] {
  const blocks = [...groupBy(changesPerHost(changes), signatureOf).values()].map(merged);
  const alone = blocks.filter(({ hosts }) => hosts.length === 1);
  const families = groupBy(alone, (block) => JSON.stringify(block.changes.map(shapeOf)));
  return [
    ...blocks.filter(({ hosts }) => hosts.length > 1),
    ...[...families.values()].flatMap(runsIn).map(blockOf),
  ].sort((a, b) => compareNames(a.hosts[0] ?? '', b.hosts[0] ?? ''));
}

const changesPerHost = (changes: readonly Change[]): readonly ChangeBlock[] =>
  [...groupBy(changes, ({ host }) => host)]
    .sort(([a], [b]) => compareNames(a, b))
    .map(([host, own]) => ({ hosts: [host], changes: own }));

const merged = (blocks: readonly ChangeBlock[]): ChangeBlock => ({
  hosts: blocks.flatMap(({ hosts }) => hosts),
  changes: blocks[0]?.changes ?? [],
});

const signatureOf = ({ changes }: ChangeBlock): string =>
  JSON.stringify([changes.map(shapeOf), valuesOf(changes)]);

/** A change without its host and its values. */
const shapeOf = ({ item, action, restart, isConsequence, attributes }: Change): unknown => [
  item,
  action,
  restart,
  isConsequence,
  attributes.map(({ name, before, after, reason }) => [
    name,
    before === undefined,
    after === undefined,
    reason === undefined,
  ]),
];

const valuesOf = (changes: readonly Change[]): readonly string[] =>
  changes.flatMap(({ attributes }) =>
    attributes.flatMap(({ before = '', after = '', reason = '' }) => [before, after, reason]),
  );

/** Cuts a family (same shape, in natural order) where a host does not go on as its neighbours do. */
function runsIn(family: readonly ChangeBlock[]): readonly Run[] {
  const runs: Run[] = [];
  for (const block of family) {
    const run = runs.at(-1);
    const paces = run && pacesBetween(run.blocks.at(-1), block);
    if (run === undefined || paces === undefined || !goesOn(run, paces)) {
      runs.push({ blocks: [block], paces: undefined });
    } else {
      run.blocks.push(block);
      run.paces = paces;
    }
  }
  return runs;
}

const goesOn = (run: Run, paces: readonly Pace[]): boolean =>
  run.paces?.every((pace, index) => pace === paces[index]) ?? true;

/** How each value goes on from one host to the next; undefined: they do not advance together. */
function pacesBetween(from: ChangeBlock | undefined, to: ChangeBlock): readonly Pace[] | undefined {
  if (from === undefined || !isNextName(from.hosts[0] ?? '', to.hosts[0] ?? '')) return undefined;
  const [before, after] = [valuesOf(from.changes), valuesOf(to.changes)];
  const paces = before.map((value, index): Pace | undefined => {
    const next = after[index] ?? '';
    if (value === next) return 'same';
    return isNextName(value, next) ? 'next' : undefined;
  });
  return paces.every((pace) => pace !== undefined) ? paces : undefined;
}

function blockOf({ blocks }: Run): ChangeBlock {
  const hosts = blocks.flatMap((block) => block.hosts);
  const columns = blocks.map(({ changes }) => valuesOf(changes));
  const folded = valuesOf(blocks[0]?.changes ?? []).map((value, index) =>
    columns.every((values) => values[index] === value)
      ? value
      : foldNames(columns.map((values) => values[index] ?? '')),
  );
  return { hosts, changes: withValues(blocks[0]?.changes ?? [], folded) };
}

/** The same changes with other values, in the order of `valuesOf`; what is absent stays absent. */
function withValues(changes: readonly Change[], values: readonly string[]): readonly Change[] {
  const rest = values.values();
  const next = (present: string | undefined): string | undefined => {
    const { value } = rest.next();
    return present === undefined ? undefined : value;
  };
  return changes.map((change) => ({
    ...change,
    attributes: change.attributes.map(({ name, before, after, reason }) => {
      const renewed = { name, before: next(before), after: next(after) };
      const because = next(reason);
      return because === undefined ? renewed : { ...renewed, reason: because };
    }),
  }));
}
