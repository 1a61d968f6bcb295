/** The commands that change something, on hosts or on this machine. */
const CHANGING: readonly string[] = ['apply', 'rotate', 'trust', 'undo', 'unlock', 'upgrade'];

/** Whether these arguments name a command that changes something; no option stands before the command with a value. */
export const changesThings = (argv: readonly string[]): boolean =>
  CHANGING.includes(argv.find((word) => !word.startsWith('-')) ?? '');
