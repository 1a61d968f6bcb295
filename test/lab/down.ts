/** Taking a lab down, whole or in pieces, whatever the process that made it came to. */
import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { groupDirs, groupNames, killGroup } from './cgroups.ts';
import { netnsOf, removeNetwork } from './network.ts';
import { checkName } from './options.ts';
import { labDir, stateDir } from './paths.ts';
import { labNames } from './record.ts';

const NETNS_DIR = '/run/netns';

/** Leaves no process, mount, cgroup, network namespace or file of the lab behind. Nothing there is fine. */
export async function labDown(name: string): Promise<void> {
  checkName(name);
  await killGroup([name]);
  await removeNetwork(name);
  // A host that was just being started as we began may have come to its cgroup only now.
  await killGroup([name]);
  rmSync(labDir(name), { recursive: true, force: true });
  for (const dir of [...groupDirs([]), stateDir]) removeIfEmpty(dir);
}

/** Every lab that left any trace on this machine. */
export function allLabs(): string[] {
  const prefix = netnsOf('');
  const spaces = existsSync(NETNS_DIR) ? readdirSync(NETNS_DIR) : [];
  const fromNetwork = spaces
    .filter((netns) => netns.startsWith(prefix))
    .map((netns) => netns.slice(prefix.length));
  return [...new Set([...labNames(), ...groupNames([]), ...fromNetwork])].sort();
}

/** Traces of one lab, for a message or a test. */
export function remnants(name: string): string[] {
  return [labDir(name), ...groupDirs([name]), `${NETNS_DIR}/${netnsOf(name)}`].filter((path) =>
    existsSync(path),
  );
}

function removeIfEmpty(dir: string): void {
  try {
    rmdirSync(dir);
  } catch {
    // Other labs are in it, or it was never made.
  }
}
