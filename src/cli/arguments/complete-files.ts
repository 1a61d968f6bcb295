import { readdirSync } from 'node:fs';

/** Options whose value is a file: the completion library knows none, and keeps the shell from offering its own. */
const FILE_OPTIONS: readonly string[] = ['-i', '--inventory', '--playbook', '--out', '--report'];

/** What the scripts read after the candidates: 4 no files of the shell's own, 2 no blank after the word as well. */
const NO_FILES = 4;
const NO_SPACE = 2;

/**
 * The answer to `complete -- WORDS` where the last word is the value of such an option: the files that begin with it, one
 * a line. Undefined: the library knows better.
 */
export function completeFiles(words: readonly string[]): string | undefined {
  const [option = '', typed = ''] = words.slice(-2);
  if (!FILE_OPTIONS.includes(option)) return undefined;
  // `--report junit=PATH`
  const start = Math.max(typed.lastIndexOf('/'), typed.indexOf('=')) + 1;
  const [directory, begin] = [typed.slice(0, start), typed.slice(start)];
  const found = entriesOf(directory.replace(/^[a-z]+=/, ''))
    .filter((name) => name.startsWith(begin) && !/[\n\t:]/.test(name))
    .sort()
    .map((name) => `${directory}${name}\t\n`);
  const isFolder = found.length === 1 && found[0]?.endsWith('/\t\n') === true;
  return `${found.join('')}:${isFolder ? NO_FILES + NO_SPACE : NO_FILES}\n`;
}

/** What lies in a folder, folders with a slash; nothing where it cannot be read. */
function entriesOf(directory: string): readonly string[] {
  try {
    return readdirSync(directory === '' ? '.' : directory, { withFileTypes: true }).map((entry) =>
      entry.isDirectory() ? `${entry.name}/` : entry.name,
    );
  } catch {
    return [];
  }
}
