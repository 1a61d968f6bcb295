import { Command } from 'commander';
import type { Lease } from '../../apply/lock/lease.ts';
import { applyPlan } from '../../flows/apply-plan.ts';
import { completeCredentials } from '../../flows/complete-credentials.ts';
import { releaseLeftLock } from '../../flows/lock/left-lock.ts';
import { refuseUnannounced, withQueryNode } from '../../flows/plan/plan-again.ts';
import type { Planned } from '../../flows/plan/plan-cluster.ts';
import { underLock } from '../../flows/lock/under-lock.ts';
import { removeLeftFiles } from '../../flows/remove-left-files.ts';
import { readPlanFile, refuseOtherSources, refuseStale } from '../../flows/saved-plan-file.ts';
import { refuseUsed } from '../../records/run-records.ts';
import { changeCount, leftOut, type Plan } from '../../model/plan.ts';
import { savedPlanId } from '../../plan/saved/saved-plan.ts';
import { refuseRisks } from '../../model/risk.ts';
import type { RunEvent, RunResult } from '../../model/run-event.ts';
import type { BatchSize } from '../../playbook/playbook.ts';
import { renderPlan } from '../../report/plan/plan-text.ts';
import { eventAsJson, summaryAsJson, versionAsJson } from '../../report/run/run-json.ts';
import { eventLine, renderRun } from '../../report/run/run-text.ts';
import { OutriggerError } from '../../support/errors.ts';
import { askSure } from '../process/ask.ts';
import { describeError } from '../process/describe-error.ts';
import { exitCodeFor } from '../process/exit-code-of-run.ts';
import { EXIT, type ExitCode } from '../process/exit-code.ts';
import {
  plannedAgain,
  progressFor,
  withPlan,
  type FromSources,
  type Live,
} from '../sessions/live.ts';
import {
  addLiveOptions,
  addRunOptions,
  checkJson,
  jsonOption,
  optionalInventory,
  sha256,
  type SharedOptions,
} from '../arguments/options.ts';
import { chooseSources } from '../sessions/saved-plan-sources.ts';
import { styleFor } from '../process/style.ts';
import type { AddCommand, Terminal } from '../process/terminal.ts';
import { version } from '../process/version.ts';

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
  /** Of a saved plan; hexadecimal. */
  readonly planSha256?: string;
}

export const addApply: AddCommand = (terminal, finish) =>
  addRunOptions(
    addLiveOptions(
      new Command('apply')
        .description(
          'shows the plan, asks for confirmation, and applies it; completes an interrupted run',
        )
        .argument(
          '[file]',
          'a plan saved with `plan --out`: applied exactly, or refused if it is stale',
        ),
      optionalInventory('with FILE: the inventory that the plan was made from'),
    ),
  )
    .option(
      '--plan-sha256 <digest>',
      'with FILE: its digest, printed by `plan --out`; the inventory and the playbook named in the file are then used',
      sha256,
    )
    .addOption(jsonOption('print events as JSON lines (outrigger schema run); requires --yes'))
    .action(async (file: string | undefined, given: Given) => {
      checkJson(given);
      if (file === undefined && given.planSha256 !== undefined)
        throw new OutriggerError('USAGE', '--plan-sha256 requires a saved plan');
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
    hint: 'or apply a saved plan: outrigger apply FILE',
  });
}

/** Carries out a saved plan, after it was planned anew and found to be the same. */
async function applySaved(file: string, given: Given, terminal: Terminal): Promise<ExitCode> {
  const found = readPlanFile(file);
  const { saved } = found;
  if (given.limit !== undefined)
    throw new OutriggerError('USAGE', '--limit cannot be given: the saved plan has its own');
  const sources = await chooseSources(found, given, {
    inIsTerminal: terminal.inIsTerminal,
    ask: (question) => askSure(terminal, question, 'nothing was read'),
  });
  const options: Options = { ...given, ...sources, limit: saved.limit };
  let code: ExitCode = EXIT.ok;
  const use = async (live: FromSources): Promise<void> => {
    refuseStale(saved, live.planned);
    const origin = { ...live.origin, savedPlan: savedPlanId(saved) };
    const agree = (_shown: Planned, now: Planned): readonly string[] => {
      refuseStale(saved, now);
      return [];
    };
    code = await applyLive(options, terminal, { ...live, origin, agree });
  };
  await withPlan(options, terminal, use, {
    // By the name in the inventory: that in the file may lead anywhere.
    onInventory: ({ cluster }) => {
      refuseUsed(terminal.env, cluster.name, savedPlanId(saved));
    },
    check: (texts) => {
      refuseOtherSources(saved, texts, version());
    },
  });
  return code;
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
  const report = noticesOf(options, terminal, events);
  if (refusal === undefined) {
    const unremoved = await removeLeftFiles(live.planned.facts, live.planned.hosts, options.forks);
    if (unremoved !== undefined) report(unremoved);
  }
  const result = hasWork
    ? await runLocked(options, terminal, live, { allowed, events, report })
    : await nothingDone(live, refusal, report);
  const seconds = (performance.now() - started) / 1000;
  const { stopped, plan: done } = result;
  const finished = { result, events, seconds, stopped: stopped?.message, plan: done };
  emit(summaryAsJson(finished, new Date().toISOString()));
  if (hasWork && !options.json)
    terminal.out(renderRun(finished, styleFor(terminal.outStream, terminal.env)));
  return exitCodeOfRun(result, terminal, hasWork);
}

