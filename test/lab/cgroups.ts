/**
 * One cgroup per host, in cgroup2 and in the named systemd hierarchy where there is one: without it all
 * hosts share one, and a unit killed on one host dies on the others. It is also what stops a host surely.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitFor } from './wait.ts';

const ROOT = 'outrigger-lab';
const KILL_LIMIT_MS = 20_000;

let known: string[] | undefined;

/** Mount points of the hierarchies, cgroup2 first. */
function hierarchies(): string[] {
  known ??= findHierarchies();
  return known;
}

function findHierarchies(): string[] {
  const find = (argv: string[]) => {
    try {
      return execFileSync('findmnt', argv, { encoding: 'utf8' }).split('\n').filter(Boolean);
    } catch {
      return [];
    }
  };
  const unified = find(['-rnt', 'cgroup2', '-o', 'TARGET']).slice(0, 1);
  if (unified.length === 0) throw new Error('lab: no cgroup2 is mounted on this machine');
  const named = find(['-rnt', 'cgroup', '-O', 'name=systemd', '-o', 'TARGET']).slice(0, 1);
  return [...unified, ...named];
}

/** The directories of one group (`[]`: all labs; `[lab]`; `[lab, host]`), cgroup2's first. */
export function groupDirs(path: readonly string[]): string[] {
  return hierarchies().map((mount) => join(mount, ROOT, ...path));
}

function unifiedDir(path: readonly string[]): string {
  const [dir] = groupDirs(path);
  if (dir === undefined) throw new Error('lab: no cgroup2');
  return dir;
}

/** Names of the labs, or of a lab's groups, that have a cgroup. */
export function groupNames(path: readonly string[]): string[] {
  return [...new Set(groupDirs(path).flatMap(children))];
}

function children(dir: string): string[] {
  try {
    return readdirSync(dir, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
  } catch {
    return [];
  }
}

/** Is any process in the group or below it? */
export function isPopulated(path: readonly string[]): boolean {
  try {
    return readFileSync(join(unifiedDir(path), 'cgroup.events'), 'utf8').includes('populated 1');
  } catch {
    return false;
  }
}

/** Kills everything in the group, waits until it is gone and removes the group. */
export async function killGroup(path: readonly string[]): Promise<void> {
  const killer = join(unifiedDir(path), 'cgroup.kill');
  // Again and again: a process that a killed tool had just started may enter the group only now.
  const kill = (): void => {
    if (existsSync(killer)) writeFileSync(killer, '1');
  };
  const isGone = (): true | string => {
    kill();
    return !isPopulated(path) || 'still populated';
  };
  await waitFor(`everything in cgroup ${path.join('/')} is gone`, KILL_LIMIT_MS, isGone, 10);
  for (const dir of groupDirs(path)) {
    const isRemoved = (): true | string => {
      kill();
      return removeTree(dir);
    };
    await waitFor(`cgroup ${dir} is removed`, KILL_LIMIT_MS, isRemoved, 10);
  }
}

/** Removes a cgroup and those below it; says what is in the way. */
function removeTree(dir: string): true | string {
  for (const child of children(dir)) {
    const answer = removeTree(join(dir, child));
    if (answer !== true) return answer;
  }
  try {
    rmdirSync(dir);
  } catch (error) {
    if (existsSync(dir)) return String(error);
  }
  return true;
}

/** Process ids in the group and below it. */
export function groupPids(path: readonly string[]): number[] {
  return pidsBelow(unifiedDir(path));
}

function pidsBelow(dir: string): number[] {
  const below = children(dir).flatMap((child) => pidsBelow(join(dir, child)));
  try {
    const here = readFileSync(join(dir, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean);
    return [...here.map(Number), ...below];
  } catch {
    return below;
  }
}
