import type { Difference } from '../../plan/drift/drift.ts';
import { printable } from '../../support/text/printable.ts';
import { beforeText, valueText } from '../text/value-text.ts';

/** A difference in one line. */
export const differenceText = ({ attribute, expected, actual, hint }: Difference): string =>
  `${printable(attribute)}: expected ${valueText(expected)}, found ${beforeText({ name: attribute, before: actual })}${hint === undefined ? '' : ` (${printable(hint)})`}`;
