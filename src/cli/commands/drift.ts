import { Command } from 'commander';
import {
  checkReports,
  DRIFT_REPORTS,
  writeReports,
  type DriftReportKind,
  type RequestedReport,
} from '../../flows/write-reports.ts';
import { driftOf, hasDrifted, type Drift } from '../../plan/drift/drift.ts';
import { hostsIn } from '../../plan/drift/drift-hosts.ts';
import { driftAsJson } from '../../report/drift/drift-json.ts';
import type { ComparedRun, DriftReport, FailedRun } from '../../report/drift/drift-report.ts';
import { renderDrift } from '../../report/drift/drift-text.ts';
import { messageOf, OutriggerError } from '../../support/errors.ts';
import { describeError } from '../process/describe-error.ts';
import { exitCodeOfComparison } from '../process/exit-code.ts';
import { withPlan, type Live } from '../sessions/live.ts';
import { addLiveOptions, jsonOption, type SharedOptions } from '../arguments/options.ts';
import { reportOption } from '../arguments/report-option.ts';
import { styleFor } from '../process/style.ts';
import type { AddCommand, Terminal } from '../process/terminal.ts';
import { version } from '../process/version.ts';

interface DriftOptions extends SharedOptions {
  readonly report?: readonly RequestedReport<DriftReportKind>[];
}

export const addDrift: AddCommand = (terminal, finish) =>
  addLiveOptions(
    new Command('drift').description(
      'compares hosts and cluster with the inventory, for cron and CI; changes nothing, exits with 2 on drift',
    ),
  )
    .addOption(jsonOption('print the drift as JSON (outrigger schema drift)'))
    .addOption(reportOption(DRIFT_REPORTS))
    .action(async (options: DriftOptions) => {
      const { report: desired = [] } = options;
      checkReports(desired);
      const began = performance.now();
      const report = (result: DriftReport['result']): void => {
        const seconds = (performance.now() - began) / 1000;
        writeReports(DRIFT_REPORTS, desired, {
          inventory: options.inventory,
          version: version(),
          at: new Date(),
          seconds,
          result,
        });
      };
      let cluster: string | undefined;
      let compared: ComparedRun | undefined;
      const show = (live: Live): Promise<void> => {
        const drift = driftOf(live.planned.plan, live.spec.driftIgnores, today());
        terminal.out(
          options.json
            ? driftAsJson(drift)
            : renderDrift(drift, styleFor(terminal.outStream, terminal.env)),
        );
        finish(exitCodeOfComparison(drift, hasDrifted(drift)));
        compared = comparedRun(drift, live);
        return Promise.resolve();
      };
      try {
        await withPlan(options, terminal, show, {
          foresees: false,
          onInventory: (spec) => {
            cluster = spec.cluster.name;
          },
        });
      } catch (thrown) {
        if (!isInterrupt(thrown, terminal)) reportFailure(thrown, cluster, report, terminal);
        throw thrown;
      }
      if (compared !== undefined) report(compared);
    });

/** Days are those of UTC. */
const today = (): string => new Date().toISOString().slice(0, 10);

const isInterrupt = (thrown: unknown, { signal }: Terminal): boolean =>
  signal.aborted || (thrown instanceof OutriggerError && thrown.code === 'INTERRUPTED');

function comparedRun(drift: Drift, { spec, selected, planned }: Live): ComparedRun {
  const { facts, cluster, hostItems, cibItems, absent, credentials } = planned;
  return {
    kind: 'compared',
    drift,
    hosts: hostsIn(drift, {
      spec,
      selected,
      facts,
      cluster,
      x509: credentials?.desired,
      now: Date.now() / 1000,
    }),
    items: [...hostItems, ...cibItems, ...absent.hostItems, ...absent.cibItems].map(
      ({ host, kind }) => ({ host, item: kind }),
    ),
  };
}

/** What went wrong is told whatever becomes of the reports. */
function reportFailure(
  thrown: unknown,
  cluster: string | undefined,
  report: (result: FailedRun) => void,
  terminal: Terminal,
): void {
  const hint = thrown instanceof OutriggerError ? thrown.hint : undefined;
  try {
    report({ kind: 'failed', cluster, message: messageOf(thrown), hint });
  } catch (second) {
    terminal.err(describeError(second));
  }
}
