import { randomBytes } from 'node:crypto';
import { ofHost, splitSections, type Sections } from '../probe/readers/sections.ts';
import { verifyEdit } from '../probe/verify-cib.ts';
import type { QueryNode } from '../host/host.ts';
import { loadScript } from '../host/load-script.ts';
import { readCib } from '../pacemaker/cib/cib.ts';
import { applyOperations, type CibOperation } from '../pacemaker/procedures/edit.ts';
import {
  atRest,
  effects,
  fencedIn,
  readSimulation,
  type Effects,
  type Simulation,
} from '../pacemaker/status/simulate.ts';
import type { ClusterFacts } from '../model/facts.ts';
import type { Forecast } from '../model/plan.ts';
import { OutriggerError } from '../support/errors.ts';
import { someOf } from '../support/text/some-of.ts';
import { isIdle } from '../pacemaker/status/dc-state.ts';

const SCRIPT = new URL('./simulate.sh', import.meta.url);
const TIMEOUT_MS = 300_000;
const SIMULATIONS_MIB = 64;
// The second pass sees what the failure of the first led to; four passes matched every real outcome that was tried.
const PASSES = 4;

/** What is put before the scheduler. */
export interface Intention {
  /** The CIB once everything is done. */
  readonly final: readonly CibOperation[];
  /** The CIB while the new connections start. */
  readonly joining: readonly CibOperation[];
  /** Whose first start is made to fail on every cluster node. */
  readonly joiningNames: readonly string[];
  /** Nodes that leave. */
  readonly leaving: readonly string[];
}

/** What the cluster would do, and what crm_verify remarks on the intended CIB. */
export interface Foreseen {
  readonly forecast: Forecast;
  readonly remarks: readonly string[];
  /** Of the connections that are to start: whose the scheduler would not start anywhere. */
  readonly notStarted: readonly string[];
}

/** Lets a cluster node's own scheduler judge an intended CIB. Rejects when Pacemaker finds it invalid. */
export async function forecast(
  queryNode: QueryNode,
  cluster: ClusterFacts,
  intention: Intention,
): Promise<Foreseen> {
  const [{ refusals, remarks }, sections] = await Promise.all([
    verifyEdit(queryNode, cluster, intention.final),
    simulate(queryNode, cluster, intention),
  ]);
  if (refusals.length > 0) {
    throw new OutriggerError(
      'REFUSED',
      `Pacemaker reports the planned CIB as invalid: ${someOf(refusals)}`,
      { host: queryNode.name },
    );
  }
  const rests = isIdle(cluster);
  const vms = vmsIn(cluster, intention);
  const judged = ofHost(queryNode.name, () => judge(sections, intention, { vms, rests }));
  return { ...judged, remarks };
}

/** All simulations in one exec. */
async function simulate(
  queryNode: QueryNode,
  cluster: ClusterFacts,
  intention: Intention,
): Promise<Sections> {
  const final = Buffer.from(applyOperations(cluster.cibText, intention.final));
  const joining =
    intention.joiningNames.length === 0
      ? Buffer.alloc(0)
      : Buffer.from(applyOperations(cluster.cibText, intention.joining));
  const nonce = randomBytes(8).toString('hex');
  const failing = intention.joiningNames.flatMap((name) =>
    cluster.cib.clusterNodes.map((node) => `${name}_start_0@${node.name}=1`),
  );
  const { stdout } = await queryNode.exec({
    script: loadScript(SCRIPT),
    params: [nonce, String(final.length), String(joining.length), String(PASSES), ...failing],
    input: Buffer.concat([final, joining]).toString(),
    timeoutMs: TIMEOUT_MS,
    maxOutputMiB: SIMULATIONS_MIB,
  });
  return splitSections(stdout, nonce, queryNode.name);
}

const textOf = (sections: Sections, name: string): string =>
  (sections.get(name) ?? []).join('\n').trim();

/** The VMs of the joining nodes that are or become guest nodes, by the VM's resource. */
function vmsIn(cluster: ClusterFacts, intention: Intention): ReadonlyMap<string, string> {
  const names = intention.joiningNames;
  if (names.length === 0) return new Map();
  const { guestNodes } = readCib(applyOperations(cluster.cibText, intention.joining));
  return new Map(
    guestNodes
      .filter(({ name }) => names.includes(name))
      .map(({ name, resource }) => [resource, name]),
  );
}

