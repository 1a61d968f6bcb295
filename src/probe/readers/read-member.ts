import { readCib } from '../../pacemaker/cib/cib.ts';
import { isNcName } from '../../pacemaker/basics/names.ts';
import type { MembershipFacts, RouteFacts } from '../../model/facts.ts';
import { linesOf, type Sections } from './sections.ts';

/** What a cluster node reports about the membership; undefined: Pacemaker does not run there. */
export function readMembership(sections: Sections): MembershipFacts | undefined {
  const text = (sections.get('membership') ?? []).join('\n').trim();
  if (text === '') return undefined;
  const cib = readCib(text);
  return { haveQuorum: cib.haveQuorum, dcUuid: cib.dcUuid, cibVersion: cib.version.text };
}

/** Which fence devices can fence which node, as this cluster node's fencer reports: lines of `node device ...`. */
export const readFencers = (sections: Sections): ReadonlyMap<string, readonly string[]> =>
  new Map(
    linesOf(sections, 'fencers').flatMap((line) => {
      const [node, ...devices] = line.trim().split(/\s+/);
      return node === undefined || !devices.every(isNcName) ? [] : [[node, devices] as const];
    }),
  );

/** From which of its addresses a cluster node reaches each server. */
export const readRoutes = (sections: Sections): readonly RouteFacts[] =>
  linesOf(sections, 'routes').map((line) => {
    const space = line.indexOf(' ');
    const source = line.slice(0, space);
    return { server: line.slice(space + 1), source: /^[0-9A-Fa-f:.]+$/.exec(source)?.[0] };
  });
