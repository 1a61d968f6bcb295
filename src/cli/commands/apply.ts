import { Command } from 'commander';
import type { Lease } from '../../apply/lease.ts';
import { applyPlan } from '../../flows/apply-plan.ts';
import { completeCredentials } from '../../flows/complete-credentials.ts';
import { giveBackLeftLock } from '../../flows/left-lock.ts';
import { underLock } from '../../flows/under-lock.ts';
import { loadPlan, refuseOtherSources, refuseStale } from '../../flows/saved-plan-file.ts';
import { refuseUsed } from '../../flows/run-records.ts';
import { changeCount, leftOut, type Plan } from '../../plan/plan.ts';
import { savedPlanId } from '../../plan/saved-plan.ts';
import { refuseRisks } from '../../plan/risk.ts';
import type { RunEvent, RunResult } from '../../plan/run-event.ts';
import type { BatchSize } from '../../playbook/playbook.ts';
import { renderPlan } from '../../report/plan-text.ts';
import { eventAsJson, summaryAsJson, versionAsJson } from '../../report/run-json.ts';
import { eventLine, renderRun } from '../../report/run-text.ts';
import { OutriggerError, type ErrorCode } from '../../support/errors.ts';
import { askSure } from '../ask.ts';
import { describeError } from '../describe-error.ts';
import { EXIT, exitCodeOf, exitCodeOfComparison, gravest, type ExitCode } from '../exit-code.ts';
import { progressFor, withPlan, type FromSources, type Live } from '../live.ts';
import {
  addLiveOptions,
  addRunOptions,
  jsonOption,
  optionalInventory,
  type SharedOptions,
} from '../options.ts';
import { styleFor } from '../style.ts';
import type { AddCommand, Terminal } from '../terminal.ts';
import { version } from '../version.ts';

/** What an operator says to a question beforehand, and to risks. */
export interface Consent {
  readonly yes?: true;
  readonly input: boolean;
  readonly allow?: readonly string[];
}

export interface Options extends SharedOptions, Consent {
  readonly batch?: readonly BatchSize[];
  readonly maxFail?: BatchSize;
  /** Milliseconds. */
  readonly lockLease?: number;
}

export const addApply: AddCommand = (terminal, finish) =>
  addRunOptions(
    addLiveOptions(
      new Command('apply')
        .description(
          'plans, asks, and carries the plan out; run again, it finishes or does nothing',
        )
        .argument('[file]', 'a plan that `plan --out` saved: exactly its steps, or nothing'),
      optionalInventory('default with FILE: the one that the plan was made from'),
    ),
  )
    .addOption(jsonOption('print what happens as JSON lines; needs --yes'))
    .action(async (file: string | undefined, given: Given) => {
      checkJson(given);
      if (file !== undefined) {
        finish(await applySaved(file, given, terminal));
        return;
      }
      const options = withInventory(given);
      await withPlan(options, terminal, async (live) => {
        finish(await applyLive(options, terminal, live));
      });
    });

/** What is on the command line: a saved plan names its inventory itself. */
type Given = Omit<Options, 'inventory'> & Partial<Pick<Options, 'inventory'>>;

function withInventory({ inventory, ...given }: Given): Options {
  if (inventory !== undefined) return { ...given, inventory };
  throw new OutriggerError('USAGE', "required option '-i, --inventory <file>' not specified", {
    hint: 'or name a saved plan: outrigger apply FILE',
  });
}

/** Carries out a saved plan, after it was planned anew and found to be the same. */
async function applySaved(file: string, given: Given, terminal: Terminal): Promise<ExitCode> {
  const saved = loadPlan(file);
  if (given.limit !== undefined)
    throw new OutriggerError('USAGE', '--limit cannot be given: the saved plan has its own');
  refuseUsed(terminal.env, saved.plan.cluster.name, savedPlanId(saved));
  const options: Options = {
    ...given,
    inventory: given.inventory ?? saved.inventory.path,
    playbook: given.playbook ?? saved.playbook.path,
    limit: saved.limit,
  };
  let code: ExitCode = EXIT.ok;
  const use = async (live: FromSources): Promise<void> => {
    refuseStale(saved, live.planned);
    const origin = { ...live.origin, savedPlan: savedPlanId(saved) };
    code = await applyLive(options, terminal, { ...live, origin });
  };
  await withPlan(options, terminal, use, {
    check: (sources) => {
      refuseOtherSources(saved, sources, version());
    },
  });
  return code;
}

/** JSON lines leave no room for a question. */
export function checkJson({ json, yes }: Pick<Options, 'json' | 'yes'>): void {
  if (json && !yes) throw new OutriggerError('USAGE', '--json cannot ask: add --yes');
}

/** Shows the plan that was made, asks, carries it out and reports; whatever stops it is reported too. */
export async function applyLive(
  options: Options,
  terminal: Terminal,
  live: Live,
): Promise<ExitCode> {
  const { plan } = live.planned;
  const started = performance.now();
  const allowed = new Set(options.allow);
  if (!options.json) terminal.out(renderPlan(plan, styleFor(terminal.outStream, terminal.env)));
  const emit = options.json ? terminal.out : () => undefined;
  emit(versionAsJson(version()));
  const refusal = refusalOf(plan, allowed);
  const hasWork = refusal === undefined && changeCount(plan) > 0;
  if (hasWork && !options.json) {
    const question = `Apply ${changeCount(plan)} changes to cluster ${plan.cluster.name}?`;
    await confirm(options, terminal, question);
  }
  const events: RunEvent[] = [];
  const tell = noticesOf(options, terminal, events);
  const result = hasWork
    ? await runLocked(options, terminal, live, { allowed, events, tell })
    : await nothingDone(live, refusal, tell);
  const seconds = (performance.now() - started) / 1000;
  const finished = { result, events, seconds, stopped: result.stopped?.message };
  emit(summaryAsJson(finished, new Date().toISOString()));
  if (hasWork && !options.json)
    terminal.out(renderRun(finished, styleFor(terminal.outStream, terminal.env)));
  return exitCodeOfRun(plan, result, terminal);
}

