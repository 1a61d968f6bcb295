import { resolve } from 'node:path';
import { Command } from 'commander';
import { closeAll } from '../../flows/plan-cluster.ts';
import { cibBefore, findRun, runRecords } from '../../flows/run-records.ts';
import { nodesJoined, prepareUndo, undoRun, type PreparedUndo } from '../../flows/undo-run.ts';
import { underLock } from '../../flows/under-lock.ts';
import type { Connector } from '../../host/ssh/connector.ts';
import { refuseRisks } from '../../plan/risk.ts';
import type { RunRecord } from '../../plan/run-record.ts';
import { isUndone } from '../../plan/undo-plan.ts';
import { nodesOf, type Spec } from '../../spec/spec.ts';
import { foldNames } from '../../report/fold-names.ts';
import { counted } from '../../report/layout.ts';
import { renderUndo } from '../../report/undo-text.ts';
import { eventLine } from '../../report/run-text.ts';
import { OutriggerError } from '../../support/errors.ts';
import { connectionTo, withConnector } from '../connections.ts';
import { describeError } from '../describe-error.ts';
import { EXIT, exitCodeOf, gravest, type ExitCode } from '../exit-code.ts';
import { progressFor } from '../live.ts';
import { inventoryFor } from '../load.ts';
import { lockWaitFromNow, outlastLock, type LockWait } from '../lock-wait.ts';
import { addConsent, lockWaitOption, optionalInventory } from '../options.ts';
import { styleFor } from '../style.ts';
import type { AddCommand, Terminal } from '../terminal.ts';
import { confirm, type Consent } from './apply.ts';

interface Options extends Consent {
  readonly inventory?: string;
  readonly cluster?: string;
  /** Milliseconds. */
  readonly lockWait?: number;
}

export const addUndo: AddCommand = (terminal, finish) =>
  addConsent(
    new Command('undo')
      .description(
        'takes the nodes out of the cluster that a run has joined; their hosts stay as they are',
      )
      .argument('<run>', 'its id, as `history` tells it')
      .addOption(optionalInventory('default: the one of the run'))
      .option('--cluster <name>', 'which cluster, where several have a run of that id')
      .addOption(lockWaitOption()),
  ).action(async (run: string, options: Options) => {
    finish(await undo(run, options, terminal));
  });

async function undo(run: string, options: Options, terminal: Terminal): Promise<ExitCode> {
  const record = findRun(terminal.env, run, options.cluster);
  if (record.joined.length === 0) return nothingJoined(record, terminal);
  const inventory = inventoryOf(record, options);
  const spec = inventoryFor(inventory, terminal);
  if (spec.cluster.name !== record.cluster) {
    throw new OutriggerError(
      'USAGE',
      `run ${record.id} was on cluster ${record.cluster}, and ${inventory} is of ${spec.cluster.name}`,
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

function nothingJoined({ id, isDamaged }: RunRecord, terminal: Terminal): ExitCode {
  const known = isDamaged ? ', as far as its damaged record tells' : '';
  terminal.out(`Run ${id} joined nobody${known}: nothing to take back.\n`);
  return EXIT.ok;
}

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
  await connector.prepare(nodesOf(nodesJoined(spec, record)).map(connectionTo));
  const { connect } = connector;
  const prepared = await prepareUndo({ spec, record, later, found, connect, signal });
  try {
    return await takeBack(prepared, options, terminal);
  } catch (thrown) {
    await outlastLock(thrown, prepared.lead, wait, terminal);
    return undefined;
  } finally {
    await closeAll(prepared.hosts);
  }
}

function inventoryOf({ id, inventory }: RunRecord, options: Options): string {
  const found = options.inventory ?? inventory;
  if (found !== undefined) return found;
  throw new OutriggerError('USAGE', `the record of run ${id} does not tell its inventory`, {
    hint: 'say it: -i INVENTORY',
  });
}

async function takeBack(
  prepared: PreparedUndo,
  options: Options & { readonly inventory: string },
  terminal: Terminal,
): Promise<ExitCode> {
  const { plan, forecast, risks } = prepared;
  const allowed = new Set(options.allow);
  const style = styleFor(terminal.outStream, terminal.env);
  terminal.out(renderUndo(plan, forecast, risks, style));
  if (isUndone(plan)) {
    terminal.out(`Nothing is left to take back of run ${plan.run}.\n`);
    return EXIT.ok;
  }
  refuseRisks(risks, allowed);
  const nodes = counted(plan.leaving.length, 'node');
  await confirm(options, terminal, `Take ${nodes} out of cluster ${plan.cluster}?`);
  const progress = await progressFor(terminal, []);
  const tell = (message: string): void => {
    terminal.err(`${eventLine({ type: 'notice', play: 'Lock', message })}\n`);
  };
  const { log, failed, stopped } = await underLock(
    { ...prepared, leaseMs: undefined, tell },
    (lease) =>
      undoRun(prepared, {
        lease,
        allowed,
        origin: { inventory: options.inventory },
        onEvent: (event) => {
          progress.event(event);
        },
      }),
  ).finally(() => progress.stop());
  terminal.err(`log and copies of the CIB: ${log}\n`);
  if (stopped !== undefined && !(stopped instanceof OutriggerError)) throw stopped;
  for (const [host, { because, hint }] of failed)
    terminal.err(describeError(new OutriggerError('NOT_CONVERGED', because, { host, hint })));
  if (stopped !== undefined) terminal.err(describeError(stopped));
  const out = plan.leaving.map(({ name }) => name).filter((name) => !failed.has(name));
  if (stopped === undefined)
    terminal.out(`Done: ${out.length === 0 ? 'nobody' : foldNames(out)} taken out.\n`);
  return gravest([
    stopped === undefined ? EXIT.ok : exitCodeOf(stopped.code),
    failed.size > 0 ? EXIT.failed : EXIT.ok,
    terminal.signal.aborted ? EXIT.interrupted : EXIT.ok,
  ]);
}
