import { randomBytes } from 'node:crypto';
import { splitSections, type Sections } from '../facts/sections.ts';
import type { Host } from '../host/host.ts';
import { loadScript } from '../host/load-script.ts';
import { readCib } from '../pacemaker/cib.ts';
import { applyOperations, type CibOperation } from '../pacemaker/cib-edit.ts';
import { withoutSecrets } from '../pacemaker/cib-secrets.ts';
import {
  effects,
  fencedIn,
  readSimulation,
  type Effects,
  type Simulation,
} from '../pacemaker/simulate.ts';
import type { ClusterFacts } from '../plan/facts.ts';
import type { Forecast } from '../plan/plan.ts';
import { OutriggerError } from '../support/errors.ts';
import { printableLines } from '../support/printable.ts';

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

/** Lets a cluster node's own scheduler judge an intended CIB, in one exec. Rejects when Pacemaker finds it invalid. */
export async function forecast(
  lead: Host,
  cluster: ClusterFacts,
  intention: Intention,
): Promise<Forecast> {
  const final = Buffer.from(applyOperations(cluster.cibText, intention.final));
  const joining =
    intention.joiningNames.length === 0
      ? Buffer.alloc(0)
      : Buffer.from(applyOperations(cluster.cibText, intention.joining));
  const nonce = randomBytes(8).toString('hex');
  const failing = intention.joiningNames.flatMap((name) =>
    cluster.cib.clusterNodes.map((node) => `${name}_start_0@${node.name}=1`),
  );
  const result = await lead.exec({
    script: loadScript(SCRIPT),
    params: [nonce, String(final.length), String(joining.length), String(PASSES), ...failing],
    input: Buffer.concat([final, joining]).toString(),
    timeoutMs: TIMEOUT_MS,
    maxOutputMiB: SIMULATIONS_MIB,
  });
  const sections = splitSections(result.stdout, nonce, lead.name);
  const refusal = textOf(sections, 'verify');
  if (refusal !== '') {
    throw new OutriggerError(
      'REFUSED',
      `Pacemaker finds the intended CIB invalid: ${printableLines(withoutSecrets(refusal, cluster.cib), 600)}`,
      {
        host: lead.name,
      },
    );
  }
  return judge(sections, intention, machinesIn(cluster, intention));
}

const textOf = (sections: Sections, name: string): string =>
  (sections.get(name) ?? []).join('\n').trim();

/** The machines that nodes among those that join are or become guests on, by the machine's resource. */
function machinesIn(cluster: ClusterFacts, intention: Intention): ReadonlyMap<string, string> {
  const names = intention.joiningNames;
  if (names.length === 0) return new Map();
  const { guestNodes } = readCib(applyOperations(cluster.cibText, intention.joining));
  return new Map(
    guestNodes
      .filter(({ name }) => names.includes(name))
      .map(({ name, resource }) => [resource, name]),
  );
}

function judge(
  sections: Sections,
  { joiningNames, leaving }: Intention,
  machines: ReadonlyMap<string, string>,
): Forecast {
  const connecting = new Set(joiningNames);
  const now = readSimulation(textOf(sections, 'now'));
  const final = readSimulation(textOf(sections, 'final'));
  const settled = readSimulation(textOf(sections, 'settled'));
  const chain: Simulation[] = [];
  for (let pass = 1; sections.has(`failing ${pass}`); pass += 1) {
    chain.push(readSimulation(textOf(sections, `failing ${pass}`)));
  }
  const atOnce = effects(now, final);
  const later = effects(final, settled);
  // A connection that failed counts as active where it failed: that it starts elsewhere moves nothing.
  const isOther = ({ resource }: { readonly resource: string }): boolean =>
    !connecting.has(resource);
  return {
    effects: {
      ...atOnce,
      starts: [...atOnce.starts, ...later.starts],
      stops: [...atOnce.stops, ...later.stops].filter(isOther),
      moves: [...atOnce.moves, ...later.moves].filter(isOther),
      others: atOnce.others.filter(isOther),
    },
    fencedOnFailure: [
      ...new Set([
        ...fencedIn(chain).filter((name) => !now.fences.includes(name)),
        // To fence a guest node is to stop or restart its machine.
        ...chain.flatMap((pass) =>
          disturbedIn(effects(now, pass)).flatMap((resource) => machines.get(resource) ?? []),
        ),
      ]),
    ].sort(),
    homeless: homeless(now, settled, leaving),
  };
}

/** What runs on nodes that leave and on no node in the end; of a clone another instance is enough. */
function homeless(
  now: Simulation,
  settled: Simulation,
  leaving: readonly string[],
): Forecast['homeless'] {
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
