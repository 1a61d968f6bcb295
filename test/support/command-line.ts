import { PassThrough } from 'node:stream';
import { runCommandLine } from '../../src/cli/program.ts';

/** What a command prints on stdout, without a terminal, and its exit code. Rejects with what the command throws. */
export async function commandLine(
  ...args: readonly string[]
): Promise<{ readonly out: string; readonly err: string; readonly code: number }> {
  const stream = Object.assign(new PassThrough(), {
    isTTY: false,
  }) as unknown as NodeJS.WriteStream;
  let out = '';
  let err = '';
  const code = await runCommandLine(args, {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    outStream: stream,
    errStream: stream,
    inIsTerminal: false,
    env: {},
    signal: new AbortController().signal,
  });
  return { out, err, code };
}
