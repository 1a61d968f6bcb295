import { fingerprint } from './fingerprint.ts';
import type { Plan } from '../../model/plan.ts';
import type { Risk } from '../../model/risk.ts';
import { otherForecast } from './since-forecast.ts';
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

/** A plan that was kept, with what is needed to detect that something has changed since. Holds no secret. */
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

/** What identifies a run of this plan. */
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
  const { gone, added, changed } = otherSteps(saved.plan, fresh.plan);
  const steps = [...gone, ...added, ...changed];
  const around = [
    ...otherCircumstances(saved.plan, fresh.plan),
    ...otherHosts(saved.plan, fresh.plan),
    ...otherForecast(saved.plan.forecast, fresh.plan.forecast, fresh.cluster.cib).unannounced,
    ...newRisks(saved.plan.risks, fresh.plan.risks),
  ];
  const known = knownOf(saved.key, fresh);
  if (known.credentials !== saved.credentials)
    return [
      ...steps,
      ...around,
      'the credentials of the cluster nodes have changed, or not all of these nodes are reachable now',
    ];
  const reported = new Set(steps.map(subjectOf));
  const objects = otherObjects(saved.objects, known.objects).filter(
    (line) => !reported.has(subjectOf(line)),
  );
  return [...steps, ...objects, ...around];
}

/** `r1 authkey` of `r1 authkey: …`: what has been reported once is not repeated. */
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
      const reported = change.attributes.map(({ name: of, before, after, reason }) => [
        of,
        before,
        after,
        reason,
      ]);
      steps.set(key, { name, attributes, whole: JSON.stringify([action, restart, reported]) });
    }
  }
  return steps;
}

/** How the steps of two plans differ, one line for each step. */
interface OtherSteps {
  readonly gone: readonly string[];
  readonly added: readonly string[];
  readonly changed: readonly string[];
}

/** How the steps of a plan differ from those of an earlier one. */
export function otherSteps(saved: Plan, fresh: Plan): OtherSteps {
  const [before, now] = [stepsOf(saved), stepsOf(fresh)];
  const gone = [...before].filter(([key]) => !now.has(key));
  const added = [...now].filter(([key]) => !before.has(key));
  const changed = [...now].flatMap(([key, step]) => {
    const known = before.get(key);
    return known === undefined || known.whole === step.whole ? [] : [[known, step] as const];
  });
  return {
    gone: gone.map(
      ([, { name, attributes }]) => `${name}: no longer necessary (${listed(attributes)})`,
    ),
    added: added.map(
      ([, { name, attributes }]) => `${name}: now also necessary (${listed(attributes)})`,
    ),
    changed: changed.map(([known, step]) => `${step.name}: ${otherAttributes(known, step)}`),
  };
}

const listed = (attributes: Step['attributes']): string =>
  [...attributes].map(([name, change]) => `${name} ${change}`).join(', ');

function otherAttributes(known: Step, step: Step): string {
  const names = [...new Set([...known.attributes.keys(), ...step.attributes.keys()])];
  const others = names.filter((name) => known.attributes.get(name) !== step.attributes.get(name));
  if (others.length === 0) return 'now done in a different way';
  const reported = others.map((name) => {
    const [then, now] = [known, step].map(({ attributes }) => attributes.get(name) ?? 'nothing');
    return `${name} is now ${now ?? ''}, was ${then ?? ''}`;
  });
  return reported.join('; ');
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

/** What decides about the way in which steps are taken. */
export function otherCircumstances(saved: Plan, fresh: Plan): readonly string[] {
  const lines: string[] = [];
  const word = (is: boolean): string => (is ? 'on' : 'off');
  if (saved.cluster.fencing !== fresh.cluster.fencing)
    lines.push(`fencing is ${word(fresh.cluster.fencing)} now`);
  if (saved.cluster.maintenance !== fresh.cluster.maintenance)
    lines.push(`maintenance mode is ${word(fresh.cluster.maintenance)} now`);
  // What the cluster starts, stops and fences without it is a matter of no-quorum-policy.
  if (saved.cluster.hasQuorum !== fresh.cluster.hasQuorum)
    lines.push(`the cluster ${fresh.cluster.hasQuorum ? 'has quorum' : 'has lost its quorum'} now`);
  if (takingPart(saved) !== takingPart(fresh)) lines.push('the change of credentials differs now');
  return [...lines, ...lostFencing(saved, fresh)];
}

/** Fence devices that could fence a node when the plan was shown. A node without an entry has no steps, or fencing is off. */
function lostFencing(saved: Plan, fresh: Plan): readonly string[] {
  const now = new Map(fresh.fencing.map((entry) => [entry.node, entry]));
  return saved.fencing.flatMap(({ node, devices = [] }) => {
    const entry = now.get(node);
    const lost = devices.filter((device) => entry?.devices?.includes(device) !== true);
    if (entry === undefined || lost.length === 0) return [];
    return entry.devices === undefined
      ? [`${node}: no cluster node reports now whether ${lost.join(', ')} can fence it`]
      : lost.map((device) => `${node}: the fence device ${device} can no longer fence it`);
  });
}

/** Who changes credentials, and how. */
const takingPart = ({ credentialChange: change }: Plan): string =>
  JSON.stringify(
    change && [
      change.kind,
      change.inMaintenanceMode,
      change.clusterNodes,
      change.nodes,
      change.absent,
    ],
  );

const leftOutOf = ({ problems, stoppedGuests }: Plan): ReadonlyMap<string, string> =>
  new Map([...problems, ...stoppedGuests].map(({ host, message }) => [host, message]));

/** Hosts that a plan leaves out, and an earlier one did not. */
export function newlyLeftOut(saved: Plan, fresh: Plan): readonly string[] {
  const before = leftOutOf(saved);
  return [...leftOutOf(fresh)]
    .filter(([host]) => !before.has(host))
    .map(([host, why]) => `${host}: left out now, because ${why}`);
}

function otherHosts(saved: Plan, fresh: Plan): readonly string[] {
  const [before, now] = [leftOutOf(saved), leftOutOf(fresh)];
  return [
    ...newlyLeftOut(saved, fresh),
    ...[...before.keys()]
      .filter((host) => !now.has(host))
      .map((host) => `${host}: was left out, but can be included now`),
  ];
}

/** A risk that the plan did not show was never weighed by whoever read it. */
export function newRisks(saved: readonly Risk[], fresh: readonly Risk[]): readonly string[] {
  const known = new Set(
    saved.flatMap(({ code, subjects }) => subjects.map((subject) => `${code} ${subject}`)),
  );
  return fresh.flatMap(({ code, subjects }) => {
    const unknown = subjects.filter((subject) => !known.has(`${code} ${subject}`));
    return unknown.length === 0 ? [] : [`the risk ${code} is new (${unknown.join(', ')})`];
  });
}
