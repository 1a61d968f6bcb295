/** Asking the lab's power daemon, and reading its log. The fence agent speaks the same protocol in shell. */
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isPopulated } from './cgroups.ts';
import { startInGroup } from './hosts.ts';
import { powerDir, powerLogFile } from './paths.ts';
import type { LabRecord, PowerEvent } from './types.ts';
import { waitFor } from './wait.ts';

const ANSWER_LIMIT_MS = 30_000;

/** The daemon's cgroup beside those of the hosts; no host can have this name. */
const GROUP = '_power';

/** Writes a request (`ACTION TARGET BY FROM`) and waits for the answer. */
export async function askPower(dir: string, action: string, target: string): Promise<string> {
  const id = randomUUID();
  const draft = join(powerDir(dir), `.${id}`);
  const answer = join(powerDir(dir), 'answers', id);
  writeFileSync(draft, `${action} ${target} operator control\n`);
  renameSync(draft, join(powerDir(dir), 'requests', id));
  const missing = 'no answer from the power daemon';
  await waitFor(
    `power ${action} ${target}`,
    ANSWER_LIMIT_MS,
    () => existsSync(answer) || missing,
    20,
  );
  const text = readFileSync(answer, 'utf8').trim();
  rmSync(answer);
  return text;
}

/** What `node --import` takes to run our TypeScript, wherever we were started. */
export function tsxLoader(): string {
  return pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
}

/** Starts the daemon with an empty log, and waits until it answers. */
export async function startPower(lab: LabRecord): Promise<void> {
  rmSync(powerDir(lab.dir), { recursive: true, force: true });
  for (const part of ['requests', 'answers']) {
    mkdirSync(join(powerDir(lab.dir), part), { recursive: true });
  }
  await clearPowerLog(lab.dir);
  const daemon = join(import.meta.dirname, 'power-daemon.ts');
  const argv = [process.execPath, '--import', tsxLoader(), daemon, lab.dir];
  startInGroup([lab.settings.name, GROUP], argv, join(lab.dir, 'power-daemon.log'));
  await askPower(lab.dir, 'monitor', '-');
}

export function isPowerRunning(lab: string): boolean {
  return isPopulated([lab, GROUP]);
}

export async function readPowerLog(dir: string): Promise<PowerEvent[]> {
  const text = await readFile(powerLogFile(dir), 'utf8');
  const lines = text.split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line) as PowerEvent);
}

export async function clearPowerLog(dir: string): Promise<void> {
  await writeFile(powerLogFile(dir), '');
}
