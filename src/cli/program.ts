import tab from '@bomb.sh/tab/commander';
import { Command, CommanderError, type OutputConfiguration } from 'commander';
import { addApply } from './commands/apply.ts';
import { addDoctor } from './commands/doctor.ts';
import { addDrift } from './commands/drift.ts';
import { addExplain } from './commands/explain.ts';
import { addHistory } from './commands/history.ts';
import { addImport } from './commands/import.ts';
import { addPlan } from './commands/plan.ts';
import { addRotate } from './commands/rotate/rotate.ts';
import { addSchema } from './commands/schema.ts';
import { addShow } from './commands/show.ts';
import { addStatus } from './commands/status.ts';
import { addUnlock } from './commands/unlock.ts';
import { addTrust } from './commands/trust/trust.ts';
import { addUndo } from './commands/undo.ts';
import { addUpgrade } from './commands/upgrade.ts';
import { addValidate } from './commands/validate.ts';
import { completeFiles } from './arguments/complete-files.ts';
import { errorAsJson } from '../report/error-json.ts';
import { alignColumns } from '../report/text/layout.ts';
import { OutriggerError } from '../support/errors.ts';
import { printableText } from '../support/text/printable.ts';
import { examplesFirst } from './arguments/examples.ts';
import { EXIT, EXIT_MEANINGS, type ExitCode } from './process/exit-code.ts';
import { refuseRepeats } from './arguments/options-once.ts';
import type { AddCommand, Terminal } from './process/terminal.ts';
import { improveUsageErrors } from './arguments/usage.ts';
import { version } from './process/version.ts';

const EXIT_CODES = `
Exit codes:
${alignColumns(
  EXIT_MEANINGS.map(([code, meaning]) => [String(code), meaning]),
  2,
).join('\n')}
`;

const COMMANDS: readonly AddCommand[] = [
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
  addExplain,
  addSchema,
];

/** Commands that are added as a whole do not take over how the program ends and prints. */
function settle(command: Command, output: OutputConfiguration): void {
  command.exitOverride().configureOutput(output);
  examplesFirst(command);
  refuseRepeats(command);
  improveUsageErrors(command);
  for (const below of command.commands) settle(below, output);
}

/** The whole command line; `finish` is told the exit code of the command that ran. */
export function programFor(terminal: Terminal, finish: (code: ExitCode) => void): Command {
  const program = new Command('outrigger')
    .description(
      'Brings Pacemaker Remote nodes into a Pacemaker/Corosync cluster and keeps them there.',
    )
    .version(version())
    .addHelpText('after', EXIT_CODES)
    .showHelpAfterError('(see --help for the options)');
  for (const add of COMMANDS) program.addCommand(add(terminal, finish));
  // `completion SHELL` prints the script, and the script asks the hidden `complete`.
  tab(program, { completionCommandName: 'completion' });
  program.commands
    .find((command) => command.name() === 'completion')
    ?.description('prints a completion script for bash, zsh or fish');
  // commander quotes the arguments in its errors as they were given.
  const writeErr = (text: string): void => {
    terminal.err(printableText(text));
  };
  settle(program, { writeOut: terminal.out, writeErr });
  return program;
}

/**
 * Parses the arguments and runs the command they name; gives the exit code. Rejects with what went wrong; with `--json` stdout
 * has that as a document then, unless a result is there already.
 */
export async function runCommandLine(
  argv: readonly string[],
  terminal: Terminal,
): Promise<ExitCode> {
  const files = argv[0] === 'complete' ? completeFiles(argv.slice(2)) : undefined;
  if (files !== undefined) {
    terminal.out(files);
    return EXIT.ok;
  }
  const results: string[] = [];
  const out = (text: string): void => {
    if (!isLineOfRun(text)) results.push(text);
    terminal.out(text);
  };
  try {
    return await parseAndRun(argv, { ...terminal, out });
  } catch (thrown) {
    const isUsage = thrown instanceof CommanderError;
    if (isUsage && thrown.exitCode === 0) return EXIT.ok; // Help and version are no errors.
    if (isJsonRequested(argv) && results.length === 0)
      terminal.out(errorAsJson(isUsage ? usage(thrown) : thrown));
    if (isUsage) return EXIT.error; // commander has already said what was wrong.
    throw thrown;
  }
}

async function parseAndRun(argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  let code: ExitCode = EXIT.ok;
  const program = programFor(terminal, (result) => {
    code = result;
  });
  await program.parseAsync(argv, { from: 'user' });
  return code;
}

/** Whether the command line asks for JSON, also where it cannot be parsed. */
const isJsonRequested = (argv: readonly string[]): boolean => {
  const end = argv.indexOf('--');
  return (end < 0 ? argv : argv.slice(0, end)).some((word) => /^--json(?:=|$)/.test(word));
};

/** A line of a stream, which an error may follow; a summary is its end. */
const isLineOfRun = (text: string): boolean => /^\{"type":"(?!summary")/.test(text);

const usage = ({ message }: CommanderError): OutriggerError =>
  new OutriggerError('USAGE', message.replace(/^error: /, ''), {
    hint: 'see --help for the options',
  });
