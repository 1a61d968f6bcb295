import { resolve } from 'node:path';
import type { RunOrigin } from '../../records/run-log.ts';
import { planAgain } from '../../flows/plan/plan-again.ts';
import { planCluster, type Planned, type PlanRequest } from '../../flows/plan/plan-cluster.ts';
import type { Sources } from '../../flows/saved-plan-file.ts';
import type { ConnectHost, Host, QueryNode } from '../../host/host.ts';
import type { FetchSecret } from '../../host/secrets/secret-source.ts';
import type { Playbook } from '../../playbook/playbook.ts';
import { foldNames } from '../../support/text/fold-names.ts';
import { selectNodes } from '../../inventory/select.ts';
import { nodesOf, withManagedHosts, type Nodes, type Spec } from '../../inventory/spec.ts';
import { withConnector } from './connections.ts';
import { inventoryTextFor, playbookTextFor } from './load.ts';
import { lockWaitFromNow, outlastLock, type LockWait } from './lock-wait.ts';
import type { SharedOptions } from '../arguments/options.ts';
import { startProgress } from '../progress/progress.ts';
import type { Progress } from '../progress/progress-types.ts';
import { styleFor } from '../process/style.ts';
import type { Terminal } from '../process/terminal.ts';

/** What a command works with once the live state is known. */
export interface Live {
  readonly spec: Spec;
  readonly selected: Nodes;
  readonly playbook: Playbook;
  readonly planned: Planned;
  readonly fetchSecret: FetchSecret;
  /** What the plan was made by, and can be made once more by. */
  readonly request: PlanRequest;
  readonly origin?: RunOrigin | undefined;
  /**
   * Throws REFUSED where a plan must not be carried out as it is now; gives what an operator should know, line by line. Default:
   * less may be done than was shown.
   */
  readonly agree?: ((shown: Planned, now: Planned) => readonly string[]) | undefined;
}

/** The same with the texts that it was made from. */
export interface FromSources extends Live {
  readonly origin: RunOrigin;
  readonly sources: Sources;
}

/** What a plan is made for. */
interface PlanOptions {
  /** Whether the scheduler is asked what the cluster would do; default: yes. */
  readonly foresees?: boolean;
  /** Which nodes get new certificates, whatever they have. */
  readonly renews?: (spec: Spec, selected: Nodes) => ReadonlySet<string>;
  /** Whether outrigger's own authority is to be replaced; throws USAGE where there is none. */
  readonly succeeds?: (spec: Spec) => boolean;
  /** Is told the inventory, once it is read. */
  readonly onInventory?: (spec: Spec) => void;
  /** Whether a new authkey is desired. */
  readonly rotates?: (spec: Spec) => boolean;
  /** Whether packages are to be upgraded. */
  readonly upgrades?: boolean;
  /** Called before any host is, with what the plan will be made from; throws where it must not be. */
  readonly check?: (sources: Sources) => void;
}

/**
 * Reads inventory, playbook and live state, makes the plan, hands it on, and closes every connection whatever happens. Where
 * another run holds the lock of the cluster and may be waited for, all is read and planned anew after that.
 */
export async function withPlan(
  options: SharedOptions,
  terminal: Terminal,
  use: (live: FromSources) => Promise<void>,
  { foresees = true, renews, succeeds, rotates, upgrades, check, onInventory }: PlanOptions = {},
): Promise<void> {
  const { document: spec, text } = inventoryTextFor(options.inventory, terminal);
  onInventory?.(spec);
  const { document: playbook, text: plays } = playbookTextFor(options.playbook);
  const sources: Sources = {
    inventory: { path: options.inventory, text },
    playbook: { path: options.playbook, text: plays },
    limit: options.limit,
  };
  check?.(sources);
  const selected = selectNodes(spec, options.limit);
  terminal.err(limitedText(spec, selected));
  const renewed = renews?.(spec, selected);
  const isNewKey = rotates?.(spec);
  const isNewAuthority = succeeds?.(spec);
  await withConnector(
    terminal,
    [...spec.clusterNodes, ...withManagedHosts(selected), ...withManagedHosts(selected.absent)],
    async ({ connect }, fetchSecret) => {
      const wait = lockWaitFromNow(options.lockWait);
      for (let isDone = false; !isDone;) {
        const opened = new Set<Host>();
        const request = {
          spec,
          selected,
          playbook,
          fetchSecret,
          foresees,
          renewed,
          connect: keeping(opened, connect),
          forks: options.forks,
          succeeds: isNewAuthority,
          rotates: isNewKey,
          upgrades,
          signal: terminal.signal,
        };
        try {
          const planned = await withGathering(request, terminal, planCluster);
          const origin = { inventory: resolve(options.inventory) };
          const live = { spec, selected, playbook, planned, fetchSecret, request, origin, sources };
          const work = use(live).then(() => true as const);
          isDone = (await unlessOutlasted(work, planned.queryNode, wait, terminal)) ?? false;
        } finally {
          await Promise.allSettled([...opened].map((host) => host.close()));
        }
      }
    },
  );
}

/** What a limit leaves out, in words: nobody shall take the plan of a part for that of the whole. */
function limitedText(whole: Nodes, part: Nodes): string {
  const namesIn = (nodes: Nodes): readonly string[] =>
    [...nodesOf(nodes), ...nodesOf(nodes.absent)].map(({ name }) => name);
  const chosen = namesIn(part);
  const left = namesIn(whole).filter((name) => !chosen.includes(name));
  return left.length === 0
    ? ''
    : `limited to ${foldNames(chosen)}: ${foldNames(left)} excluded (--limit)\n`;
}

/** What the work gives; undefined: another run was in the way, and is over. */
export async function unlessOutlasted<Result>(
  work: Promise<Result>,
  queryNode: QueryNode,
  wait: LockWait,
  terminal: Terminal,
): Promise<Result | undefined> {
  try {
    return await work;
  } catch (thrown) {
    await outlastLock(thrown, queryNode, wait, terminal);
    return undefined;
  }
}

/** Connects, and keeps each connection to be closed in the end. */
export const keeping =
  (opened: Set<Host>, connect: ConnectHost): ConnectHost =>
  async (...peer) => {
    const host = await connect(...peer);
    opened.add(host);
    return host;
  };

async function withGathering(
  request: PlanRequest,
  terminal: Terminal,
  plan: (request: PlanRequest) => Promise<Planned>,
): Promise<Planned> {
  const progress = await progressFor(terminal, []);
  try {
    return await plan({
      ...request,
      onProgress: (...counts) => {
        progress.gather(...counts);
      },
    });
  } finally {
    await progress.stop();
  }
}

/** What a plan is now that the state is read once more. */
export const plannedAgain = (
  { request }: Live,
  shown: Planned,
  terminal: Terminal,
): Promise<Planned> =>
  withGathering(request, terminal, (withProgress) => planAgain(withProgress, shown));

/** Progress on stderr, for the kind of terminal that it is. */
export const progressFor = (terminal: Terminal, plays: readonly string[]): Promise<Progress> =>
  startProgress({
    plays,
    stream: terminal.errStream,
    isTerminal: isLive(terminal),
    style: styleFor(terminal.errStream, terminal.env),
  });

/** Whether stderr is a terminal on which a picture can move. */
export const isLive = ({ errStream, env }: Terminal): boolean =>
  errStream.isTTY && env['CI'] === undefined && env['TERM'] !== 'dumb';
