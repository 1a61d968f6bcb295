import { resolve } from 'node:path';
import { Command } from 'commander';
import { withQueryNode } from '../../flows/plan/plan-again.ts';
import { cibBefore, findRun, runRecords, whyForeignRecord } from '../../records/run-records.ts';
import {
  nodesJoined,
  prepareAgain,
  prepareUndo,
  undoRun,
  type PreparedUndo,
  type Undone,
} from '../../flows/undo-run.ts';
import { underLock } from '../../flows/lock/under-lock.ts';
import type { Host } from '../../host/host.ts';
import type { Connector } from '../../host/ssh/connector.ts';
import { refuseRisks } from '../../model/risk.ts';
import type { RunRecord } from '../../model/run-record.ts';
import { isUndone, type UndoPlan } from '../../plan/undo/undo-plan.ts';
import { withManagedHosts, type Spec } from '../../inventory/spec.ts';
import { undoAsJson } from '../../report/command-json.ts';
import { foldNames } from '../../support/text/fold-names.ts';
import { counted } from '../../report/text/layout.ts';
import { renderUndo } from '../../report/plan/undo-text.ts';
import { eventLine } from '../../report/run/run-text.ts';
import { OutriggerError } from '../../support/errors.ts';
import { printable } from '../../support/text/printable.ts';
import { connectionTo, withConnector } from '../sessions/connections.ts';
import { describeError } from '../process/describe-error.ts';
import { EXIT, exitCodeOf, gravest, type ExitCode } from '../process/exit-code.ts';
import { keeping, progressFor, unlessOutlasted } from '../sessions/live.ts';
import { inventoryFor } from '../sessions/load.ts';
import { lockWaitFromNow, type LockWait } from '../sessions/lock-wait.ts';
import {
  addConsent,
  checkJson,
  jsonOption,
  lockWaitOption,
  optionalInventory,
} from '../arguments/options.ts';
import { styleFor } from '../process/style.ts';
import type { AddCommand, Terminal } from '../process/terminal.ts';
import { confirm, type Consent } from './apply.ts';

interface Options extends Consent {
  readonly inventory?: string;
  readonly cluster?: string;
  readonly json?: true;
  /** Milliseconds. */
  readonly lockWait?: number;
}

export const addUndo: AddCommand = (terminal, finish) =>
  addConsent(
    new Command('undo')
      .description(
        'removes from the cluster the nodes that a run has joined; their hosts stay unchanged',
      )
      .argument('<run>', 'the id of the run, as listed by `history`')
      .addOption(optionalInventory('default: the inventory of the run'))
      .option('--cluster <name>', 'the cluster, if several have a run with this id')
      .addOption(lockWaitOption())
      .addOption(jsonOption('print the result as JSON (outrigger schema undo); requires --yes')),
  ).action(async (run: string, options: Options) => {
    checkJson(options);
    finish(await undo(run, options, terminal));
  });

async function undo(run: string, options: Options, terminal: Terminal): Promise<ExitCode> {
  const record = findRun(terminal.env, run, options.cluster);
  if (record.joined.length === 0) return nothingJoined(record, options, terminal);
  const inventory = inventoryOf(record, options, terminal);
  const spec = inventoryFor(inventory, terminal);
  if (spec.cluster.name !== record.cluster) {
    throw new OutriggerError(
      'USAGE',
      `run ${record.id} changed cluster ${record.cluster}, but ${inventory} declares ${spec.cluster.name}`,
    );
  }
  const found = { ...options, inventory: resolve(inventory) };
  return withConnector(terminal, spec.clusterNodes, async (connector) => {
    const wait = lockWaitFromNow(options.lockWait);
    for (;;) {
      const code = await undoNow(run, { options: found, spec, connector, wait }, terminal);
      if (code !== undefined) return code;
    }
  });
}

function nothingJoined(
  { id, cluster, isDamaged }: RunRecord,
  { json }: Options,
  terminal: Terminal,
): ExitCode {
  const known = isDamaged ? ', as far as its damaged record shows' : '';
  terminal.out(
    json
      ? undoAsJson({ ...NOTHING, run: id, cluster })
      : `Run ${id} joined no nodes${known}: nothing to undo.\n`,
  );
  return EXIT.ok;
}

const NOTHING = { removedNodes: [], failed: [], stopped: undefined, log: undefined } as const;

interface Undoing {
  readonly options: Options & { readonly inventory: string };
  readonly spec: Spec;
  readonly connector: Connector;
  readonly wait: LockWait;
}

