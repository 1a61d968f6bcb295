/** What the demo is told with: each command is echoed before it runs, and shows all that it prints. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Lab } from './lab.ts';
import { tsxLoader } from './power.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts');
const SIGN_OF_LIFE_MS = 5000;
const LOG_LINE_WIDTH = 90;

export type Stage = {
  lab: Lab;
  inventory: string;
  /** Where the inventory lies, and where outrigger runs. */
  dir: string;
  env: Record<string, string | undefined>;
  /** How outrigger is started. */
  argv: readonly string[];
  /** Runs outrigger on the control seat; rejects unless it exits with 0. */
  outrigger(...args: string[]): Promise<void>;
  /** Runs another program there. */
  onSeat(...argv: string[]): Promise<void>;
  /** Runs a script in a host; gives what it printed. */
  onHost(host: string, script: string): Promise<string>;
};

const bold = (text: string): string => (process.stdout.isTTY ? `\u001b[1m${text}\u001b[22m` : text);

export function say(text: string): void {
  console.log(text);
}

/** A new part of the story begins. */
export function title(text: string): void {
  say(`\n${bold(`# ${text}`)}\n`);
}

/** Tells that something holds; throws where it does not. */
export function expect(holds: boolean, what: string, instead: string): void {
  if (!holds) throw new Error(`expected: ${what}; ${instead}`);
  say(`✓ ${what}`);
}

export function startStage(lab: Lab, inventory: string): Stage {
  const dir = dirname(inventory);
  const argv = [process.execPath, '--import', tsxLoader(), MAIN];
  const env = { ...process.env, XDG_STATE_HOME: join(dir, 'state') };
  const runOnSeat = async (shown: string, line: readonly string[]): Promise<void> => {
    say(bold(`$ ${shown}`));
    const child = lab.controlSpawn(line, {
      cwd: dir,
      env,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
    say('');
    if (code !== 0) throw new Error(`${shown}: ended with ${code ?? signal ?? ''}, not with 0`);
  };
  return {
    lab,
    inventory,
    dir,
    env,
    argv,
    outrigger: (...args) => runOnSeat(`outrigger ${args.join(' ')}`, [...argv, ...args]),
    onSeat: (...line) => runOnSeat(line.join(' '), line),
    onHost: async (host, script) => {
      say(bold(`${host}# ${script}`));
      const { code, stdout, stderr } = await lab.exec(host, script);
      if (stdout !== '') say(`${stdout.trimEnd()}\n`);
      if (code !== 0) throw new Error(`${script} on ${host}: ended with ${code}\n${stderr}`);
      return stdout;
    },
  };
}

/** Awaits something slow, with a sign of life now and then: the seconds, and the last line of its log if it has one. */
export async function progressOf<T>(what: string, work: Promise<T>, log?: string): Promise<T> {
  const start = performance.now();
  const seconds = (): string => `${Math.round((performance.now() - start) / 1000)} s`;
  const timer = setInterval(() => {
    say(`  … ${seconds()}${log === undefined ? '' : lastLineOf(log)}`.trimEnd());
  }, SIGN_OF_LIFE_MS);
  say(what);
  try {
    return await work;
  } finally {
    clearInterval(timer);
    say(`  done after ${seconds()}`);
  }
}

function lastLineOf(log: string): string {
  try {
    const line = readFileSync(log, 'utf8').trimEnd().split('\n').at(-1) ?? '';
    return `  ${line.replace(/[^\x20-\x7e]/g, '').slice(0, LOG_LINE_WIDTH)}`;
  } catch {
    return '';
  }
}
