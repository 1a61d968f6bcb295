import { isInStandby } from './apart.ts';
import type { Cib } from '../cib/cib.ts';
import { booleanOf } from '../basics/durations.ts';
import { settings } from '../basics/nvpairs.ts';
import { at, children } from '../basics/xml.ts';

/**
 * What a cluster node is kept in only until Pacemaker is restarted there (`crm_standby --lifetime reboot`): it stands in
 * the status section, which forgets it then.
 */
export function keptUntilRestart(cib: Cib, clusterNode: string): readonly string[] {
  const status = at(cib.root, 'status');
  const own = (status === undefined ? [] : children(status, 'node_state'))
    .filter(({ attributes }) => attributes['uname'] === clusterNode)
    .flatMap((state) => children(state, 'transient_attributes'))
    .map((attributes) => settings(attributes, 'instance_attributes', cib.ids));
  const isSet = (name: string): boolean =>
    own.some((found) => booleanOf(found.get(name)?.value ?? '') === true);
  const isKeptForGood = {
    standby: isInStandby(cib, clusterNode),
    maintenance: cib.nodeEntries.get(clusterNode)?.maintenance === true,
  };
  return (['standby', 'maintenance'] as const).filter(
    (name) => isSet(name) && !isKeptForGood[name],
  );
}
