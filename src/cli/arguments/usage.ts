import type { Command } from 'commander';
import { nearest } from '../../support/yaml/nearest.ts';

/** Words of other programs of this kind, and what serves here. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  destroy: 'to remove nodes, set `state: absent` for them in the inventory, then: outrigger apply',
  delete: 'to remove nodes, set `state: absent` for them in the inventory, then: outrigger apply',
  remove: 'to remove nodes, set `state: absent` for them in the inventory, then: outrigger apply',
  rollback: 'to remove the nodes that a run joined: outrigger undo RUN',
  init: 'to start with an existing cluster: outrigger import --from HOST -o inventory.yml',
  check: 'to check an inventory: outrigger validate; the hosts: outrigger doctor',
  diff: 'to compare hosts with the inventory: outrigger plan, or outrigger drift',
  run: 'to apply the inventory: outrigger apply',
  deploy: 'to apply the inventory: outrigger apply',
};

/**
 * commander complains of a missing option before it looks at what else is wrong, and its suggestions are far-fetched
 * (`destroy`: "Did you mean history?"). Here the first wrong word is named first.
 */
export function improveUsageErrors(command: Command): void {
  if (command.commands.length > 0) suggestCommands(command);
  const required = command.options.filter(({ mandatory }) => mandatory);
  for (const option of required) option.makeOptionMandatory(false);
  command.allowExcessArguments();
  command.hook('preAction', (_parent, action) => {
    if (action !== command) return;
    refuseExcess(command);
    for (const option of required) {
      if (command.getOptionValue(option.attributeName()) !== undefined) continue;
      command.error(`error: required option '${option.flags}' not specified`, {
        code: 'commander.missingMandatoryOptionValue',
      });
    }
  });
}

/** `validate foo.yml` means `validate -i foo.yml`. */
function refuseExcess(command: Command): void {
  const expected = command.registeredArguments.length;
  const isList = command.registeredArguments.some(({ variadic }) => variadic);
  const [excess] = command.args.slice(expected);
  if (excess === undefined || isList) return;
  const takesInventory = command.options.some(({ long }) => long === '--inventory');
  const isGiven = command.getOptionValue('inventory') !== undefined;
  const hint = takesInventory && !isGiven ? `\n(Did you mean -i ${excess}?)` : '';
  const name = command.name();
  command.error(`error: unexpected argument \`${excess}\` for '${name}'${hint}`, {
    code: 'commander.excessArguments',
  });
}

function suggestCommands(command: Command): void {
  command.on('command:*', ([word = '']: readonly string[]) => {
    const known = command.commands.map((below) => below.name());
    const near = nearest(word, known);
    const elsewhere = Object.hasOwn(ELSEWHERE, word) ? ELSEWHERE[word] : undefined;
    const hint = elsewhere ?? (near === undefined ? undefined : `Did you mean ${near}?`);
    command.error(`error: unknown command '${word}'${hint === undefined ? '' : `\n(${hint})`}`, {
      code: 'commander.unknownCommand',
    });
  });
}
