import type { ExecResult, Host } from './host.ts';
import { loadScript, loadWithEnvironmentReader } from './load-script.ts';
import { OutriggerError } from '../support/errors.ts';
import { asOneLine } from '../support/text/printable.ts';

interface ScriptRun {
  readonly params?: readonly string[];
  readonly input?: string;
  readonly timeoutMs: number;
}

/** The scripts that steps run, and their folders below `scripts/`. */
const FOLDER_OF = {
  cleanup: 'cluster',
  'close-firewalld': 'services',
  'confirm-off': 'cluster',
  'forget-nodes': 'cluster',
  handshake: 'services',
  'install-apt': 'services',
  'install-dnf': 'services',
  'log-run': 'cluster',
  'make-request': 'files',
  'open-firewalld': 'services',
  reach: 'services',
  'read-authkey': 'files',
  'remove-files': 'files',
  'remove-left-files': 'files',
  'restart-pacemaker': 'services',
  'set-environment': 'files',
  'set-permissions': 'files',
  'start-service': 'services',
  'stop-service': 'services',
  'replace-key-link': 'files',
  'activate-pair': 'files',
  'try-files': 'files',
  'verify-certificates': 'files',
} as const;

type Script = keyof typeof FOLDER_OF;

/** Runs a script of `scripts/` on a host. Rejects with COMMAND_FAILED and what it said when it exits other than 0. */
export async function runScript(
  host: Pick<Host, 'name' | 'exec'>,
  name: Script,
  run: ScriptRun,
): Promise<ExecResult> {
  const url = new URL(`./scripts/${FOLDER_OF[name]}/${name}.sh`, import.meta.url);
  const script = name === 'set-environment' ? loadWithEnvironmentReader(url) : loadScript(url);
  const result = await host.exec({ script, ...run });
  if (result.code === 0) return result;
  const output = asOneLine(result.stderr, 600) || `exit code ${result.code} without output`;
  throw new OutriggerError('COMMAND_FAILED', `${name}: ${output}`, { host: host.name });
}
