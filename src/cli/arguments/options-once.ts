import { type Command, InvalidArgumentError } from 'commander';

/** commander takes the last of several values without a word: here an option that is given twice is an error. */
export function refuseRepeats(command: Command): void {
  for (const option of command.options) {
    const takesValue = option.required || option.optional;
    // Options that may be given several times say so.
    if (!takesValue || option.variadic || option.description.includes('(repeatable)')) continue;
    const parse = option.parseArg;
    let isGiven = false;
    option.argParser((value: string, previous: unknown) => {
      if (isGiven) throw new InvalidArgumentError('it is given more than once');
      isGiven = true;
      return parse === undefined ? value : parse(value, previous);
    });
  }
}
