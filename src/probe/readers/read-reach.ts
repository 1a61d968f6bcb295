import type { FileReach } from '../../model/facts.ts';
import { linesOf, type Sections } from './sections.ts';

/** Files that the daemon reads: the authkey, and the certificates that outrigger brings. */
type Reached = 'authkey' | 'ca' | 'certificate' | 'key' | 'crl';

/** Reads how the daemon of a host gets at one of its files; nothing where it was not requested, or the host has no such file. */
export function readReach(sections: Sections, what: Reached): { readonly reach?: FileReach } {
  const lines = linesOf(sections, 'reach');
  const reported = lines.flatMap((line) =>
    line.startsWith(`${what} `) ? line.slice(what.length + 1) : [],
  );
  const valueOf = (word: string): string | undefined =>
    reported.find((line) => line.startsWith(`${word} `))?.slice(word.length + 1);
  const path = valueOf('named');
  if (path === undefined) return {};
  const access = accessIn(lines);
  const reach = {
    path,
    realPath: valueOf('real') ?? path,
    isReadable: access.get(path),
    above: reported.flatMap((line) => {
      const [, owner = '', group = '', mode = '', directory] = ABOVE.exec(line) ?? [];
      if (directory === undefined) return [];
      return [{ owner, group, mode, path: directory, isPassable: access.get(directory) }];
    }),
  };
  return { reach };
}

const ABOVE = /^above (\S+) (\S+) ([0-7]+) (\/.*)$/;

const accessIn = (lines: readonly string[]): ReadonlyMap<string, boolean> =>
  new Map(
    lines.flatMap((line) => {
      const [, word, path] = /^(reads|denied|passes|stopped) (\/.*)$/.exec(line) ?? [];
      return path === undefined ? [] : [[path, word === 'reads' || word === 'passes'] as const];
    }),
  );
