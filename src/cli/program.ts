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
import { addUpgrade } from './commands/upgrade.ts';
import { addValidate } from './commands/validate.ts';
import { completeFiles } from './complete-files.ts';
import { alignColumns } from '../report/layout.ts';
import { printableText } from '../support/printable.ts';
import { examplesFirst } from './examples.ts';
import { EXIT, EXIT_MEANINGS, type ExitCode } from './exit-code.ts';
import type { AddCommand, Terminal } from './terminal.ts';
import { version } from './version.ts';

const EXIT_CODES = `
Exit codes:
${alignColumns(
  EXIT_MEANINGS.map(([code, meaning]) => [String(code), meaning]),
  2,
).join('\n')}
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
    addUpgrade,
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
  examplesFirst(command);
  for (const below of command.commands) settle(below, output);
}

/** The commands that change something, on hosts or on this machine. */
const CHANGING: readonly string[] = ['apply', 'rotate', 'trust', 'undo', 'unlock', 'upgrade'];

/** Whether these arguments name a command that changes something; no option stands before the command with a value. */
export const changesThings = (argv: readonly string[]): boolean =>
  CHANGING.includes(argv.find((word) => !word.startsWith('-')) ?? '');

/** The whole command line; `finish` is told the exit code of the command that ran. */
export function programFor(terminal: Terminal, finish: (code: ExitCode) => void): Command {
  const program = new Command('outrigger')
    .description(
      'Brings Pacemaker Remote nodes into a Pacemaker/Corosync cluster and keeps them there.',
    )
    .version(version())
    .addHelpText('after', EXIT_CODES)
    .showHelpAfterError('(add --help for the options)');
  for (const add of COMMANDS) program.addCommand(add(terminal, finish));
  // `completion SHELL` prints the script, and the script asks the hidden `complete`.
  tab(program, { completionCommandName: 'completion' });
  program.commands
    .find((command) => command.name() === 'completion')
    ?.description('prints what makes bash, zsh or fish complete commands, options and files');
  // commander quotes the arguments in its errors as they were given.
  const writeErr = (text: string): void => {
    terminal.err(printableText(text));
  };
  settle(program, { writeOut: terminal.out, writeErr });
  return program;
}

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
  const program = programFor(terminal, (result) => {
    code = result;
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
  } catch (thrown) {
    // commander has already said what was wrong; help and version are no errors.
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? EXIT.ok : EXIT.error;
    throw thrown;
  }
  return code;
}
