import { OutriggerError, restated } from '../../support/errors.ts';

/** A reply of the probe script: the lines of each section. */
export type Sections = ReadonlyMap<string, readonly string[]>;

/** A CIB has one element a line: that of a thousand remote nodes has less than half of them. */
const MAX_LINES = 1_000_000;

/** Cuts the probe's output at its nonce. Throws REPLY_INVALID when the end marker is missing: the reply was cut off. */
export function splitSections(stdout: string, nonce: string, host: string): Sections {
  const sections = new Map<string, string[]>();
  let current: string[] | undefined;
  for (const line of linesIn(stdout, host)) {
    if (line.startsWith(`@${nonce} `)) {
      current = [];
      sections.set(line.slice(nonce.length + 2), current);
    } else {
      current?.push(line);
    }
  }
  if (!sections.has('end')) {
    throw new OutriggerError('REPLY_INVALID', 'the reply of the host is incomplete', {
      host,
      hint: 'run the command again; if the error persists, check free memory and disk space on the host',
    });
  }
  return sections;
}

/** One line after the other, so that millions of empty ones need no memory before they are refused. */
function* linesIn(text: string, host: string): Generator<string> {
  let from = 0;
  for (let count = 1; ; count += 1) {
    if (count > MAX_LINES) throw tooMany(host, 'lines', MAX_LINES);
    const end = text.indexOf('\n', from);
    yield text.slice(from, end < 0 ? undefined : end);
    if (end < 0) return;
    from = end + 1;
  }
}

/** Reads the output of a host: an error in it is reported with that host. */
export function ofHost<T>(host: string, read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    if (!(thrown instanceof OutriggerError) || thrown.host !== undefined) throw thrown;
    throw restated(thrown, thrown.message, { host });
  }
}

/** A reply that holds more of something than any that is meant. */
export const tooMany = (host: string, things: string, most: number): OutriggerError =>
  new OutriggerError('REPLY_INVALID', `its reply contains more than ${most} ${things}`, {
    host,
    hint: 'outrigger cannot process this state: check the host, or exclude it with --limit',
  });

/** The lines of a section that are not empty. */
export const linesOf = (sections: Sections, name: string): readonly string[] =>
  (sections.get(name) ?? []).filter((line) => line !== '');

/** `key=value` lines as a record; the last of several wins. */
export function pairs(lines: readonly string[]): Readonly<Record<string, string>> {
  const record: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const line of lines) {
    const equals = line.indexOf('=');
    if (equals > 0) record[line.slice(0, equals)] = line.slice(equals + 1);
  }
  return record;
}
