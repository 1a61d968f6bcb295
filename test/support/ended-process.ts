import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { processIdentity } from '../../src/host/files/process-identity.ts';

/** The identity of a process of this machine that has ended by now. */
export async function endedProcess(): Promise<string> {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  await once(child, 'spawn');
  const identity = processIdentity(child.pid ?? 0) ?? '';
  child.kill('SIGKILL');
  await once(child, 'exit');
  return identity;
}

/** Whether a process is dead, or dead and not yet buried. */
export const isEnded = (pid: number): boolean =>
  !existsSync(`/proc/${pid}`) || readFileSync(`/proc/${pid}/stat`, 'utf8').includes(' Z ');
