import { resolve } from 'node:path';
import type { RunOrigin } from '../apply/run-log.ts';
import { closeAll, planCluster, type Planned, type PlanRequest } from '../flows/plan-cluster.ts';
import type { Sources } from '../flows/saved-plan-file.ts';
import type { FetchSecret } from '../host/secret-source.ts';
import type { Playbook } from '../playbook/playbook.ts';
import { selectNodes } from '../spec/select.ts';
import { nodesOf, type Nodes, type Spec } from '../spec/spec.ts';
import { withConnector } from './connections.ts';
import { inventoryTextFor, playbookTextFor } from './load.ts';
import { lockWaitFromNow, outlastLock } from './lock-wait.ts';
import type { SharedOptions } from './options.ts';
import { startProgress } from './progress.ts';
import type { Progress } from './progress-types.ts';
import { styleFor } from './style.ts';
import type { Terminal } from './terminal.ts';

/** What a command works with once the live state is known. */
export interface Live {
  readonly spec: Spec;
  readonly selected: Nodes;
  readonly playbook: Playbook;
  readonly planned: Planned;
  readonly fetchSecret: FetchSecret;
  readonly origin?: RunOrigin | undefined;
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
  /** Whether a new authkey is wanted. */
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
  const renewed = renews?.(spec, selected);
  const isNewKey = rotates?.(spec);
  const isNewAuthority = succeeds?.(spec);
  await withConnector(
    terminal,
    [...spec.clusterNodes, ...nodesOf(selected), ...nodesOf(selected.absent)],
    async ({ connect }, fetchSecret) => {
      const wait = lockWaitFromNow(options.lockWait);
      for (let isDone = false; !isDone;) {
        const planned = await planWith(
          {
            ...{ spec, selected, playbook, connect, fetchSecret, foresees, renewed },
            forks: options.forks,
            ...{ succeeds: isNewAuthority, rotates: isNewKey, upgrades },
          },
          terminal,
        );
        try {
          const origin = { inventory: resolve(options.inventory) };
          await use({ spec, selected, playbook, planned, fetchSecret, origin, sources });
          isDone = true;
        } catch (thrown) {
          await outlastLock(thrown, planned.lead, wait, terminal);
        } finally {
          await closeAll(planned.hosts);
        }
      }
    },
  );
}

async function planWith(
  request: Omit<PlanRequest, 'signal' | 'onProgress'>,
  terminal: Terminal,
): Promise<Planned> {
  const progress = await progressFor(terminal, []);
  try {
    return await planCluster({
      ...request,
      signal: terminal.signal,
      onProgress: (done, total) => {
        progress.gather(done, total);
      },
    });
  } finally {
    await progress.stop();
  }
}

/** Progress on stderr, for the kind of terminal that it is. */
export const progressFor = (terminal: Terminal, plays: readonly string[]): Promise<Progress> =>
  startProgress({
    plays,
    stream: terminal.errStream,
    isTerminal:
      terminal.errStream.isTTY &&
      terminal.env['CI'] === undefined &&
      terminal.env['TERM'] !== 'dumb',
    style: styleFor(terminal.errStream, terminal.env),
  });
