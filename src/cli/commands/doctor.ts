import { Command } from 'commander';
import { examine } from '../../flows/examine.ts';
import type { Diagnosis } from '../../plan/diagnosis.ts';
import { diagnosisAsJson } from '../../report/diagnosis-json.ts';
import { renderDiagnosis } from '../../report/diagnosis-text.ts';
import { selectNodes } from '../../spec/select.ts';
import { nodesOf } from '../../spec/spec.ts';
import { withConnector } from '../connections.ts';
import { EXIT, gravest, type ExitCode } from '../exit-code.ts';
import { progressFor } from '../live.ts';
import { inventoryFor, playbookFor } from '../load.ts';
import { addLiveOptions, jsonOption, type SharedOptions } from '../options.ts';
import { styleFor } from '../style.ts';
import type { AddCommand, Terminal } from '../terminal.ts';

export const addDoctor: AddCommand = (terminal, finish) =>
  addLiveOptions(
    new Command('doctor').description(
      'looks at hosts and cluster from every side, tells everything that is wrong at once and what to do about it; changes nothing',
    ),
  )
    .addOption(jsonOption('print what was found as JSON (outrigger schema doctor)'))
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
  const machines = [...spec.clusterNodes, ...nodesOf(selected)];
  return withConnector(terminal, machines, async ({ connect }, fetchSecret) => {
    const progress = await progressFor(terminal, []);
    try {
      return await examine({
        ...{ spec, selected, playbook, connect, fetchSecret },
        ...{ forks: options.forks, signal: terminal.signal },
        onProgress: (done, total) => {
          progress.gather(done, total);
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
