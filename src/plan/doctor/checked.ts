import type { Examination, Finding } from '../../model/diagnosis.ts';
import { allHosts } from '../../model/facts.ts';

/** What a check found; without a summary it could not look. */
export interface Checked {
  readonly summary: string | undefined;
  readonly findings: readonly Omit<Finding, 'check'>[];
}

/** Something that a check found. */
export type Found = Omit<Finding, 'check'>;

/** What keeps an apply from working, or endangers the cluster. */
export const bad = (host: string, message: string, hint: string): Found => ({
  level: 'bad',
  host,
  message,
  hint,
});
/** What an operator should examine. */
export const attention = (host: string, message: string, hint: string): Found => ({
  level: 'attention',
  host,
  message,
  hint,
});

/** `3 of 4` */
export const of = (count: number, whole: number): string => `${count} of ${whole}`;

/** What was found on the hosts that answered; undefined: none did. Of the others it has the number. */
export const ofThose = (answered: number, whole: number, summary: string): string | undefined => {
  if (answered === 0) return undefined;
  return answered === whole ? summary : `${summary} (checked on ${of(answered, whole)} hosts)`;
};

/** How many hosts of the inventory there are, cluster nodes among them. */
export const hostCount = ({ facts }: Pick<Examination, 'facts'>): number =>
  allHosts(facts).length + facts.unreachable.size;
