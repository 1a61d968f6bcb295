import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Nodes } from '../../src/inventory/spec.ts';
import type { RunOrigin } from '../../src/records/run-log.ts';
import type { RunOptions } from '../../src/apply/run/run-input.ts';
import { applyPlan, type Applied as AppliedPlan } from '../../src/flows/apply-plan.ts';
import { underLock } from '../../src/flows/lock/under-lock.ts';
import { planCluster, type Planned, type PlanRequest } from '../../src/flows/plan/plan-cluster.ts';
import type { RunEvent } from '../../src/model/run-event.ts';
import type { Playbook } from '../../src/playbook/playbook.ts';
import { summariseRun, type FinishedRun } from '../../src/report/run/run-summary.ts';
import { withFakeClock } from './fake-clock.ts';
import type { FakeLab } from './fake-lab.ts';
import { assertSavable } from './saved-plans.ts';
import { sitePlaybook } from './specs.ts';
import { withoutPrompt } from './secrets.ts';

/** What changes something. */
const EDITS = [
  'install-apt',
  'set-environment',
  'set-permissions',
  'start-service',
  'write-cib',
  'cleanup',
];

/** What a plan is made by: for everything that the lab's inventory declares, or for what is selected of it. */
export const requestOf = (
  { spec, network }: FakeLab,
  playbook = sitePlaybook,
  selected: Nodes = spec,
  { rotates, upgrades }: Pick<Run, 'rotates' | 'upgrades'> = {},
): PlanRequest => ({
  spec,
  playbook,
  selected,
  rotates,
  upgrades,
  connect: network.connect,
  fetchSecret: withoutPrompt,
  forks: 10,
  signal: new AbortController().signal,
});

/** The plan for everything that the lab's inventory declares, or for what is selected of it; each can be saved and shown. */
export async function planOf(...about: Parameters<typeof requestOf>): Promise<Planned> {
  const planned = await planCluster(requestOf(...about));
  assertSavable(planned.plan);
  return planned;
}

/** How a run ended, and what it told. */
export type Applied = AppliedPlan & { readonly events: readonly RunEvent[] };

export interface Run extends Partial<RunOptions> {
  readonly playbook?: Playbook;
  readonly planned?: Planned;
  readonly allowed?: readonly string[];
  readonly leaseMs?: number;
  readonly signal?: AbortSignal;
  readonly origin?: RunOrigin;
  readonly onEvent?: (event: RunEvent) => void;
  readonly pause?: (milliseconds: number) => Promise<void>;
  /** A new authkey, as `rotate authkey` makes one. */
  readonly rotates?: boolean;
  /** Newer packages, as `upgrade` wants them. */
  readonly upgrades?: boolean;
}

/** Plans and applies, all hosts in one batch unless said otherwise; what a run waits for comes at once. */
export async function apply(lab: FakeLab, run: Run = {}): Promise<Applied> {
  const { forks = 10, batch = ['100%'], maxFail, allowed = [], onEvent } = run;
  const { playbook = sitePlaybook, pause } = run;
  const events: RunEvent[] = [];
  const planned = run.planned ?? (await planOf(lab, playbook, lab.spec, run));
  const report = (event: RunEvent): void => {
    events.push(event);
    onEvent?.(event);
  };
  const locking = {
    ...planned,
    leaseMs: run.leaseMs,
    report: (message: string) => {
      report({ type: 'notice', play: 'Lock', message });
    },
  };
  const result = await withFakeClock(() =>
    underLock(locking, (lease) =>
      applyPlan({
        spec: lab.spec,
        selected: lab.spec,
        playbook,
        planned,
        pause,
        lease,
        options: { forks, batch, maxFail },
        allowed: new Set(allowed),
        origin: run.origin,
        signal: run.signal ?? new AbortController().signal,
        onEvent: report,
      }),
    ),
  );
  assert.deepEqual(
    lab.hosts.flatMap(({ unscripted }) => unscripted),
    [],
  );
  if (result.stopped === undefined) assertBroughtToItsEnd({ result, events });
  return { ...result, events };
}

/** A run that was not broken off leaves no step without a verdict: it would be called half-done. */
function assertBroughtToItsEnd(run: Pick<FinishedRun, 'result' | 'events'>): void {
  assert.deepEqual(summariseRun({ ...run, seconds: 1 }).unfinished, []);
}

/** What became of each step of a host, in order. */
export const verdictsOf = ({ events }: Applied, host: string): readonly string[] =>
  events.flatMap((event) =>
    event.type === 'verdict' && event.host === host ? [`${event.item}: ${event.verdict.kind}`] : [],
  );

/** Everything that changed something, by host. */
export const editsOf = (lab: FakeLab): readonly string[] =>
  lab.hosts.flatMap(({ name, ran, written }) => [
    ...ran.filter((script) => EDITS.includes(script)).map((script) => `${name} ${script}`),
    ...written.map(({ path }) => `${name} ${path}`),
  ]);

/** Keeps the records of runs in a folder of each test's own. */
export function useStateFolder(): { folder: string } {
  const state = { folder: '' };
  const before = process.env['XDG_STATE_HOME'];
  beforeEach(async () => {
    state.folder = await mkdtemp(join(tmpdir(), 'outrigger-state-'));
    process.env['XDG_STATE_HOME'] = state.folder;
  });
  afterEach(async () => {
    if (before === undefined) delete process.env['XDG_STATE_HOME'];
    else process.env['XDG_STATE_HOME'] = before;
    await rm(state.folder, { recursive: true, force: true });
  });
  return state;
}
