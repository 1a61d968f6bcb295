import { closeSync, mkdirSync, openSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { jsonText } from '../report/text/json.ts';

/** The record of one run, kept on this machine: who, when, what and how it ended, and each CIB before it was edited. */
export interface RunLog {
  readonly directory: string;
  write(entry: Readonly<Record<string, unknown>>): void;
  /**
   * For one edit of the CIB: returns what keeps a copy of it, and returns its path; where the edit has to be made anew, the
   * new copy takes the place of the one before. The CIB may hold secrets of fence devices: only the owner may read it.
   */
  keepCib(purpose: string): (text: string) => string;
  close(): void;
}

/** Where a run comes from, as far as that is known. */
export interface RunOrigin {
  /** The inventory, by its whole path. */
  readonly inventory: string;
  /** The id of the saved plan that it carries out. */
  readonly savedPlan?: string;
}

/** How the name begins of the copy of the CIB as a run found it. */
export const FIRST_COPY = 'cib-1-before-';

/** Opens the record in `directory`, which is made with mode 0700; `now` gives the time of each entry. */
export function openRunLog(directory: string, now: () => Date): RunLog {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const file = openSync(join(directory, 'run.jsonl'), 'ax', 0o600);
  let copies = 0;
  return {
    directory,
    write: (entry) => {
      writeSync(file, jsonText({ time: now().toISOString(), ...entry }));
    },
    keepCib: (purpose) => {
      let path: string | undefined;
      return (text) => {
        path ??= join(directory, `cib-${++copies}-before-${purpose}.xml`);
        // A run that dies here leaves either the one or the other, whole.
        const next = join(directory, 'cib.new');
        writeFileSync(next, text, { mode: 0o600, flag: 'wx' });
        renameSync(next, path);
        return path;
      };
    },
    close: () => {
      closeSync(file);
    },
  };
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Where the records of all clusters are: below the XDG state directory. */
export function recordsDirectory(env: Environment): string {
  // By the XDG specification a relative path counts as none.
  const state = env['XDG_STATE_HOME'] ?? '';
  const base = isAbsolute(state) ? state : join(homedir(), '.local', 'state');
  return join(base, 'outrigger');
}

/** One directory per run, named by the time (UTC) and the process. */
export function logDirectory(cluster: string, now: Date, env: Environment): string {
  const stamp = now.toISOString().replace(/[-:.]/g, '');
  return join(recordsDirectory(env), cluster, `${stamp}-${process.pid}`);
}

/** Who runs this: a container may have a uid without a name. */
export function userName(lookUp: () => { readonly username: string } = userInfo): string {
  try {
    return lookUp().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown');
  }
}
