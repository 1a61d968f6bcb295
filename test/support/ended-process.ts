import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { processIdentity } from '../../src/apply/process-identity.ts';

/** The identity of a process of this machine that has ended by now. */
export async function endedProcess(): Promise<string> {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  await once(child, 'spawn');
  const identity = processIdentity(child.pid ?? 0) ?? '';
  child.kill('SIGKILL');
  await once(child, 'exit');
  return identity;
}