type Ended = RunResult & { readonly stopped: Error | undefined };

async function nothingDone(
  { planned: { plan, lead, cluster } }: Live,
  stopped: Error | undefined,
  tell: Course['tell'],
): Promise<Ended> {
  const said = stopped === undefined ? await giveBackLeftLock(lead, cluster) : undefined;
  if (said !== undefined) tell(said);
  const failed = new Map(leftOut(plan).map(({ host, message }) => [host, message]));
  return { failed, wasInterrupted: false, stopped };
}

/** The risks that nobody allowed, as the error that says so. */
function refusalOf(plan: Plan, allowed: ReadonlySet<string>): OutriggerError | undefined {
  try {
    refuseRisks(plan.risks, allowed);
    return undefined;
  } catch (thrown) {
    if (thrown instanceof OutriggerError) return thrown;
    throw thrown;
  }
}

interface Course {
  readonly allowed: ReadonlySet<string>;
  /** Collects what happens. */
  readonly events: RunEvent[];
  /** Hears what an operator should know of the lock. */
  readonly tell: (message: string) => void;
}

const noticesOf =
  ({ json }: Options, terminal: Terminal, events: RunEvent[]): Course['tell'] =>
  (message) => {
    const event: RunEvent = { type: 'notice', play: 'Lock', message };
    events.push(event);
    if (json) terminal.out(eventAsJson(event, new Date().toISOString()));
    else terminal.err(`${eventLine(event)}\n`);
  };

/** What hosts shall get is made under the lock as well: requests for certificates are made on them. */
const runLocked = (
  options: Options,
  terminal: Terminal,
  live: Live,
  course: Course,
): Promise<Ended> =>
  underLock(
    {
      ...live.planned,
      leaseMs: options.lockLease,
      tell: course.tell,
    },
    async (lease) => run(options, terminal, await completed(terminal, live), { ...course, lease }),
  );

async function run(
  options: Options,
  terminal: Terminal,
  live: Live,
  { allowed, events, lease }: Course & { readonly lease: Lease },
): Promise<Ended> {
  const progress = await progressFor(
    terminal,
    live.playbook.plays.map(({ name }) => name),
  );
  const { forks, batch, maxFail } = options;
  try {
    const { log, ...result } = await applyPlan({
      ...live,
      options: { forks, batch, maxFail },
      lease,
      allowed,
      signal: terminal.signal,
      onEvent: (event) => {
        events.push(event);
        progress.event(event);
        if (options.json) terminal.out(eventAsJson(event, new Date().toISOString()));
      },
    });
    await progress.stop();
    terminal.err(`log and copies of the CIB: ${log}\n`);
    return result;
  } finally {
    await progress.stop();
  }
}

/** With everything made that hosts shall get; whatever has to be asked for that is asked now. */
const completed = async (terminal: Terminal, live: Live): Promise<Live> => ({
  ...live,
  planned: await completeCredentials(live, {
    fetchSecret: live.fetchSecret,
    signal: terminal.signal,
    tell: (line) => {
      terminal.err(`${line}\n`);
    },
  }),
});

/** Asks whether to go on, unless that was said beforehand. Throws REFUSED for a no, or where nobody can be asked. */
export async function confirm(
  options: Consent,
  terminal: Terminal,
  question: string,
): Promise<void> {
  if (options.yes) return;
  if (!options.input || !terminal.inIsTerminal) {
    throw new OutriggerError(
      'REFUSED',
      'nobody can be asked here, and --yes was not given: nothing was changed',
      {
        hint: 'read the plan, then run again with --yes',
      },
    );
  }
  await askSure(terminal, question, 'nothing was changed');
}

/** Says on stderr what stopped the run; a bug is thrown on. */
function exitCodeOfRun(plan: Plan, ended: Ended, terminal: Terminal): ExitCode {
  const { stopped } = ended;
  if (stopped !== undefined) {
    if (!(stopped instanceof OutriggerError)) throw stopped;
    terminal.err(describeError(stopped));
  }
  return exitCodeFor(plan, ended, stopped?.code);
}

/** The gravest of all that holds: what stopped the run, whether it was interrupted, who failed and who was left out. */
export function exitCodeFor(
  plan: Pick<Plan, 'problems'>,
  { failed, wasInterrupted }: RunResult,
  stoppedBy?: ErrorCode,
): ExitCode {
  const left = new Set(leftOut(plan).map(({ host }) => host));
  return gravest([
    stoppedBy === undefined ? EXIT.ok : exitCodeOf(stoppedBy),
    wasInterrupted ? EXIT.interrupted : EXIT.ok,
    [...failed.keys()].some((host) => !left.has(host)) ? EXIT.failed : EXIT.ok,
    exitCodeOfComparison(plan.problems, false),
  ]);
}
