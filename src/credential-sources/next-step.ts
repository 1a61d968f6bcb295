import type { ClusterFacts, Facts } from '../model/facts.ts';
import { notYetUsing } from '../credentials/keeps-trust.ts';
import { someOf } from '../support/text/some-of.ts';
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
  const { desired } = credentials;
  const late = notYetUsing(facts, cib, desired);
  if (late.length === 0) return next();
  const note = `the next step of the CA replacement needs ${someOf(late)}`;
  return { ...credentials, desired: { ...desired, notes: [...desired.notes, note] } };
}
