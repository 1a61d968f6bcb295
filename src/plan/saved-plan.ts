import { fingerprint } from './fingerprint.ts';
import type { Plan } from './plan.ts';
import { clusterCredentials, touchedBy, type Touched, type Touching } from './touched.ts';

/** The playbook that a plan was made with. */
export interface KnownPlaybook {
  /** Undefined: the one that comes with outrigger. */
  readonly path: string | undefined;
  readonly fingerprint: string;
}

/** The inventory that a plan was made from. */
export interface KnownInventory extends KnownPlaybook {
  readonly path: string;
}

/** An object that a plan changes, by its fingerprint before that. */
export interface KnownObject {
  /** Undefined: it is in the CIB. */
  readonly host: string | undefined;
  readonly object: string;
  readonly fingerprint: string;
}

/** A plan that was kept, with what it takes to tell whether the world is still the one that it was made for. Holds no secret. */
export interface SavedPlan {
  /** The version of outrigger that made it. */
  readonly outrigger: string;
  /** ISO 8601. */
  readonly savedAt: string;
  readonly inventory: KnownInventory;
  readonly playbook: KnownPlaybook;
  readonly limit: string | undefined;
  /** Of all fingerprints of documents; hexadecimal. */
  readonly key: string;
  /**
   * What the cluster nodes hold as credentials. The fingerprints of objects are keyed by it as well: whoever has the file
   * alone cannot try what an object may have been.
   */
  readonly credentials: string;
  readonly objects: readonly KnownObject[];
  readonly plan: Plan;
}

/** What a plan is kept with. */
export interface SavedWith {
  readonly outrigger: string;
  readonly savedAt: string;
  readonly inventory: { readonly path: string; readonly text: string };
  readonly playbook: { readonly path: string | undefined; readonly text: string };
  readonly limit: string | undefined;
  /** Made by chance for this plan alone, hexadecimal. */
  readonly key: string;
}

/** What became of a plan: the plan itself, and what it was made from. */
export type FreshPlan = Touching & { readonly plan: Plan };

/** A plan as it is kept. */
export function savedPlan(made: FreshPlan, saved: SavedWith): SavedPlan {
  const { key, inventory, playbook } = saved;
  return {
    outrigger: saved.outrigger,
    savedAt: saved.savedAt,
    inventory: { path: inventory.path, fingerprint: fingerprint(key, inventory.text) },
    playbook: { path: playbook.path, fingerprint: fingerprint(key, playbook.text) },
    limit: saved.limit,
    key,
    ...knownOf(key, made),
    plan: made.plan,
  };
}

/** What a run of this plan is told apart by. */
export const savedPlanId = ({ key }: Pick<SavedPlan, 'key'>): string =>
  fingerprint(key, 'id').slice(0, 16);

function knownOf(key: string, made: FreshPlan): Pick<SavedPlan, 'credentials' | 'objects'> {
  const held = clusterCredentials(made.facts);
  const own = fingerprint(key, 'objects', held);
  const known = ({ host, object, state }: Touched): KnownObject => ({
    host,
    object,
    fingerprint: fingerprint(own, state),
  });
  return {
    credentials: fingerprint(key, 'credentials', held),
    objects: touchedBy(made).map(known),
  };
}

/**
 * What is not any more as it was when a plan was kept, one line each; none: it can be carried out. `fresh` is a plan made
 * a moment ago from the same inventory.
 */
export function staleness(saved: SavedPlan, fresh: FreshPlan): readonly string[] {
  const steps = otherSteps(saved.plan, fresh.plan);
  const around = otherCircumstances(saved.plan, fresh.plan);
  const known = knownOf(saved.key, fresh);
  if (known.credentials !== saved.credentials)
    return [
      ...steps,
      ...around,
      'the credentials of the cluster nodes are others, or not all of these nodes answer now',
    ];
  const told = new Set(steps.map(subjectOf));
  const objects = otherObjects(saved.objects, known.objects).filter(
    (line) => !told.has(subjectOf(line)),
  );
  return [...steps, ...objects, ...around];
}

/** `r1 authkey` of `r1 authkey: …`: what has been told once is not told again. */
const subjectOf = (line: string): string => line.slice(0, line.indexOf(':'));

interface Step {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly whole: string;
}

/** The steps of a plan, by play, host and item. */
function stepsOf({ plays }: Plan): ReadonlyMap<string, Step> {
  const steps = new Map<string, Step>();
  for (const { name: play, changes } of plays) {
    for (const change of changes) {
      const name = `${change.host} ${change.item}`;
      const attributes = new Map(
        change.attributes.map(({ name: of, before, after }) => [
          of,
          `${before ?? 'absent'} -> ${after ?? 'absent'}`,
        ]),
      );
      // One item may have two changes of a play: one of its own, and one that follows from another.
      const key = JSON.stringify([play, name, change.isConsequence]);
      const { action, restart } = change;
      const told = change.attributes.map(({ name: of, before, after, reason }) => [
        of,
        before,
        after,
        reason,
      ]);
      steps.set(key, { name, attributes, whole: JSON.stringify([action, restart, told]) });
    }
  }
  return steps;
}

