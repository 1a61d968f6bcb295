import { DIAGNOSTIC_CODES } from '../support/yaml/diagnostic.ts';
import { ERROR_CODES, INTERNAL } from '../support/errors.ts';
import { CHECKS } from './diagnosis.ts';
import { DRIFT_ITEMS, DRIFT_KINDS } from './finding.ts';
import { PROBLEM_CODES } from './problem-code.ts';
import { RISKS } from './risk.ts';

/**
 * Every code that a message, a report or JSON shows, by its kind. docs/troubleshooting.md has a section for each kind, under
 * this title, and in it an entry for each code.
 */
export const CODES = {
  error: { title: 'Errors', codes: [...ERROR_CODES, INTERNAL] },
  problem: { title: 'Hosts left out of a plan', codes: PROBLEM_CODES },
  risk: { title: 'Risks', codes: Object.keys(RISKS) },
  diagnostic: { title: 'Errors in inventories and playbooks', codes: DIAGNOSTIC_CODES },
  drift: { title: 'Drift items', codes: DRIFT_ITEMS },
  'drift-kind': { title: 'Drift kinds', codes: DRIFT_KINDS },
  check: { title: 'Doctor checks', codes: Object.keys(CHECKS) },
} as const satisfies Readonly<Record<string, CodesOfKind>>;

interface CodesOfKind {
  readonly title: string;
  readonly codes: readonly string[];
}

/** What a code stands for. */
export type CodeKind = keyof typeof CODES;

/** All kinds, in the order of the document. */
export const CODE_KINDS = Object.keys(CODES) as readonly CodeKind[];

/** All codes, each once, in the order of the document. */
export const ALL_CODES: readonly string[] = [
  ...new Set(Object.values<CodesOfKind>(CODES).flatMap(({ codes }) => codes)),
];
