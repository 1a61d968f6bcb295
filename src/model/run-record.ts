/** A node that a run began to connect to its cluster. */
export interface JoinedNode {
  readonly name: string;
  /** The resource that is its VM; undefined: it is a remote node. */
  readonly vm: string | undefined;
  /** What the run was to write of it, by the names of a plan's attributes. */
  readonly desired: Readonly<Record<string, string>>;
  /** The same of its entry as a node: `state`, and permanent attributes. */
  readonly entry: Readonly<Record<string, string>>;
  /** The run reported that this failed; whether part of it is in the CIB is unknown. */
  readonly hasFailed: boolean;
}

/** An entry that a run added to a list of a fence device. */
export interface ListEntry {
  readonly node: string;
  readonly device: string;
  readonly parameter: string;
  readonly entry: string;
}

/** How a run ended; `unknown`: it was interrupted, or goes on. */
export type RunEnd =
  | { readonly kind: 'done' | 'interrupted' | 'unknown' }
  | { readonly kind: 'failed'; readonly hosts: readonly string[] }
  | { readonly kind: 'stopped'; readonly because: string };

/** What is known of a run from its record. */
export interface RunRecord {
  readonly id: string;
  readonly cluster: string;
  /** ISO 8601; undefined: the record does not say. */
  readonly startedAt: string | undefined;
  readonly user: string | undefined;
  /** The host that outrigger ran on. */
  readonly from: string | undefined;
  readonly inventory: string | undefined;
  /** The saved plan that it carried out, by its id. */
  readonly savedPlan: string | undefined;
  /** The run that it took back. */
  readonly undoes: string | undefined;
  /** Steps that changed something, and on how many hosts. */
  readonly changed: number;
  readonly changedHosts: number;
  /** Something was begun, whatever became of it. */
  readonly hasActed: boolean;
  /** Whose connection was begun, and not taken back by the run itself. */
  readonly joined: readonly JoinedNode[];
  readonly listed: readonly ListEntry[];
  /** Taken out of the cluster. */
  readonly undone: readonly string[];
  readonly end: RunEnd;
  /** Lines of the record cannot be read. */
  readonly isDamaged: boolean;
}

type Entry = Readonly<Record<string, unknown>>;

/** Reads the record of a run, whatever is left of it: an interrupted run left its last line unfinished. */
export function readRunRecord(cluster: string, id: string, text: string): RunRecord {
  const { entries, isDamaged } = entriesIn(text);
  const of = (type: string): readonly Entry[] => entries.filter((entry) => entry['type'] === type);
  const [run = {}] = of('run');
  const changed = of('verdict').filter(
    ({ verdict }) => isObject(verdict) && verdict['kind'] === 'changed',
  );
  const undone = of('taken-back').flatMap(({ nodes }) => listOf(nodes).filter(isText));
  const steps = stepsIn(of('plan')[0]);
  const begun = new Set([...of('action'), ...changed].map(stepOf));
  const failed = new Set(
    of('verdict')
      .filter(({ verdict }) => isObject(verdict) && verdict['kind'] === 'failed')
      .map(stepOf),
  );
  const done = steps.filter(({ name }) => begun.has(name));
  const joined = done
    .filter(isJoin)
    .map((step) => joinedBy(step, steps, failed.has(step.name)))
    .filter(({ name }) => !undone.includes(name));
  const undoes = textOf(run, 'undoes');
  return {
    id,
    cluster,
    startedAt: textOf(run, 'time'),
    user: textOf(run, 'user'),
    from: textOf(run, 'host'),
    inventory: textOf(run, 'inventory'),
    savedPlan: textOf(run, 'savedPlan'),
    undoes,
    changed: changed.length,
    changedHosts: new Set(changed.map(({ host }) => host)).size,
    hasActed: begun.size > 0 || of('cib-written').length > 0,
    joined,
    listed: done.flatMap(listedBy).filter(({ node }) => !undone.includes(node)),
    undone: undoes === undefined ? [] : undone,
    end: endOf(of('end')[0]),
    isDamaged: isDamaged || of('run').length === 0,
  };
}

function entriesIn(text: string): {
  readonly entries: readonly Entry[];
  readonly isDamaged: boolean;
} {
  const lines = text.split('\n');
  // Behind the last line break there is nothing, or what an interrupted run had no time to finish.
  lines.pop();
  const read = lines.map((line): Entry | undefined => {
    try {
      const entry: unknown = JSON.parse(line);
      return isObject(entry) ? entry : undefined;
    } catch {
      return undefined;
    }
  });
  const entries = read.filter((entry) => entry !== undefined);
  return { entries, isDamaged: entries.length < read.length };
}

const isObject = (value: unknown): value is Entry => typeof value === 'object' && value !== null;

const isText = (value: unknown): value is string => typeof value === 'string';

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const textOf = (entry: Entry, key: string): string | undefined => {
  const value = entry[key];
  return isText(value) ? value : undefined;
};

const stepOf = ({ host, item }: Entry): string => JSON.stringify([host, item]);

interface PlannedStep {
  /** Host and item. */
  readonly name: string;
  readonly host: string;
  readonly item: string;
  readonly isNew: boolean;
  readonly attributes: readonly { readonly name: string; readonly after: string }[];
}

function stepsIn(plan: Entry = {}): readonly PlannedStep[] {
  const changes = listOf(plan['plays'])
    .filter(isObject)
    .flatMap(({ changes: all }) => listOf(all).filter(isObject));
  return changes.flatMap((change): PlannedStep[] => {
    const [host, item] = [textOf(change, 'host'), textOf(change, 'item')];
    if (host === undefined || item === undefined) return [];
    const attributes = listOf(change['attributes'])
      .filter(isObject)
      .map((one) => ({ name: textOf(one, 'name') ?? '', after: textOf(one, 'after') ?? '' }));
    const isNew = change['action'] === 'create';
    return [{ name: stepOf(change), host, item, isNew, attributes }];
  });
}

const isJoin = ({ item, isNew }: PlannedStep): boolean =>
  isNew && (item === 'connection-resource' || item === 'guest-node');

function joinedBy(
  { host, item, attributes }: PlannedStep,
  steps: readonly PlannedStep[],
  hasFailed: boolean,
): JoinedNode {
  const entry = steps.find((step) => step.host === host && step.item === 'node-state');
  const desired = valuesOf(attributes);
  return {
    name: host,
    vm: item === 'guest-node' ? desired['VM'] : undefined,
    desired,
    entry: valuesOf(entry?.attributes ?? []),
    hasFailed,
  };
}

const valuesOf = (attributes: PlannedStep['attributes']): Readonly<Record<string, string>> =>
  Object.fromEntries(attributes.map(({ name, after }) => [name, after]));

const listedBy = ({ host, item, attributes }: PlannedStep): readonly ListEntry[] =>
  item !== 'fence-device'
    ? []
    : attributes.flatMap(({ name, after }) => {
        const [, parameter, device] = /^(pcmk_host_\w+) of (.+)$/.exec(name) ?? [];
        return parameter === undefined || device === undefined
          ? []
          : [{ node: host, device, parameter, entry: after }];
      });

function endOf(end: Entry | undefined): RunEnd {
  if (end === undefined) return { kind: 'unknown' };
  const because = textOf(end, 'stopped');
  if (because !== undefined) return { kind: 'stopped', because };
  if (end['interrupted'] === true) return { kind: 'interrupted' };
  const hosts = isObject(end['failed']) ? Object.keys(end['failed']) : [];
  return hosts.length > 0 ? { kind: 'failed', hosts } : { kind: 'done' };
}
