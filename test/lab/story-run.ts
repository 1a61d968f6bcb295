/** What the stories of the ladder, of interruption and of the quiet restart share. */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { quote } from '../../src/shell/quote.ts';
import { skip } from '../support/needs.ts';
import type { Lab } from './handle.ts';
import { RUN_LIMIT_MS, argvOf, environmentIn, outrigger } from './outrigger.ts';
import type { Line, PlanDocument, PlannedChange } from './outrigger.ts';
import { unsupported } from './supported.ts';

/** Says why there can be no lab here and skips, or fails under CI. */
export function skipWithoutLab(context: Mocha.Context): void {
  const reason = unsupported();
  if (reason === undefined) return;
  assert.notEqual(process.env['CI'], 'true', reason);
  skip(context, reason);
}

/** How a node is reached as the user whom sudo asks for no password. */
export const AS_SUDOER = { connection: { user: 'sudoer', become: 'sudo' } } as const;

/** How a program ended. */
export type End = { code: number | null; signal: NodeJS.Signals | null; stderr: string };

/** An apply under way: its lines as they come, and its end. */
export type Running = { child: ChildProcess; lines: Line[]; ended: Promise<End> };

/** Starts an apply; `onLine` is called with each line when it arrives. */
export const startApply = (
  lab: Lab,
  inventory: string,
  onLine?: (line: Line, child: ChildProcess) => void,
  more: readonly string[] = [],
): Running => startRun(lab, ['apply', '-i', inventory, ...more], onLine);

/** Starts a command that applies. */
export function startRun(
  lab: Lab,
  args: readonly string[],
  onLine: (line: Line, child: ChildProcess) => void = () => undefined,
): Running {
  const child = lab.controlSpawn(argvOf([...args, '--yes', '--json']), {
    env: environmentIn(lab),
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: RUN_LIMIT_MS,
    killSignal: 'SIGKILL',
  });
  const lines: Line[] = [];
  let stderr = '';
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  createInterface({ input: child.stdout ?? assert.fail('no output') }).on('line', (text) => {
    if (!text.endsWith('}')) return; // cut off by a kill
    const line = JSON.parse(text) as Line;
    lines.push(line);
    onLine(line, child);
  });
  const ended = new Promise<End>((resolve) => {
    child.once('close', (code, signal) => {
      resolve({ code, signal, stderr });
    });
  });
  return { child, lines, ended };
}

/** Starts a command that applies, and kills it at a line of what it tells. */
export async function killedAt(
  lab: Lab,
  args: readonly string[],
  at: (line: Line) => boolean,
): Promise<End> {
  const { ended } = startRun(lab, args, (line, child) => {
    if (at(line)) child.kill('SIGKILL');
  });
  const end = await ended;
  assert.equal(end.signal, 'SIGKILL', end.stderr);
  return end;
}

/** Runs a command at a terminal, and answers its question with yes once `meanwhile` is over; what it said and how it ended. */
export async function answeredLate(
  lab: Lab,
  args: readonly string[],
  meanwhile: () => Promise<unknown>,
): Promise<{ code: number | null; said: string }> {
  const line = argvOf(args).map(quote).join(' ');
  const child = lab.controlSpawn(['script', '-qec', line, '/dev/null'], {
    env: { ...environmentIn(lab), TERM: 'xterm' },
    stdio: ['pipe', 'pipe', 'ignore'],
    timeout: RUN_LIMIT_MS,
    killSignal: 'SIGKILL',
  });
  let said = '';
  let answer: Promise<unknown> | undefined;
  child.stdout?.on('data', (chunk: Buffer) => {
    said += chunk.toString();
    if (!said.includes('Apply ') || !said.includes('(y/N)')) return;
    answer ??= meanwhile().finally(() => child.stdin?.write('y\r'));
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  assert.ok(answer !== undefined, said);
  await answer;
  return { code, said };
}

export const isRestartOfPacemaker = (line: Line, host?: string): boolean =>
  line.type === 'action' &&
  line.action === 'restart-pacemaker' &&
  (host === undefined || line.host === host);

/** `host item action` of each action that a run began. */
export const actionsIn = (lines: readonly Line[]): string[] =>
  lines.flatMap((line) =>
    line.type === 'action' ? [`${line.host} ${line.item} ${line.action}`] : [],
  );

/** What `plan --json --detailed-exitcode` shows. */
export async function detailedPlan(
  lab: Lab,
  inventory: string,
  ...more: string[]
): Promise<{ code: number; changes: PlannedChange[]; text: string }> {
  const args = ['plan', '-i', inventory, '--json', '--detailed-exitcode', ...more];
  const { code, stdout, stderr } = await outrigger(lab, args);
  assert.ok(code === 0 || code === 2, `plan: exit ${code}\n${stderr}${stdout}`);
  const { plays } = JSON.parse(stdout) as PlanDocument;
  return { code, changes: plays.flatMap(({ changes }) => changes), text: stdout };
}

/** `host item attribute, attribute` of each change that is no consequence of another. */
export const ownChanges = (changes: readonly PlannedChange[]): string[] =>
  changes
    .filter(({ isConsequence }) => !isConsequence)
    .map(
      ({ host, item, attributes }) =>
        `${host} ${item} ${attributes.map(({ name }) => name).join()}`,
    );

export async function assertNothingToDo(lab: Lab, inventory: string): Promise<void> {
  const { code, changes } = await detailedPlan(lab, inventory);
  assert.deepEqual([ownChanges(changes), code], [[], 0]);
}

const LEFTOVERS = `
ls -d /etc/pacemaker/.*.outrigger.* /etc/default/.*.outrigger.* /etc/sysconfig/.*.outrigger.* \
  /tmp/tmp.* /tmp/outrigger.* /run/outrigger.* /dev/shm/outrigger.* /var/tmp/outrigger.* 2>/dev/null
ps -e -o args= | grep -E 'apt-get|dpkg|dnf|outrigger_' | grep -v grep
true`;

/** No staging file, no temporary file and no script of ours on any host, and no mark of ours in the CIB. */
export async function assertNothingLeft(lab: Lab): Promise<void> {
  for (const { name } of lab.hosts) assert.equal(await lab.sh(name, LEFTOVERS), '', name);
  assert.doesNotMatch(await lab.sh('c1', 'cibadmin --query'), /outrigger-(guard|quiet|pin)-/);
}
