import { Command } from 'commander';
import { examine } from '../../flows/examine.ts';
import type { Diagnosis } from '../../model/diagnosis.ts';
import { diagnosisAsJson } from '../../report/status/diagnosis-json.ts';
import { renderDiagnosis } from '../../report/status/diagnosis-text.ts';
import { selectNodes } from '../../inventory/select.ts';
import { withManagedHosts } from '../../inventory/spec.ts';
import { withConnector } from '../sessions/connections.ts';
import { EXIT, gravest, type ExitCode } from '../process/exit-code.ts';
import { progressFor } from '../sessions/live.ts';
import { inventoryFor, playbookFor } from '../sessions/load.ts';
import { addLiveOptions, jsonOption, type SharedOptions } from '../arguments/options.ts';
import { styleFor } from '../process/style.ts';
import type { AddCommand, Terminal } from '../process/terminal.ts';

export const addDoctor: AddCommand = (terminal, finish) =>
  addLiveOptions(
    new Command('doctor').description(
      'runs preflight checks on hosts and cluster and reports all problems with hints; changes nothing',
    ),
  )
    .addOption(jsonOption('print the findings as JSON (outrigger schema doctor)'))
    .action(async (options: SharedOptions) => {
      const diagnosis = await diagnosisFor(options, terminal);
      terminal.out(
        options.json
          ? diagnosisAsJson(diagnosis)
          : renderDiagnosis(diagnosis, styleFor(terminal.outStream, terminal.env)),
      );
      finish(exitCodeOf(diagnosis));
    });

async function diagnosisFor(options: SharedOptions, terminal: Terminal): Promise<Diagnosis> {
  const spec = inventoryFor(options.inventory, terminal);
  const playbook = playbookFor(options.playbook);
  const selected = selectNodes(spec, options.limit);
  const targets = [...spec.clusterNodes, ...withManagedHosts(selected)];
  return withConnector(terminal, targets, async ({ connect }, fetchSecret) => {
    const progress = await progressFor(terminal, []);
    try {
      return await examine({
        spec,
        selected,
        playbook,
        connect,
        fetchSecret,
        forks: options.forks,
        signal: terminal.signal,
        onProgress: (...counts) => {
          progress.gather(...counts);
        },
      });
    } finally {
      await progress.stop();
    }
  });
}

/** What is merely worth a look does not count. */
const exitCodeOf = ({ checks, unreachable }: Diagnosis): ExitCode =>
  gravest([
    unreachable.length > 0 ? EXIT.incomplete : EXIT.ok,
    checks.some(({ outcome }) => outcome === 'bad') ? EXIT.differs : EXIT.ok,
  ]);
