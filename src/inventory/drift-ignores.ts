import type { Sound } from '../support/yaml/sound.ts';
import type { Inventory } from './schema-types.ts';
import type { DriftIgnoreSpec } from './spec.ts';

/** What `drift` shall ignore; entries that are not whole are left out. */
export const driftIgnoresIn = ({ drift }: Sound<Inventory>): readonly DriftIgnoreSpec[] =>
  (drift?.ignore ?? []).flatMap((entry) => {
    const { host, item, attribute, reason, until } = entry ?? {};
    const isWhole = host !== undefined && item !== undefined;
    return isWhole && reason !== undefined && until !== undefined
      ? [{ host, item, attribute, reason, until }]
      : [];
  });