/** Undefined: another run is over by now that was in the way, and has changed what is to be undone, if not the record itself. */
async function undoNow(
  run: string,
  { options, spec, connector, wait }: Undoing,
  terminal: Terminal,
): Promise<ExitCode | undefined> {
  const { env, signal } = terminal;
  const record = findRun(env, run, spec.cluster.name);
  const later = runRecords(env, record.cluster).filter(({ id }) => id > record.id);
  const found = cibBefore(env, record);
  await connector.prepare(withManagedHosts(nodesJoined(spec, record)).map(connectionTo));
  const opened = new Set<Host>();
  const connect = keeping(opened, connector.connect);
  try {
    const prepared = await prepareUndo({ spec, record, later, found, connect, signal });
    return await unlessOutlasted(
      takeBack(prepared, options, terminal),
      prepared.queryNode,
      wait,
      terminal,
    );
  } finally {
    await Promise.allSettled([...opened].map((host) => host.close()));
  }
}

/** That of the record counts where nobody else can have written it: an inventory names programs to run and hosts to connect to. */
function inventoryOf(record: RunRecord, options: Options, terminal: Terminal): string {
  if (options.inventory !== undefined) return options.inventory;
  const { id, inventory } = record;
  const foreign = whyForeignRecord(terminal.env, record);
  if (inventory !== undefined && foreign === undefined) {
    terminal.err(`${printable(`with the inventory of the run: ${inventory}`)}\n`);
    return inventory;
  }
  const why =
    foreign === undefined ? 'does not contain its inventory' : `is not trusted for it: ${foreign}`;
  throw new OutriggerError('USAGE', `the record of run ${id} ${why}`, {
    hint: 'name it: -i INVENTORY',
  });
}

async function takeBack(
  prepared: PreparedUndo,
  options: Options & { readonly inventory: string },
  terminal: Terminal,
): Promise<ExitCode> {
  const { plan, risks } = prepared;
  const allowed = new Set(options.allow);
  if (!options.json) showUndo(prepared, terminal);
  if (isUndone(plan)) {
    const { run, cluster } = plan;
    if (options.json) terminal.out(undoAsJson({ ...NOTHING, run, cluster }));
    return EXIT.ok;
  }
  refuseRisks(risks, allowed);
  const nodes = counted(plan.leaving.length, 'node');
  await confirm(options, terminal, `Remove ${nodes} from cluster ${plan.cluster}?`);
  const undone = await undoLocked(prepared, options, terminal);
  return reportUndone(plan, undone, options, terminal);
}

function showUndo({ plan, forecast, risks }: PreparedUndo, terminal: Terminal): void {
  const style = styleFor(terminal.outStream, terminal.env);
  terminal.out(renderUndo(plan, forecast, risks, style));
  if (isUndone(plan)) terminal.out(`Nothing is left to undo of run ${plan.run}.\n`);
}

async function undoLocked(
  prepared: PreparedUndo,
  options: Options & { readonly inventory: string },
  terminal: Terminal,
): Promise<Undone> {
  const progress = await progressFor(terminal, []);
  const report = (message: string): void => {
    terminal.err(`${eventLine({ type: 'notice', play: 'Lock', message })}\n`);
  };
  const shown = options.yes ? prepared : await withQueryNode(prepared.request, prepared);
  return underLock({ ...shown, leaseMs: undefined, report }, async (lease) =>
    undoRun(await prepareAgain(shown), {
      lease,
      allowed: new Set(options.allow),
      origin: { inventory: options.inventory },
      onEvent: (event) => {
        progress.event(event);
      },
    }),
  ).finally(() => progress.stop());
}

function reportUndone(
  plan: UndoPlan,
  undone: Undone,
  { json }: Options,
  terminal: Terminal,
): ExitCode {
  const { log, failed, stopped } = undone;
  terminal.err(`log and copies of the CIB: ${log}\n`);
  if (stopped !== undefined && !(stopped instanceof OutriggerError)) throw stopped;
  for (const [host, { because, hint }] of failed)
    terminal.err(describeError(new OutriggerError('NOT_CONVERGED', because, { host, hint })));
  if (stopped !== undefined) terminal.err(describeError(stopped));
  terminal.out(json ? undoneAsJson(plan, undone) : undoneText(plan, undone));
  return gravest([
    stopped === undefined ? EXIT.ok : exitCodeOf(stopped.code),
    failed.size > 0 ? EXIT.failed : EXIT.ok,
    terminal.signal.aborted ? EXIT.interrupted : EXIT.ok,
  ]);
}

const removedNodes = ({ leaving }: UndoPlan, { failed, stopped }: Undone): readonly string[] =>
  stopped === undefined ? leaving.map(({ name }) => name).filter((name) => !failed.has(name)) : [];

function undoneText(plan: UndoPlan, undone: Undone): string {
  if (undone.stopped !== undefined) return '';
  const out = removedNodes(plan, undone);
  return `Done: ${out.length === 0 ? 'no node' : foldNames(out)} removed.\n`;
}

function undoneAsJson(plan: UndoPlan, undone: Undone): string {
  const { run, cluster } = plan;
  const failed = [...undone.failed].map(([host, { because: message, hint }]) => ({
    host,
    message,
    hint,
  }));
  const { log, stopped } = undone;
  return undoAsJson({
    run,
    cluster,
    failed,
    log,
    removedNodes: removedNodes(plan, undone),
    stopped: stopped?.message,
  });
}
