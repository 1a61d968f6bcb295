import type { Cib } from '../../src/pacemaker/cib/cib.ts';
import { fenceCoverage } from '../../src/pacemaker/edits/fencing.ts';

/** Who can fence the nodes that are asked for, by the lists of the fence devices in the CIB. */
export function fencersIn(cib: Cib, input: string): string {
  const requested = [...input.matchAll(/^node (.*)$/gm)].map(([, node = '']) => node);
  const covers = (device: string, node: string): boolean =>
    fenceCoverage(cib, { node, device, plug: undefined }).kind === 'covered';
  return requested
    .map((node) => `${node} ${cib.fencingDevices.filter((id) => covers(id, node)).join(' ')}`)
    .join('\n');
}
