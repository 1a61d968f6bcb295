import { printable } from '../support/printable.ts';

/** A value of an attribute as it is shown: what is absent and what is empty can be told apart. */
export const valueText = (value: string | undefined): string => {
  if (value === undefined) return 'absent';
  return value === '' ? '""' : printable(value);
};
