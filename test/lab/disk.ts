/** Files put on a host's disk before it boots: written into the upper layer of its overlay. */
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

export type Disk = { upper: string; layers: readonly string[] };

export type Seed = {
  path: string;
  content: string | Uint8Array;
  mode?: number;
  /** Names in the host's own passwd and group files; default root. */
  owner?: string;
  group?: string;
};

export function seedFile(disk: Disk, seed: Seed): void {
  makeDirs(disk, dirname(seed.path));
  const file = join(disk.upper, seed.path);
  writeFileSync(file, seed.content);
  chownSync(
    file,
    idOf(disk, '/etc/passwd', seed.owner ?? 'root'),
    idOf(disk, '/etc/group', seed.group ?? 'root'),
  );
  chmodSync(file, seed.mode ?? 0o644);
}

/** A directory in the upper layer hides mode and owner of the same one below: take them over. */
function makeDirs(disk: Disk, path: string): void {
  const dir = join(disk.upper, path);
  if (existsSync(dir)) return;
  if (path !== '/') makeDirs(disk, dirname(path));
  if (!existsSync(dir)) mkdirSync(dir);
  const below = find(disk, path);
  if (below === undefined) return;
  const { mode, uid, gid } = statSync(below);
  chownSync(dir, uid, gid);
  chmodSync(dir, mode & 0o7777);
}

/** The topmost layer's version of a path. */
function find(disk: Disk, path: string): string | undefined {
  return disk.layers.map((layer) => join(layer, path)).find((candidate) => existsSync(candidate));
}

function idOf(disk: Disk, table: string, name: string): number {
  const file = find(disk, table);
  if (file === undefined) throw new Error(`lab: the image has no ${table}`);
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const fields = line.split(':');
    if (fields[0] === name) return Number(fields[2]);
  }
  throw new Error(`lab: no '${name}' in the image's ${table}`);
}
