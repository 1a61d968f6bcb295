/**
 * Lab hosts in the place of virtual machines. The lab does not boot them: Pacemaker does, by an agent on the cluster
 * nodes (sh/VirtualMachine) that asks the power daemon. A machine runs on one cluster node, its owner, and dies with it.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findHost, isOn, switchOff, switchOn } from './hosts.ts';
import { hostDir } from './paths.ts';
import { isUp } from './ready.ts';
import type { LabRecord } from './types.ts';

/** Beside the machine's disk, so that a fresh disk has no owner. */
const ownerFile = (lab: LabRecord, vm: string): string =>
  join(hostDir(lab.dir, findHost(lab, vm).name), 'owner');

/** The cluster node that runs a machine. */
export function ownerOf(lab: LabRecord, vm: string): string | undefined {
  const file = ownerFile(lab, vm);
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

/** The machines that run on a cluster node. */
export const machinesOn = (lab: LabRecord, clusterNode: string): string[] =>
  lab.hosts
    .filter(({ kind, name }) => kind === 'virtual' && ownerOf(lab, name) === clusterNode)
    .map(({ name }) => name);

/** Nobody runs the machine any more, if it is one. */
export const disown = (lab: LabRecord, vm: string): void => {
  rmSync(ownerFile(lab, vm), { force: true });
};

/** What the agent on a cluster node (`from`) wants of a machine. */
export type MachineRequest = { action: string; vm: string; from: string; target: string };

/** Tells what is about to be switched. */
type Report = (action: 'on' | 'off') => void;

/** Carries out what an agent asks for. */
export function serveMachine(
  lab: LabRecord,
  request: MachineRequest,
  report: Report,
): string | Promise<string> {
  const { action, vm, from } = request;
  if (findHost(lab, vm).kind !== 'virtual') return `${vm} is no virtual machine`;
  if (action === 'start') return start(lab, request, report);
  const isOwner = isOn(lab, vm) && ownerOf(lab, vm) === from;
  if (action === 'state') return isOwner ? upOrBooting(lab, vm) : 'off';
  if (action === 'stop') return isOwner ? stop(lab, vm, report) : 'ok';
  if (action === 'hand-over') return isOwner ? handOver(lab, request) : `it is not on ${from}`;
  return `unknown action '${action}'`;
}

const upOrBooting = (lab: LabRecord, vm: string): string => (isUp(lab, vm) ? 'running' : 'booting');

function start(lab: LabRecord, { vm, from }: MachineRequest, report: Report): string {
  if (isOn(lab, vm)) {
    const owner = ownerOf(lab, vm);
    return owner === from ? 'ok' : `it runs on ${owner ?? 'nobody'} already`;
  }
  // A request of a cluster node that has lost its power since.
  if (!isOn(lab, from)) return `${from} is off`;
  report('on');
  writeFileSync(ownerFile(lab, vm), from);
  switchOn(lab, vm);
  return 'ok';
}

async function stop(lab: LabRecord, vm: string, report: Report): Promise<string> {
  report('off');
  await switchOff(lab, vm);
  disown(lab, vm);
  return 'ok';
}

function handOver(lab: LabRecord, { vm, target }: MachineRequest): string {
  writeFileSync(ownerFile(lab, vm), findHost(lab, target).name);
  return 'ok';
}
