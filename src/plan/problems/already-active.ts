import { nodeConnection } from '../../pacemaker/cib/cib.ts';
import { localResources, type LocalForm, type LocalResource } from '../../pacemaker/cib/local.ts';
import { isQuiet } from '../../pacemaker/procedures/quiet.ts';
import type { CrmMon } from '../../pacemaker/status/crm-mon.ts';
import { normalAddress } from '../../support/values/address.ts';
import { remoteHosts, type ClusterFacts, type Facts, type HostFacts } from '../../model/facts.ts';
import type { Refusal } from '../../model/item.ts';
import type { Risk } from '../../model/risk.ts';
import { oncePer } from '../../support/values/once-per.ts';

/** A resource that is active on a host which is to join, or will be after its next boot. */
interface Found {
  readonly resource: LocalResource;
  readonly form: LocalForm;
  readonly when: 'now' | 'at boot';
}

function foundOn({ local }: HostFacts, resource: LocalResource): readonly Found[] {
  return resource.forms.flatMap((form): Found[] => {
    switch (form.kind) {
      case 'unit':
        if (local.activeUnits.has(form.unit)) return [{ resource, form, when: 'now' }];
        return local.enabledUnits.has(form.unit) ? [{ resource, form, when: 'at boot' }] : [];
      case 'mount':
        return local.mountPoints.has(form.directory) ? [{ resource, form, when: 'now' }] : [];
      case 'address':
        return local.addresses.has(normalAddress(form.address))
          ? [{ resource, form, when: 'now' }]
          : [];
    }
  });
}

const isActiveElsewhere = (mon: CrmMon, id: string, node: string): boolean =>
  (activeInstances(mon).get(id) ?? []).some((nodes) => !nodes.includes(node));

/** The nodes of each active instance of a primitive. */
const activeInstances = oncePer(
  ({ resources }: CrmMon): ReadonlyMap<string, readonly (readonly string[])[]> => {
    const found = new Map<string, (readonly string[])[]>();
    for (const { primitive, nodes } of resources.filter(({ active }) => active))
      found.set(primitive, [...(found.get(primitive) ?? []), nodes]);
    return found;
  },
);

/**
 * What a host that the cluster is not connected to has of it. Where the cluster has the node already, what is active
 * there may be what it started itself: harm is done only when a second copy is active elsewhere by now. Nothing is
 * looked for while the connection is left alone, by an operator or by a quiet restart.
 */
function foundOnNew(host: HostFacts, { cib, mon }: ClusterFacts): readonly Found[] {
  const all = localResources(cib, host.name);
  const found = (some: readonly LocalResource[]): readonly Found[] =>
    some.flatMap((resource) => foundOn(host, resource));
  const connection = nodeConnection(cib, host.name);
  if (connection === undefined) return found(all);
  if (!connection.isManaged || isQuiet(cib, host.name)) return [];
  return found(all.filter(({ id }) => isActiveElsewhere(mon, id, host.name)));
}

/**
 * Why a host must not join as it is: Pacemaker looks for every resource on a node that joins, finds these active twice,
 * and stops them everywhere before it starts one copy again (seen on 3.0.0 with a unit and an address; the forecast
 * cannot foresee it, since crm_simulate takes a probe for a "not running"). There is no risk to allow here: to stop the
 * copy on the host first costs nothing and disturbs no other.
 */
export function runsThere(host: HostFacts, cluster: ClusterFacts): Refusal | undefined {
  const found = foundOnNew(host, cluster).filter(
    ({ resource, when }) => when === 'now' && !resource.isClone,
  );
  if (found.length === 0) return undefined;
  const what = found.map(
    ({ resource: { id, agent }, form }) => `${id} (${agent}): ${stateOf(form)}`,
  );
  return {
    code: 'RESOURCE_ALREADY_ACTIVE',
    message: `resources of the cluster are already active on it: ${what.join('; ')}`,
    hint: `the cluster would find them active twice and stop the working instance. Stop them on the host first: ${found.map(({ form }) => remedyOf(form)).join('; ')}`,
  };
}

function stateOf(form: LocalForm): string {
  switch (form.kind) {
    case 'unit':
      return `${form.unit} is active`;
    case 'mount':
      return `${form.directory} is mounted`;
    case 'address':
      return `it has the address ${form.address}`;
  }
}

function remedyOf(form: LocalForm): string {
  switch (form.kind) {
    case 'unit':
      return `systemctl disable --now ${form.unit}`;
    case 'mount':
      return `umount ${form.directory}, and remove it from /etc/fstab`;
    case 'address':
      return `ip address delete ${form.address}, and remove it from the network configuration`;
  }
}

/** What is no harm to another copy, or not yet: a human may know better. */
export function runningRisks(
  facts: Facts,
  cluster: ClusterFacts,
  joining: ReadonlySet<string>,
): readonly Risk[] {
  const found = remoteHosts(facts)
    .filter(({ name }) => joining.has(name))
    .flatMap((host) => foundOnNew(host, cluster).map((one) => ({ ...one, host: host.name })));
  const named = (some: typeof found): readonly string[] =>
    some.map(({ host, resource }) => `${resource.id} on ${host}`);
  return [
    {
      code: 'clone-already-active',
      subjects: named(found.filter(({ resource, when }) => when === 'now' && resource.isClone)),
    },
    {
      code: 'enabled-at-boot',
      subjects: named(
        found.filter(({ resource, when }) => when === 'at boot' && !resource.isClone),
      ),
    },
  ];
}
