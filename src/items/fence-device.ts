import { fenceCoverage } from '../pacemaker/edits/fencing.ts';
import { isFencingOn } from '../pacemaker/cib/cluster-options.ts';
import type { CibItem } from '../model/item.ts';
import type { FencingSpec } from '../inventory/spec.ts';

/**
 * The declared fence device covers a node. `told`: the devices that report so themselves; undefined: none were queried, or
 * gave no answer. Where fencing is off no device is looked at: none is registered with the fencer, so that nothing
 * could be proven.
 */
export const fenceDeviceItem = (
  node: string,
  { device, plug }: FencingSpec,
  reported: readonly string[] | undefined,
): CibItem => ({
  kind: 'fence-device',
  host: node,
  compare: ({ cib, mon }) => {
    if (!isFencingOn({ cib, mon })) return undefined;
    const coverage = fenceCoverage(cib, { node, device, plug });
    if (coverage.kind !== 'extend') return undefined;
    const { operation } = coverage;
    return {
      attributes: [
        { name: `${operation.name} of ${device}`, before: undefined, after: operation.entry },
      ],
      operations: [operation],
      joins: false,
      cleansUp: false,
      risks: [],
    };
  },
  refuse: ({ cib, mon }) => {
    if (!isFencingOn({ cib, mon })) return undefined;
    const coverage = fenceCoverage(cib, { node, device, plug });
    if (coverage.kind === 'dynamic' && reported?.includes(device) === false) {
      return {
        code: 'FENCE_DEVICE_UNSUITABLE',
        message: `its fence device ${device} queries its own list of nodes, and ${node} is not in it`,
        hint: 'add the node on the device itself, or declare a device with a pcmk_host_list or pcmk_host_map',
      };
    }
    if (coverage.kind !== 'refused') return undefined;
    const { message, hint } = coverage;
    return {
      code: 'FENCE_DEVICE_UNSUITABLE',
      message: `its fence device ${device}: ${message}`,
      hint,
    };
  },
});
