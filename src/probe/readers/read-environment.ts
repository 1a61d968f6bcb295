import type { HostFacts } from '../../model/facts.ts';

/**
 * Reads what `environment-file.sh` printed: `from=FILE` before the variables of another file, and variables as systemd reads
 * them, of which the last of several counts.
 */
export function readEnvironment(
  lines: readonly string[],
): Pick<HostFacts, 'environment' | 'environmentElsewhere'> {
  const environment: Record<string, string> = {};
  const files = new Map<string, Set<string>>();
  let from: string | undefined;
  for (const line of lines) {
    const [, name = '', value = ''] = /^(file|from|PCMK_[A-Za-z0-9_]+)=(.*)$/.exec(line) ?? [];
    if (name === 'file') from = value;
    else if (name === 'from') from = value;
    else if (name !== '') {
      environment[name] = decoded(value);
      files.set(name, (files.get(name) ?? new Set()).add(from ?? ''));
    }
  }
  return { environment, ...elsewhere(files, lines) };
}

/** Variables that are not, or not only, set in the file that is ours to write. */
function elsewhere(
  files: ReadonlyMap<string, ReadonlySet<string>>,
  lines: readonly string[],
): Pick<HostFacts, 'environmentElsewhere'> {
  if (!lines.some((line) => line.startsWith('from='))) return {};
  const own = lines.find((line) => line.startsWith('file='))?.slice('file='.length) ?? '';
  const others = [...files].filter(([, paths]) => [...paths].some((path) => path !== own));
  return {
    environmentElsewhere: Object.fromEntries(others.map(([name, paths]) => [name, [...paths]])),
  };
}

/** A byte that is not printable, and a backslash, stands as `\\0ooo`. */
const decoded = (value: string): string =>
  value.includes('\\')
    ? Buffer.from(
        value.replace(/\\0([0-7]{3})/g, (_, octal: string) =>
          String.fromCharCode(Number.parseInt(octal, 8) & 0xff),
        ),
        'latin1',
      ).toString('utf8')
    : value;