type Ended = RunResult & {
  /** The one that was carried out, or would have been. */
  readonly plan: Plan;
  readonly stopped: Error | undefined;
};

/** Nothing was done; hosts that a plan leaves out have failed. */
const asPlanned = (plan: Plan): Omit<Ended, 'stopped'> => ({
  failed: new Map(leftOut(plan).map(({ host, message }) => [host, message])),
  wasInterrupted: false,
  plan,
});

async function nothingDone(
  { planned: { plan, queryNode, cluster } }: Live,
  stopped: Error | undefined,
  report: Course['report'],
): Promise<Ended> {
  const released = stopped === undefined ? await releaseLeftLock(queryNode, cluster) : undefined;
  if (released !== undefined) report(released);
  return { ...asPlanned(plan), stopped };
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
  readonly report: (message: string) => void;
}

const noticesOf =
  ({ json }: Options, terminal: Terminal, events: RunEvent[]): Course['report'] =>
  (message) => {
    const event: RunEvent = { type: 'notice', play: 'Lock', message };
    events.push(event);
    if (json) terminal.out(eventAsJson(event, new Date().toISOString()));
    else terminal.err(`${eventLine(event)}\n`);
  };

/**
 * Under the lock the state is read once more: what nobody has agreed to is not done. What hosts shall get is made under it as
 * well, for requests for certificates are made on them.
 */
async function runLocked(
  options: Options,
  terminal: Terminal,
  live: Live,
  course: Course,
): Promise<Ended> {
  const shown = options.yes ? live.planned : await withQueryNode(live.request, live.planned);
  const locking = { ...shown, leaseMs: options.lockLease, report: course.report };
  return underLock(locking, async (lease) => {
    const now = await agreedPlan(terminal, live, shown, course);
    if (now instanceof OutriggerError) return { ...asPlanned(shown.plan), stopped: now };
    if (changeCount(now.plan) === 0) return { ...asPlanned(now.plan), stopped: undefined };
    const completed = await completedBy(terminal, { ...live, planned: now });
    return run(options, terminal, completed, { ...course, lease });
  });
}

/** The plan as it is now, or why it must not be carried out. */
async function agreedPlan(
  terminal: Terminal,
  live: Live,
  shown: Planned,
  { report }: Course,
): Promise<Planned | OutriggerError> {
  try {
    const now = await plannedAgain(live, shown, terminal);
    for (const line of (live.agree ?? refuseUnannounced)(shown, now)) report(line);
    return now;
  } catch (thrown) {
    if (thrown instanceof OutriggerError && thrown.code !== 'LOCKED') return thrown;
    throw thrown;
  }
}

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
    return { ...result, plan: live.planned.plan };
  } finally {
    await progress.stop();
  }
}

/** With everything made that hosts shall get; whatever has to be asked for that is asked now. */
const completedBy = async (terminal: Terminal, live: Live): Promise<Live> => ({
  ...live,
  planned: await completeCredentials(live, {
    fetchSecret: live.fetchSecret,
    signal: terminal.signal,
    report: (line) => {
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
      'no terminal for confirmation; pass --yes: nothing was changed',
      {
        hint: 'review the plan, then run again with --yes',
      },
    );
  }
  await askSure(terminal, question, 'nothing was changed');
}

/** Says on stderr what stopped the run; a bug is thrown on. */
function exitCodeOfRun(ended: Ended, terminal: Terminal, hasWork: boolean): ExitCode {
  const { stopped, plan } = ended;
  // A run that has work proves itself who is in.
  const pending = hasWork ? [] : plan.pending;
  if (stopped !== undefined) {
    if (!(stopped instanceof OutriggerError)) throw stopped;
    terminal.err(describeError(stopped));
  }
  return exitCodeFor({ problems: plan.problems, pending }, ended, stopped?.code);
}