/** Each simulation whose section bears that name and a number, from this number on. */
function chainOf(sections: Sections, name: string, first: number): readonly Simulation[] {
  const chain: Simulation[] = [];
  for (let pass = first; sections.has(`${name} ${pass}`); pass += 1)
    chain.push(readSimulation(textOf(sections, `${name} ${pass}`)));
  return chain;
}

/**
 * What the intended CIB brings about. Where the cluster rests that includes what it would have done for any edit: after a
 * graceful stop of its daemon a connection stays stopped until something changes (Pacemaker 3.0.0), and what comes back
 * with it comes back for this edit.
 */
function judge(
  sections: Sections,
  { joiningNames, leaving }: Intention,
  { vms, rests }: { readonly vms: ReadonlyMap<string, string>; readonly rests: boolean },
): Omit<Foreseen, 'remarks'> {
  const connecting = new Set(joiningNames);
  const now = readSimulation(textOf(sections, 'now'));
  const underWay = rests ? atRest(now) : now;
  const final = readSimulation(textOf(sections, 'final'));
  const settling = [
    readSimulation(textOf(sections, 'settled')),
    ...chainOf(sections, 'settled', 2),
  ];
  const settled = settling.at(-1) ?? final;
  const failing = chainOf(sections, 'failing', 1);
  const atOnce = effects(underWay, { ...final, after: settled.after });
  const later = settling.map((pass, index) => effects(settling[index - 1] ?? final, pass));
  const all = [atOnce, ...later];
  // A connection that failed counts as active where it failed: that it starts elsewhere moves nothing.
  const isOther = ({ resource }: { readonly resource: string }): boolean =>
    !connecting.has(resource);
  const forecast: Forecast = {
    effects: {
      ...atOnce,
      connectionStarts: all.flatMap(({ connectionStarts }) => connectionStarts),
      starts: all.flatMap(({ starts }) => starts),
      stops: all.flatMap(({ stops }) => stops).filter(isOther),
      moves: all.flatMap(({ moves }) => moves).filter(isOther),
      others: all.flatMap(({ others }) => others).filter(isOther),
      fences: [...new Set(all.flatMap(({ fences }) => fences))],
    },
    fencedOnFailure: [
      ...new Set([
        ...fencedIn(failing).filter((name) => !underWay.fences.includes(name)),
        // To fence a guest node is to stop or restart its VM.
        ...failing.flatMap((pass) =>
          disturbedIn(effects(underWay, pass)).flatMap((resource) => vms.get(resource) ?? []),
        ),
      ]),
    ].sort(),
    withoutEligibleNode: withoutEligibleNode(now, settled, leaving),
  };
  return { forecast, notStarted: joiningNames.filter((name) => isStopped(settled, name)) };
}

/** What is not on the list says nothing: the connection of a guest node is there only while its VM is configured. */
const isStopped = ({ after }: Simulation, name: string): boolean => {
  const listed = after.resources.filter(({ id }) => id === name);
  return listed.length > 0 && listed.every(({ active }) => !active);
};

/** What runs on nodes that leave and on no node in the end; of a clone another instance is enough. */
function withoutEligibleNode(
  now: Simulation,
  settled: Simulation,
  leaving: readonly string[],
): Forecast['withoutEligibleNode'] {
  const goOn = new Set(
    settled.after.resources.filter(({ active }) => active).map(({ primitive }) => primitive),
  );
  const found = now.before.resources
    .filter(({ active, primitive }) => active && !goOn.has(primitive))
    .flatMap(({ primitive, nodes }) =>
      nodes.filter((on) => leaving.includes(on)).map((on) => ({ resource: primitive, on })),
    );
  return [...new Map(found.map((one) => [`${one.resource} ${one.on}`, one])).values()];
}

/** Whatever does not simply go on: stopped, moved, restarted or recovered. */
const disturbedIn = ({ stops, moves, others }: Effects): readonly string[] =>
  [...stops, ...moves, ...others].map(({ resource }) => resource);
