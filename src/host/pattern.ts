/** Whether `text` as a whole fits a pattern of OpenSSH: `*` is anything, `?` one character (ssh_config(5), PATTERNS). */
export function fitsPattern(pattern: string, text: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replace(/\*+/g, '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's').test(text);
}

/** Whether `text` fits one of these patterns and none of those that begin with `!`. */
export const fitsList = (patterns: readonly string[], text: string): boolean =>
  patterns.some((pattern) => !pattern.startsWith('!') && fitsPattern(pattern, text)) &&
  !patterns.some((pattern) => pattern.startsWith('!') && fitsPattern(pattern.slice(1), text));
