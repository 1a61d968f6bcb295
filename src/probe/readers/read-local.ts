import type { LocalFacts } from '../../model/facts.ts';
import { normalAddress } from '../../support/values/address.ts';
import { linesOf, type Sections } from './sections.ts';

/** What is active on a host without a connection. */
export function readLocal(sections: Sections): LocalFacts {
  const units = linesOf(sections, 'local_units').map((line) => line.trim().split(/\s+/));
  const named = (desired: string): ReadonlySet<string> =>
    new Set(units.flatMap(([what, ...names]) => (what === desired ? names : [])));
  return {
    activeUnits: named('active'),
    enabledUnits: named('enabled'),
    mountPoints: new Set(linesOf(sections, 'mounts').map(unescaped)),
    addresses: new Set(linesOf(sections, 'addresses').map((line) => normalAddress(line.trim()))),
  };
}

/** The kernel writes blanks, tabs, line breaks and backslashes in octal (proc(5), /proc/mounts, getmntent(3)). */
const unescaped = (path: string): string =>
  path.replace(/\\([0-7]{3})/g, (_all, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
