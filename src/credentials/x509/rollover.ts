import type { X509Certificate } from 'node:crypto';
import { pemBlocks } from './pem.ts';
import { certificatesIn, subjectOf } from './trust.ts';

/**
 * A step on the way from an authority to its successor. `begin`: every node is to trust both. `issue`: every node is to
 * have a certificate of the successor. `finish`: every node is to trust the successor alone.
 */
export type RolloverStep = 'begin' | 'issue' | 'finish';

/** What each step is called, in their order. */
export const ROLLOVER_STEPS: Readonly<Record<RolloverStep, string>> = {
  begin: 'step 1 of 3 of the CA replacement: all nodes trust both CAs',
  issue: 'step 2 of 3 of the CA replacement: all nodes get a certificate of the new CA',
  finish: 'step 3 of 3 of the CA replacement: all nodes trust only the new CA',
};

/** How often an authority has been replaced, by its name: `NAME`, `NAME 2`, `NAME 3` ... */
export const generationOf = (authority: X509Certificate): number =>
  Number(/ ([1-9]\d{0,8})$/.exec(subjectOf(authority))?.[1] ?? 1);

/**
 * The step that nodes are taking, by what lies in `ca.pem`, whose first certificate issues; undefined: there is one
 * authority alone.
 */
export function stepIn(ca: string): Exclude<RolloverStep, 'finish'> | undefined {
  const [issuer, other] = certificatesIn(ca);
  if (issuer === undefined || other === undefined) return undefined;
  return generationOf(other) > generationOf(issuer) ? 'begin' : 'issue';
}

/** The step that follows. */
export const stepAfter = (step: Exclude<RolloverStep, 'finish'>): 'issue' | 'finish' =>
  step === 'begin' ? 'issue' : 'finish';

/** What `ca.pem` holds from a step on: the successor comes first, and then stands alone. */
export function caFrom(step: 'issue' | 'finish', ca: string): string {
  const blocks = pemBlocks(ca);
  const [first, second] = 'fault' in blocks ? [] : blocks.map(({ text }) => `${text}\n`);
  return (step === 'issue' ? [second, first] : [first]).join('');
}
