import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { exitCodeOf } from '../../src/cli/process/exit-code.ts';
import { runCommandLine } from '../../src/cli/program.ts';
import { OutriggerError } from '../../src/support/errors.ts';
import type { RealSshd, SshdFolder } from './sshd.ts';

/** What a command printed, and its exit code. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs commands where nobody can be asked. */
export async function runCommand(...args: readonly string[]): Promise<Ran> {
  let out = '';
  let err = '';
  const stream = new PassThrough() as unknown as NodeJS.WriteStream;
  try {
    const code = await runCommandLine([...args], {
      outStream: stream,
      errStream: stream,
      inIsTerminal: false,
      env: {},
      out: (text) => (out += text),
      err: (text) => (err += text),
      signal: new AbortController().signal,
    });
    return { code, out, err };
  } catch (thrown) {
    if (!(thrown instanceof OutriggerError)) throw thrown;
    const { code, message, hint = '' } = thrown;
    return { code: exitCodeOf(code), out, err: `${err}${message}\n${hint}\n` };
  }
}

/** An inventory of cluster nodes c1, c2 … that are these servers; `connection` holds for all. */
export function inventoryOf(
  { path, identityFile }: SshdFolder,
  servers: readonly Pick<RealSshd, 'port'>[],
  connection: object = {},
): string {
  const file = join(path, 'inventory.yml');
  const document = {
    apiVersion: 'outrigger/v1',
    cluster: { name: 'prod' },
    connection: {
      identityFile,
      knownHostsFile: join(path, 'new_known_hosts'),
      sshConfig: 'none',
      ...connection,
    },
    clusterNodes: servers.map(({ port }, index) => ({
      name: `c${index + 1}`,
      address: '127.0.0.1',
      connection: { port },
    })),
  };
  writeFileSync(file, JSON.stringify(document));
  return file;
}
