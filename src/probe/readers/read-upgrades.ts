import type { PackageVersions, UpgradeFacts } from '../../model/facts.ts';
import { printable } from '../../support/text/printable.ts';
import { linesOf, type Sections } from './sections.ts';

// Names and versions as dpkg and rpm allow them: deb-version(7), rpm-version(7).
const OFFER = /^offers ([a-z\d][\w+.:-]{0,99}) ([\w.+:~^-]{1,100})(?: ([\w.+:~^-]{1,100}))?$/i;

/** What the package manager would upgrade; undefined: not requested. A line that cannot be one is ignored. */
export function readUpgrades(
  sections: Sections,
  packages: PackageVersions,
): UpgradeFacts | undefined {
  if (!sections.has('upgrades')) return undefined;
  const lines = linesOf(sections, 'upgrades');
  const offers = new Map<string, UpgradeFacts['offers'][number]>();
  for (const line of lines) {
    const [, name, offered, installed] = OFFER.exec(line) ?? [];
    if (name !== undefined && offered !== undefined)
      offers.set(name, { name, installed: installed ?? packages[name], offered });
  }
  const refusals = lines.flatMap((line) => /^refuses (.+)$/.exec(line)?.[1] ?? []);
  return {
    offers: [...offers.values()].sort((one, other) => (one.name < other.name ? -1 : 1)),
    refusal: refusals.length === 0 ? undefined : printable(refusals.join('; ')).slice(0, 300),
  };
}
