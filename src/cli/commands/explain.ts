import { Argument, Command } from 'commander';
import { explain, loadExplanations } from '../../flows/explain.ts';
import { ALL_CODES } from '../../model/codes.ts';
import { explanationsAsJson, renderCodes, renderExplanations } from '../../report/explanations.ts';
import { EXIT } from '../process/exit-code.ts';
import { jsonOption } from '../arguments/options.ts';
import { styleFor } from '../process/style.ts';
import type { AddCommand } from '../process/terminal.ts';

interface Options {
  readonly json?: true;
}

export const addExplain: AddCommand = (terminal, finish) =>
  new Command('explain')
    .description(
      'explains the code of an error, risk, finding or check: meaning, causes, what to do; without a code, lists all codes',
    )
    .addArgument(codeArgument())
    .addOption(jsonOption('print the entries as JSON (outrigger schema explain)'))
    .action((code: string | undefined, { json }: Options) => {
      const entries = code === undefined ? loadExplanations() : explain(code);
      const style = styleFor(terminal.outStream, terminal.env);
      const render = code === undefined ? renderCodes : renderExplanations;
      terminal.out(json ? explanationsAsJson(entries) : render(entries, style));
      finish(EXIT.ok);
    });

/** Its choices are for completion alone: any case is accepted, and an unknown code is refused with the nearest one. */
const codeArgument = (): Argument =>
  new Argument('[code]').choices(ALL_CODES).argParser((text: string) => text);
