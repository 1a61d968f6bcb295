/**
 * The control side of the lab's power switches, one per lab: carries out requests that the fence agent
 * (on cluster nodes) or the operator left in a directory, and keeps the log of who switched what.
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

const LOOK_EVERY_MS = 1000;

function serve(lab: LabRecord): void {
  const requests = join(powerDir(lab.dir), 'requests');
  // One thing at a time per host, hosts side by side.
  const queues = new Map<string, Promise<void>>();
  const look = () => {
    for (const id of readdirSync(requests)) {
      const request = readFileSync(join(requests, id), 'utf8').trim();
      rmSync(join(requests, id));
      const target = request.split(' ')[1] ?? '';
      const before = queues.get(target) ?? Promise.resolve();
      queues.set(
        target,
        before.then(() => answer(lab, id, request)),
      );
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
  const [action = '', target = '', by = '', from = ''] = request.split(' ');
  if (action === 'monitor') return 'ok';
  if (action === 'list') return lab.hosts.map((host) => host.name).join(' ');
  findHost(lab, target);
  if (action === 'status') return isOn(lab, target) ? 'on' : 'off';
  if (!isPowerAction(action)) return `unknown action '${action}'`;
  const time = new Date().toISOString();
  log(lab, { time, action, target, by: by === 'fencing' ? 'fencing' : 'operator', from });
  await switchPower(lab, target, action);
  return 'ok';
}

async function switchPower(lab: LabRecord, target: string, action: PowerAction): Promise<void> {
  if (action !== 'on') await switchOff(lab, target);
  if (action !== 'off') switchOn(lab, target);
}

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
