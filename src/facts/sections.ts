import { OutriggerError } from '../support/errors.ts';

/** A reply of the probe script: the lines of each section. */
export type Sections = ReadonlyMap<string, readonly string[]>;

/** Cuts the probe's output at its nonce. Throws REPLY_INVALID when the end mark is missing: the reply was cut off. */
export function splitSections(stdout: string, nonce: string, host: string): Sections {
  const sections = new Map<string, string[]>();
  let current: string[] | undefined;
  for (const line of stdout.split('\n')) {
    if (line.startsWith(`@${nonce} `)) {
      current = [];
      sections.set(line.slice(nonce.length + 2), current);
    } else {
      current?.push(line);
    }
  }
  if (!sections.has('end')) {
    throw new OutriggerError('REPLY_INVALID', 'the host stopped in the middle of its answer', {
      host,
      hint: 'run the command again; if it stays, look at the free memory and disk of the host',
    });
  }
  return sections;
}

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
