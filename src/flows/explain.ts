import { readFileSync } from 'node:fs';
import { ALL_CODES } from '../model/codes.ts';
import { RENAMED_CODES } from '../model/renamed-codes.ts';
import { readExplanations, type Explanation } from '../report/explanations.ts';
import { OutriggerError } from '../support/errors.ts';
import { nearest } from '../support/yaml/nearest.ts';

const DOCUMENT = new URL('../../docs/troubleshooting.md', import.meta.url);

/** The entries of docs/troubleshooting.md, which is part of the package. */
export const loadExplanations = (): readonly Explanation[] =>
  readExplanations(readFileSync(DOCUMENT, 'utf8'));

/**
 * The entries of a code in any case; of all kinds where several have a code of that name. `host-is-off:r7` is `host-is-off`.
 * Throws USAGE for an unknown code, with the nearest one.
 */
export function explain(word: string): readonly Explanation[] {
  const [lowered = ''] = word.toLowerCase().split(':');
  const found = loadExplanations().filter(({ code }) => code.toLowerCase() === lowered);
  if (found.length > 0) return found;
  const renamed = RENAMED_CODES.find(([former]) => former.toLowerCase() === lowered);
  if (renamed !== undefined) {
    const [former, code] = renamed;
    throw new OutriggerError('USAGE', `the code \`${former}\` was renamed to \`${code}\``, {
      hint: `run \`outrigger explain ${code}\``,
    });
  }
  const meant = nearest(lowered, ALL_CODES);
  throw new OutriggerError('USAGE', `unknown code \`${word.slice(0, 100)}\``, {
    hint: `${meant === undefined ? '' : `did you mean ${meant}? `}\`outrigger explain\` lists all codes`,
  });
}