function otherSteps(saved: Plan, fresh: Plan): readonly string[] {
  const [before, now] = [stepsOf(saved), stepsOf(fresh)];
  const gone = [...before].filter(([key]) => !now.has(key));
  const added = [...now].filter(([key]) => !before.has(key));
  const changed = [...now].flatMap(([key, step]) => {
    const known = before.get(key);
    return known === undefined || known.whole === step.whole ? [] : [[known, step] as const];
  });
  return [
    ...gone.map(
      ([, { name, attributes }]) => `${name}: no longer to be done (${listed(attributes)})`,
    ),
    ...added.map(
      ([, { name, attributes }]) => `${name}: to be done now as well (${listed(attributes)})`,
    ),
    ...changed.map(([known, step]) => `${step.name}: ${otherAttributes(known, step)}`),
  ];
}

const listed = (attributes: Step['attributes']): string =>
  [...attributes].map(([name, change]) => `${name} ${change}`).join(', ');

function otherAttributes(known: Step, step: Step): string {
  const names = [...new Set([...known.attributes.keys(), ...step.attributes.keys()])];
  const others = names.filter((name) => known.attributes.get(name) !== step.attributes.get(name));
  if (others.length === 0) return 'to be done in another way now';
  const told = others.map((name) => {
    const [then, now] = [known, step].map(({ attributes }) => attributes.get(name) ?? 'nothing');
    return `${name} is ${now ?? ''} now, and was ${then ?? ''}`;
  });
  return told.join('; ');
}

function otherObjects(
  saved: readonly KnownObject[],
  fresh: readonly KnownObject[],
): readonly string[] {
  const nameOf = ({ host, object }: KnownObject): string => `${host ?? 'CIB'} ${object}`;
  const [before, now] = [saved, fresh].map((all) => groupFingerprints(all, nameOf));
  const names = [...new Set([...(before?.keys() ?? []), ...(now?.keys() ?? [])])];
  return names
    .filter((name) => before?.get(name) !== now?.get(name))
    .map((name) => `${name}: changed since`);
}

const groupFingerprints = (
  objects: readonly KnownObject[],
  nameOf: (object: KnownObject) => string,
): ReadonlyMap<string, string> => {
  const found = new Map<string, string>();
  for (const one of objects)
    found.set(nameOf(one), `${found.get(nameOf(one)) ?? ''} ${one.fingerprint}`);
  return found;
};

/** What decides about the way in which steps are taken, and what they risk. */
function otherCircumstances(saved: Plan, fresh: Plan): readonly string[] {
  const lines: string[] = [];
  const word = (is: boolean): string => (is ? 'on' : 'off');
  if (saved.cluster.fencing !== fresh.cluster.fencing)
    lines.push(`fencing is ${word(fresh.cluster.fencing)} now`);
  if (saved.cluster.maintenance !== fresh.cluster.maintenance)
    lines.push(`maintenance mode is ${word(fresh.cluster.maintenance)} now`);
  if (takingPart(saved) !== takingPart(fresh))
    lines.push('the change of credentials is another one now');
  return [...lines, ...otherHosts(saved, fresh), ...newRisks(saved, fresh)];
}

/** Who changes credentials, and how. */
const takingPart = ({ credentialChange: change }: Plan): string =>
  JSON.stringify(
    change && [change.kind, change.isDetached, change.clusterNodes, change.nodes, change.absent],
  );

function otherHosts(saved: Plan, fresh: Plan): readonly string[] {
  const leftOut = ({ problems, stoppedGuests }: Plan): ReadonlyMap<string, string> =>
    new Map([...problems, ...stoppedGuests].map(({ host, message }) => [host, message]));
  const [before, now] = [leftOut(saved), leftOut(fresh)];
  return [
    ...[...now]
      .filter(([host]) => !before.has(host))
      .map(([host, why]) => `${host}: left out now, because ${why}`),
    ...[...before.keys()]
      .filter((host) => !now.has(host))
      .map((host) => `${host}: was left out, and need not be now`),
  ];
}

/** A risk that the plan did not show was never weighed by whoever read it. */
function newRisks(saved: Plan, fresh: Plan): readonly string[] {
  const known = new Set(
    saved.risks.flatMap(({ code, subjects }) => subjects.map((subject) => `${code} ${subject}`)),
  );
  return fresh.risks.flatMap(({ code, subjects }) => {
    const unknown = subjects.filter((subject) => !known.has(`${code} ${subject}`));
    return unknown.length === 0 ? [] : [`the risk ${code} is new (${unknown.join(', ')})`];
  });
}
