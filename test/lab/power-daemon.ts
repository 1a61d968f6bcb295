/**
 * The control side of the lab's power switches, one per lab: carries out requests that the fence agent
 * and the agent for virtual machines (on cluster nodes) or the operator left in a directory, and keeps the log of who
 * switched what.
 * Usage: power-daemon.ts LAB_DIR
 */
import {
  appendFileSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { findHost, isOn, switchOff, switchOn } from './hosts.ts';
import { powerDir, powerLogFile } from './paths.ts';
import { readRecord } from './record.ts';
import type { LabRecord, PowerAction, PowerEvent } from './types.ts';
import { disown, machinesOn, serveMachine } from './virtual-machines.ts';

const LOOK_EVERY_MS = 1000;

/** One thing at a time per host, hosts side by side. */
const queues = new Map<string, Promise<void>>();

function inTurn(host: string, work: () => Promise<void>): Promise<void> {
  const done = (queues.get(host) ?? Promise.resolve()).then(work);
  queues.set(host, done);
  return done;
}

function serve(lab: LabRecord): void {
  const requests = join(powerDir(lab.dir), 'requests');
  const look = () => {
    for (const id of readdirSync(requests)) {
      const request = readFileSync(join(requests, id), 'utf8').trim();
      rmSync(join(requests, id));
      void inTurn(request.split(' ')[1] ?? '', () => answer(lab, id, request));
    }
  };
  watch(requests, look);
  // A change notice can be missed; a request must not be.
  setInterval(look, LOOK_EVERY_MS);
  look();
}

async function answer(lab: LabRecord, id: string, request: string): Promise<void> {
  const text = await carryOut(lab, request).catch((error: unknown) => `failed: ${String(error)}`);
  const draft = join(powerDir(lab.dir), `.answer-${id}`);
  writeFileSync(draft, `${text.replaceAll('\n', ' ')}\n`);
  renameSync(draft, join(powerDir(lab.dir), 'answers', id));
}

async function carryOut(lab: LabRecord, request: string): Promise<string> {
  const [action = '', vm = '', by = '', from = '', target = ''] = request.split(' ');
  if (by !== 'agent') return carryOutPower(lab, { action, target: vm, by, from });
  return serveMachine(lab, { action, vm, from, target }, (switched) => {
    log(lab, { time: now(), action: switched, target: vm, by, from });
  });
}

type PowerRequest = { action: string; target: string; by: string; from: string };

async function carryOutPower(lab: LabRecord, request: PowerRequest): Promise<string> {
  const { action, target, from } = request;
  if (action === 'monitor') return 'ok';
  if (action === 'list') return lab.hosts.map((host) => host.name).join(' ');
  findHost(lab, target);
  if (action === 'status') return isOn(lab, target) ? 'on' : 'off';
  if (!isPowerAction(action)) return `unknown action '${action}'`;
  const by = request.by === 'fencing' ? 'fencing' : 'operator';
  log(lab, { time: now(), action, target, by, from });
  await switchPower(lab, target, action);
  return 'ok';
}

async function switchPower(lab: LabRecord, target: string, action: PowerAction): Promise<void> {
  if (action !== 'on') await cutPower(lab, target);
  if (action === 'off') disown(lab, target);
  else switchOn(lab, target);
}

/** With a cluster node go the virtual machines that it runs. */
async function cutPower(lab: LabRecord, host: string): Promise<void> {
  await switchOff(lab, host);
  const die = machinesOn(lab, host).map((vm) =>
    inTurn(vm, async () => {
      if (!machinesOn(lab, host).includes(vm)) return;
      log(lab, { time: now(), action: 'off', target: vm, by: 'owner', from: host });
      await switchOff(lab, vm);
      disown(lab, vm);
    }),
  );
  await Promise.all(die);
}

const now = (): string => new Date().toISOString();

function isPowerAction(word: string): word is PowerAction {
  return word === 'on' || word === 'off' || word === 'reboot';
}

/** Logged before it is done: whoever sees a host go down finds the reason. */
function log(lab: LabRecord, event: PowerEvent): void {
  appendFileSync(powerLogFile(lab.dir), `${JSON.stringify(event)}\n`);
}

const [dir] = process.argv.slice(2);
if (dir === undefined) throw new Error('usage: power-daemon.ts LAB_DIR');
serve(readRecord(dir));
