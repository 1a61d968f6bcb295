import type { ClusterFacts, Facts } from '../plan/facts.ts';
import { notYetUsing } from '../plan/keeps-trust.ts';
import { someOf } from '../support/some-of.ts';
import type { Credentials } from './load-certificates.ts';

/**
 * Where an authority of our own is being replaced, and every cluster node and every connected node has taken the step that
 * is under way: what the step after it wants. Otherwise what there is, with a note of whom it waits for.
 */
export async function nextStep(
  credentials: Credentials | undefined,
  facts: Facts,
  { cib }: ClusterFacts,
): Promise<Credentials | undefined> {
  const next = credentials?.rollover?.next;
  if (credentials === undefined || next === undefined) return credentials;
  const { wanted } = credentials;
  const late = notYetUsing(facts, cib, wanted);
  if (late.length === 0) return next();
  const note = `the next step to another authority waits for ${someOf(late)}`;
  return { ...credentials, wanted: { ...wanted, notes: [...wanted.notes, note] } };
}
