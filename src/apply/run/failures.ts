import type { Verdict } from '../../model/run-event.ts';
import { messageOf, OutriggerError } from '../../support/errors.ts';

/** Nodes that could not be changed, or were disturbed by it. */
export type Failures = Map<string, Extract<Verdict, { readonly kind: 'failed' }>>;

/** The verdict of a step that ended with an expected failure; anything else is a bug and goes on its way. */
export function failureOf(thrown: unknown): Extract<Verdict, { kind: 'failed' }> {
  if (!(thrown instanceof OutriggerError)) throw thrown;
  return { kind: 'failed', because: messageOf(thrown), hint: thrown.hint };
}
