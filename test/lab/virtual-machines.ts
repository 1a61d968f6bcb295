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
const ownerFile = (lab: LabRecord, machine: string): string =>
  join(hostDir(lab.dir, findHost(lab, machine).name), 'owner');

/** The cluster node that runs a machine. */
export function ownerOf(lab: LabRecord, machine: string): string | undefined {
  const file = ownerFile(lab, machine);
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

/** The machines that run on a cluster node. */
export const machinesOn = (lab: LabRecord, clusterNode: string): string[] =>
  lab.hosts
    .filter(({ kind, name }) => kind === 'virtual' && ownerOf(lab, name) === clusterNode)
    .map(({ name }) => name);

/** Nobody runs the machine any more, if it is one. */
export const disown = (lab: LabRecord, machine: string): void => {
  rmSync(ownerFile(lab, machine), { force: true });
};

/** What the agent on a cluster node (`from`) wants of a machine. */
export type MachineRequest = { action: string; machine: string; from: string; target: string };

/** Tells what is about to be switched. */
type Report = (action: 'on' | 'off') => void;

/** Carries out what an agent asks for. */
export function serveMachine(
  lab: LabRecord,
  request: MachineRequest,
  report: Report,
): string | Promise<string> {
  const { action, machine, from } = request;
  if (findHost(lab, machine).kind !== 'virtual') return `${machine} is no virtual machine`;
  if (action === 'start') return start(lab, request, report);
  const isOwner = isOn(lab, machine) && ownerOf(lab, machine) === from;
  if (action === 'state') return isOwner ? upOrBooting(lab, machine) : 'off';
  if (action === 'stop') return isOwner ? stop(lab, machine, report) : 'ok';
  if (action === 'hand-over') return isOwner ? handOver(lab, request) : `it is not on ${from}`;
  return `unknown action '${action}'`;
}

const upOrBooting = (lab: LabRecord, machine: string): string =>
  isUp(lab, machine) ? 'running' : 'booting';

function start(lab: LabRecord, { machine, from }: MachineRequest, report: Report): string {
  if (isOn(lab, machine)) {
    const owner = ownerOf(lab, machine);
    return owner === from ? 'ok' : `it runs on ${owner ?? 'nobody'} already`;
  }
  // A request of a cluster node that has lost its power since.
  if (!isOn(lab, from)) return `${from} is off`;
  report('on');
  writeFileSync(ownerFile(lab, machine), from);
  switchOn(lab, machine);
  return 'ok';
}

async function stop(lab: LabRecord, machine: string, report: Report): Promise<string> {
  report('off');
  await switchOff(lab, machine);
  disown(lab, machine);
  return 'ok';
}

function handOver(lab: LabRecord, { machine, target }: MachineRequest): string {
  writeFileSync(ownerFile(lab, machine), findHost(lab, target).name);
  return 'ok';
}
