import { Argument, Command } from 'commander';
import { loadSchema, SCHEMAS } from '../../flows/load-document.ts';
import { EXIT } from '../process/exit-code.ts';
import type { AddCommand } from '../process/terminal.ts';

export const addSchema: AddCommand = (terminal, finish) =>
  new Command('schema')
    .description('prints a JSON Schema, for editors and scripts')
    .addArgument(new Argument('<name>').choices(SCHEMAS))
    .action((name: (typeof SCHEMAS)[number]) => {
      terminal.out(`${JSON.stringify(loadSchema(name), null, 2)}\n`);
      finish(EXIT.ok);
    });
