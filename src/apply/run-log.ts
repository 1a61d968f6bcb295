import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { jsonText } from '../report/json.ts';

/** The record of one run, kept on this machine: who, when, what and how it ended, and each CIB before it was edited. */
export interface RunLog {
  readonly directory: string;
  write(entry: Readonly<Record<string, unknown>>): void;
  /** Keeps a copy of the CIB; gives its path. The CIB may hold secrets of fence devices: only the owner may read it. */
  keepCib(purpose: string, text: string): string;
  close(): void;
}

/** Opens the record in `directory`, which is made with mode 0700; `now` gives the time of each entry. */
export function openRunLog(directory: string, now: () => Date): RunLog {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const file = openSync(join(directory, 'run.jsonl'), 'a', 0o600);
  let copies = 0;
  return {
    directory,
    write: (entry) => {
      writeSync(file, jsonText({ time: now().toISOString(), ...entry }));
    },
    keepCib: (purpose, text) => {
      const path = join(directory, `cib-${++copies}-before-${purpose}.xml`);
      writeFileSync(path, text, { mode: 0o600, flag: 'wx' });
      return path;
    },
    close: () => {
      closeSync(file);
    },
  };
}

/** One folder a run, named by the time (UTC) and the process, below the XDG state folder. */
export function logDirectory(
  cluster: string,
  now: Date,
  env: Readonly<Record<string, string | undefined>>,
): string {
  // By the XDG specification a relative path counts as none.
  const state = env['XDG_STATE_HOME'] ?? '';
  const base = isAbsolute(state) ? state : join(homedir(), '.local', 'state');
  const stamp = now.toISOString().replace(/[-:.]/g, '');
  return join(base, 'outrigger', cluster, `${stamp}-${process.pid}`);
}

/** Who runs this: a container may have a uid without a name. */
export function userName(lookUp: () => { readonly username: string } = userInfo): string {
  try {
    return lookUp().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown');
  }
}
