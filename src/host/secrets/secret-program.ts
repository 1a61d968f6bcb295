import { MOST_BYTES } from '../../inventory/files-named.ts';
import { OutriggerError } from '../../support/errors.ts';
import { printable, asOneLine } from '../../support/text/printable.ts';
import { runProgram } from './local-program.ts';

/** A service far away may be behind the program, or a person who touches a token. */
const LIMIT_MS = 120_000;

/** How long nobody is told that it is waited for. */
const SILENCE_MS = 3000;

interface Waiting {
  readonly signal: AbortSignal;
  readonly report: (line: string) => void;
  readonly limitMs?: number;
}

/** What a program prints. Rejects with the reason where that is no secret. */
export async function runForSecret(
  argv: readonly string[],
  { signal, report, limitMs = LIMIT_MS }: Waiting,
): Promise<Buffer> {
  const notice = setTimeout(() => {
    report(`waiting up to ${limitMs / 1000} s for a secret from ${printable(argv[0] ?? '')}`);
  }, SILENCE_MS);
  const end = await runProgram({
    argv,
    limitMs,
    mostBytes: MOST_BYTES.opener,
    signal,
    isApart: true,
  });
  clearTimeout(notice);
  if (end.kind === 'interrupted')
    throw new OutriggerError('INTERRUPTED', 'interrupted while reading a secret');
  if (end.kind === 'printed') return end.stdout;
  const output = asOneLine(withoutSecret(end.stderr, end.stdout.toString()), MOST_REPORTED);
  throw new Error(output === '' ? end.why : `${end.why}: ${output}`);
}

/** As much as a person reads. */
const MOST_REPORTED = 1000;

/** What it printed before it failed may be the secret, or a part of it, and a shell that traces repeats it. */
const withoutSecret = (reported: string, printed: string): string =>
  printed
    .split(/\s+/)
    .filter((word) => word !== '')
    .reduce((text, word) => text.replaceAll(word, '***'), reported);

/** What sops finds in a file: the value that the keys lead to, or all of it. */
export function readWithSops(
  path: string,
  keys: readonly (string | number)[],
  waiting: Waiting,
): Promise<Buffer> {
  const how =
    keys.length === 0
      ? ['--input-type', 'binary', '--output-type', 'binary']
      : ['--extract', keys.map((key) => `[${JSON.stringify(key)}]`).join('')];
  return runForSecret(['sops', '--decrypt', ...how, path], waiting);
}
