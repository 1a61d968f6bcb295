import type { Cib } from '../../pacemaker/cib/cib.ts';
import { mayBeGuest } from '../../pacemaker/cib/connections.ts';
import { isHeld } from '../../pacemaker/procedures/edit.ts';
import { nearest } from '../../support/yaml/nearest.ts';
import type { Facts } from '../../model/facts.ts';
import { failureThatStopped, vmState } from '../../pacemaker/status/vm-state.ts';
import type { Problem } from '../../model/plan.ts';

type Reason = Pick<Problem, 'code' | 'message' | 'hint'>;

/** Why a resource cannot be, or cannot become at the moment, the VM of a guest node. */
export function vmProblem({ cluster, vms }: Facts, name: string): Reason | undefined {
  const resource = vms.get(name);
  if (cluster === undefined || resource === undefined) return undefined;
  const { cib, mon } = cluster;
  const guest = cib.guestNodes.find((one) => one.resource === resource);
  if (guest !== undefined && guest.name !== name) {
    return {
      code: 'RESOURCE_IS_GUEST',
      message: `${resource} is already the VM of the guest node ${guest.name}`,
      hint: `a VM can be only one guest node: declare it as ${guest.name}, or remove that name from the resource first`,
    };
  }
  if (guest !== undefined) return undefined;
  const unfit = unfitFor(cib, resource);
  if (unfit !== undefined) return unfit;
  const state = vmState(mon, { name, resource }, isHeld(cib, resource));
  if (state.kind === 'running' || state.kind === 'stopped') return undefined;
  return {
    code: 'VM_NOT_READY',
    message: `its VM ${resource} cannot become a guest node now: ${state.why}`,
    hint: 'make sure that the VM is running and managed by the cluster, then plan again',
  };
}

/**
 * Why a guest node gives no answer whose VM is down: the cluster stops a VM for good when the connection to it
 * failed on every cluster node, and cleaning up alone would have it fail again. The way out was tried on 3.0.0.
 */
export function vmDown({ cluster, vms }: Facts, name: string): Reason | undefined {
  const resource = vms.get(name);
  const guest = cluster?.cib.guestNodes.find((one) => one.name === name);
  if (cluster === undefined || resource === undefined || guest?.resource !== resource)
    return undefined;
  const failure = failureThatStopped(cluster.mon, { name, resource });
  if (failure === undefined) return undefined;
  const set = `crm_resource -r ${resource} --meta`;
  return {
    code: 'VM_DOWN',
    message: `the cluster stopped its VM ${resource}, because the connection to it failed (${failure})`,
    hint: `on a cluster node: \`${set} -p target-role -v Stopped\`, \`crm_resource --cleanup -r ${name}\`, \`${set} -d remote-node\`, \`${set} -d target-role\`: the VM then starts as a plain resource, and apply makes it a guest node again`,
  };
}

function unfitFor(cib: Cib, resource: string): Reason | undefined {
  const primitive = cib.primitives.get(resource);
  if (primitive === undefined) {
    const other = cib.ids.get(resource);
    const meant = nearest(resource, [...cib.primitives.keys()]);
    const hint =
      meant === undefined ? 'create the resource of the VM first' : `did you mean ${meant}?`;
    const isResource = other !== undefined && NOT_PRIMITIVE.includes(other.name);
    return isResource
      ? notFit(resource, `it is a ${other.name}`)
      : { code: 'RESOURCE_UNKNOWN', message: `the cluster has no resource ${resource}`, hint };
  }
  if (cib.remoteConnections.has(resource))
    return notFit(resource, 'it is the connection of a remote node');
  if (cib.fencingDevices.includes(resource)) return notFit(resource, 'it is a fence device');
  const around = primitive.enclosing.at(0)?.name;
  return mayBeGuest(primitive)
    ? undefined
    : notFit(resource, `it is inside a ${around ?? 'clone'}`);
}

const NOT_PRIMITIVE: readonly string[] = ['group', 'clone', 'master', 'bundle', 'template'];

const notFit = (resource: string, why: string): Reason => ({
  code: 'RESOURCE_UNSUITABLE',
  message: `${resource} cannot be the VM of a guest node: ${why}`,
  hint: 'a guest node requires a primitive, standalone or in a group: name the resource that is the VM',
});
