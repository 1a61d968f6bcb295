import type { Risk } from '../../model/risk.ts';
import { groupBy } from '../../support/text/group-by.ts';
import { compareNames } from '../../support/text/fold-names.ts';

/** Each risk once, with all that it concerns, by name. */
export const groupRisks = (risks: readonly Risk[]): readonly Risk[] =>
  [...groupBy(risks, ({ code }) => code).values()]
    .flatMap(([first, ...others]) =>
      first === undefined
        ? []
        : [{ ...first, subjects: [first, ...others].flatMap(({ subjects }) => subjects) }],
    )
    .sort((a, b) => compareNames(a.code, b.code));
