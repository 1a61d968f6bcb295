import type { Unreachable } from '../../model/facts.ts';
import { OutriggerError } from '../../support/errors.ts';

/** No cluster node could be contacted, for whatever reasons: the same code and exit code for every command. */
export function noClusterNode(
  first: Unreachable,
  all: readonly Unreachable[],
  cause?: unknown,
): OutriggerError {
  return new OutriggerError(
    'HOST_UNREACHABLE',
    `cannot contact any cluster node; ${first.name}: ${first.message}`,
    {
      hint: first.hint,
      problems: all.map(({ name, code, message, hint }) => ({ code, message, hint, host: name })),
      ...(cause === undefined ? {} : { cause }),
    },
  );
}
