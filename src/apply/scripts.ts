import type { ExecResult, Host } from '../host/host.ts';
import { loadScript } from '../host/load-script.ts';
import { OutriggerError } from '../support/errors.ts';
import { printableLines } from '../support/printable.ts';

interface ScriptRun {
  readonly params?: readonly string[];
  readonly input?: string;
  readonly timeoutMs: number;
}

/** Runs a script of `scripts/` on a host. Rejects with COMMAND_FAILED and what it said when it exits other than 0. */
export async function runScript(host: Host, name: string, run: ScriptRun): Promise<ExecResult> {
  const script = loadScript(new URL(`./scripts/${name}.sh`, import.meta.url));
  const result = await host.exec({ script, ...run });
  if (result.code === 0) return result;
  const said = printableLines(result.stderr, 600) || `exit code ${result.code} without a word`;
  throw new OutriggerError('COMMAND_FAILED', `${name}: ${said}`, { host: host.name });
}
