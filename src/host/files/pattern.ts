import { fitsGlob } from '../../support/text/glob.ts';

/** Whether `text` fits one of these patterns of OpenSSH and none of those that begin with `!` (ssh_config(5), PATTERNS). */
export const fitsList = (patterns: readonly string[], text: string): boolean =>
  patterns.some((pattern) => !pattern.startsWith('!') && fitsGlob(pattern, text)) &&
  !patterns.some((pattern) => pattern.startsWith('!') && fitsGlob(pattern.slice(1), text));
