/** The lab of the demo, its inventory, and what goes wrong in it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureImages, labUp } from './lab.ts';
import type { Lab } from './lab.ts';
import { cacheDir } from './paths.ts';

const SUITE = 'trixie';

type ProgressOf = <T>(what: string, work: Promise<T>, log?: string) => Promise<T>;

export async function demoLab(
  name: string,
  replace: boolean,
  progressOf: ProgressOf,
): Promise<Lab> {
  const log = join(cacheDir, `build-${SUITE}.log`);
  await progressOf('Images (built once per machine, a minute or two)', ensureImages(SUITE), log);
  const up = labUp({ name, replace, suite: SUITE, clusterNodes: 2, bareHosts: 3, fencing: true });
  return progressOf('Hosts and cluster', up);
}

/** Written into the lab's directory, so that it goes away with the lab. */
export function writeDemoInventory({ dir, sshDir, addresses }: Lab): string {
  const folder = join(dir, 'demo');
  mkdirSync(folder);
  const inventory = join(folder, 'inventory.yml');
  const { c1 = '', c2 = '', h1 = '' } = addresses;
  writeFileSync(
    inventory,
    `apiVersion: outrigger/v1
cluster: { name: demo }
connection:
  identityFile: ${sshDir}/id_ed25519
  knownHostsFile: ${sshDir}/known_hosts
clusterNodes:
  - { name: c1, address: ${c1} }
  - { name: c2, address: ${c2} }
remoteNodes:
  - name: r[1-3]
    address: ${h1.replace(/1$/, '[1-3]')}
    reconnectInterval: 60s
    attributes: { rack: a1 }
`,
  );
  return inventory;
}

export type Tamper = {
  host: string;
  script: string;
  /** How the plan shall name it: host, item, attributes. */
  finding: string;
};

const KEY = '/etc/pacemaker/authkey';

/** The file of the first one looks as if it came from a backup: other bytes, an old date. */
export const TAMPERS: readonly Tamper[] = [
  {
    host: 'h1',
    script: `head -c 256 /dev/urandom >${KEY} && touch -d '30 days ago' ${KEY}`,
    finding: 'r1 authkey content',
  },
  {
    host: 'h2',
    script: 'systemctl --quiet disable pacemaker_remote 2>/dev/null',
    finding: 'r2 service enabled at boot',
  },
  {
    host: 'c1',
    script: 'crm_resource -r r3 --set-parameter reconnect_interval --parameter-value 5s',
    finding: 'r3 connection-resource reconnect_interval',
  },
];
