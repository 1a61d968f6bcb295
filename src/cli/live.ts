import { closeAll, planCluster, type Planned, type PlanRequest } from '../flows/plan-cluster.ts';
import type { Playbook } from '../playbook/playbook.ts';
import { selectNodes } from '../spec/select.ts';
import { nodesOf, type Nodes, type Spec } from '../spec/spec.ts';
import { withConnector } from './connections.ts';
import { inventoryFor, playbookFor } from './load.ts';
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
}

/** What a plan is made for. */
interface PlanOptions {
  /** Whether the scheduler is asked what the cluster would do; default: yes. */
  readonly foresees?: boolean;
  /** Which nodes get new certificates, whatever they have. */
  readonly renews?: (spec: Spec, selected: Nodes) => ReadonlySet<string>;
  /** Whether a new authkey is wanted. */
  readonly rotates?: (spec: Spec) => boolean;
}

/** Reads inventory, playbook and live state, makes the plan, hands it on, and closes every connection whatever happens. */
export async function withPlan(
  options: SharedOptions,
  terminal: Terminal,
  use: (live: Live) => Promise<void>,
  { foresees = true, renews, rotates }: PlanOptions = {},
): Promise<void> {
  const spec = inventoryFor(options.inventory, terminal);
  const playbook = playbookFor(options.playbook);
  const selected = selectNodes(spec, options.limit);
  const renewed = renews?.(spec, selected);
  const isNewKey = rotates?.(spec);
  await withConnector(
    terminal,
    [...spec.clusterNodes, ...nodesOf(selected)],
    async ({ connect }) => {
      const planned = await planWith(
        {
          ...{ spec, selected, playbook, connect, forks: options.forks, foresees, renewed },
          rotates: isNewKey,
        },
        terminal,
      );
      try {
        await use({ spec, selected, playbook, planned });
      } finally {
        await closeAll(planned.hosts);
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
