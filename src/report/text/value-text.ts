import { printable } from '../../support/text/printable.ts';

/** A value of an attribute as it is shown: absent and empty values look different. */
export const valueText = (value: string | undefined): string => {
  if (value === undefined) return 'absent';
  return value === '' ? '""' : printable(value);
};

/** The actual value of an attribute. A service that does not exist is not enabled at boot. */
export const beforeText = ({
  name,
  before,
}: {
  readonly name: string;
  readonly before: string | undefined;
}): string => (name === 'enabled at boot' && before === undefined ? 'no' : valueText(before));
