import tab from '@bomb.sh/tab/commander';
import { Command, CommanderError, type OutputConfiguration } from 'commander';
import { addApply } from './commands/apply.ts';
import { addDoctor } from './commands/doctor.ts';
import { addDrift } from './commands/drift.ts';
import { addHistory } from './commands/history.ts';
import { addImport } from './commands/import.ts';
import { addPlan } from './commands/plan.ts';
import { addRotate } from './commands/rotate.ts';
import { addSchema } from './commands/schema.ts';
import { addShow } from './commands/show.ts';
import { addStatus } from './commands/status.ts';
import { addUnlock } from './commands/unlock.ts';
import { addTrust } from './commands/trust.ts';
import { addUndo } from './commands/undo.ts';
import { addValidate } from './commands/validate.ts';
import { completeFiles } from './complete-files.ts';
import { printableText } from '../support/printable.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import type { AddCommand, Terminal } from './terminal.ts';
import { version } from './version.ts';

const EXAMPLES = `
Examples:
  outrigger validate -i inventory.yml          every error at once, without a network
  outrigger doctor -i inventory.yml            everything that stands in the way, and what to do about it
  outrigger plan -i inventory.yml              what would change, and what the cluster would do
  outrigger apply -i inventory.yml             the same, then asks and does it
  outrigger plan -i inventory.yml --out p      saves the plan; \`outrigger apply p\` does exactly that
  outrigger plan -i inventory.yml --json       for scripts (schema: outrigger schema plan)
  outrigger drift -i inventory.yml             for cron: expected against actual, exit code 2
  outrigger rotate authkey -i inventory.yml    a new authkey on all nodes, without a resource noticing
  outrigger history                            the runs so far; \`outrigger undo RUN\` takes back what one joined
  outrigger status -i inventory.yml            who is in, and where the connections run
  outrigger unlock ID -i inventory.yml         takes away the lock of a run that died on another machine
  outrigger import --from c1 -o inventory.yml  an inventory of a cluster that lives already

Exit codes: 0 done or in sync, 1 usage or invalid input, 2 differences (drift, doctor, --detailed-exitcode),
3 incomplete (a host gave no answer), 4 apply failed on a host, 5 refused, 130 interrupted.
`;

const COMMANDS: readonly AddCommand[] = [
  ...[
    addValidate,
    addPlan,
    addShow,
    addApply,
    addDrift,
    addStatus,
    addDoctor,
    addImport,
    addRotate,
    addHistory,
    addUndo,
    addTrust,
    addUnlock,
    addSchema,
  ],
];

/** Commands that are added as a whole do not take over how the program ends and prints. */
function settle(command: Command, output: OutputConfiguration): void {
  command.exitOverride().configureOutput(output);
  for (const below of command.commands) settle(below, output);
}

/** The commands that change something, on hosts or on this machine. */
const CHANGING: readonly string[] = ['apply', 'rotate', 'trust', 'undo', 'unlock'];

/** Whether these arguments name a command that changes something; no option stands before the command with a value. */
export const changesThings = (argv: readonly string[]): boolean =>
  CHANGING.includes(argv.find((word) => !word.startsWith('-')) ?? '');

/** Parses the arguments and runs the command they name; gives the exit code. Rejects with what went wrong. */
export async function runCommandLine(
  argv: readonly string[],
  terminal: Terminal,
): Promise<ExitCode> {
  let code: ExitCode = EXIT.ok;
  const files = argv[0] === 'complete' ? completeFiles(argv.slice(2)) : undefined;
  if (files !== undefined) {
    terminal.out(files);
    return EXIT.ok;
  }
  // commander quotes the arguments in its errors as they were given.
  const writeErr = (text: string): void => {
    terminal.err(printableText(text));
  };
  const program = new Command('outrigger')
    .description(
      'Brings Pacemaker Remote nodes into a Pacemaker/Corosync cluster and keeps them there.',
    )
    .version(version())
    .addHelpText('after', EXAMPLES)
    .showHelpAfterError('(add --help for the options)');
  const finish = (result: ExitCode): void => {
    code = result;
  };
  for (const add of COMMANDS) program.addCommand(add(terminal, finish));
  // `completion SHELL` prints the script, and the script asks the hidden `complete`.
  tab(program, { completionCommandName: 'completion' });
  settle(program, { writeOut: terminal.out, writeErr });
  try {
    await program.parseAsync(argv, { from: 'user' });
  } catch (thrown) {
    // commander has already said what was wrong; help and version are no errors.
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? EXIT.ok : EXIT.error;
    throw thrown;
  }
  return code;
}
