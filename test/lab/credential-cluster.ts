/** Clusters whose connected nodes change their credentials, with settings of an operator's own that have to survive it. */
import assert from 'node:assert/strict';
import { labUp } from './lab.ts';
import type { Lab } from './lab.ts';
import {
  applied,
  assertInSync,
  assertQuiet,
  guestOn,
  isStarted,
  settled,
  writeInventory,
} from './outrigger.ts';
import { makePki, type Pki } from './pki.ts';
import { assertNothingLeft, skipWithoutLab } from './story-run.ts';
import { photograph, startEach, startElected } from './workload.ts';

/** c1 and c2, the remote nodes h1 and maybe h2, the guest node g1. */
export type CredentialCluster = {
  lab: Lab;
  pki: Pki;
  /** Inventories that differ in their credentials alone. */
  withKey: string;
  withCertificates: string;
};

const remotesIn = (lab: Lab): string[] =>
  lab.hosts.filter(({ kind }) => kind === 'bare').map(({ name }) => name);

/** Unmanaged, in maintenance, sticky and in standby: none of it is outrigger's, and the first two look like its protection. */
const OWN_SETTINGS = `set -e
crm_resource --resource own-1 --meta --set-parameter is-managed --parameter-value false
crm_resource --resource own-2 --meta --set-parameter maintenance --parameter-value true
crm_resource --resource own-3 --meta --set-parameter resource-stickiness --parameter-value 7
if [ -n "$1" ]; then crm_standby --node "$1" --update on; fi`;

type Settings = { name: string; suite?: string; fencing: boolean; bareHosts: 1 | 2 };

async function credentialCluster(settings: Settings): Promise<CredentialCluster> {
  const kind = { clusterNodes: 2, firewalld: 0, virtualMachines: 1 };
  const lab = await labUp({ ...kind, ...settings, replace: true });
  const pki = await makePki(lab, ['c1', 'c2', ...remotesIn(lab), 'g1']);
  return {
    lab,
    pki,
    withKey: inventoryFor(lab, { method: 'psk' }),
    withCertificates: inventoryFor(lab, pki.authentication),
  };
}

/** Such clusters, all of their nodes connected. */
export async function connectedClusters(
  context: Mocha.Context,
  all: readonly Settings[],
): Promise<CredentialCluster[]> {
  skipWithoutLab(context);
  const clusters: CredentialCluster[] = [];
  // One after the other: the first may have to build the images.
  for (const settings of all) clusters.push(await credentialCluster(settings));
  await sideBySide(clusters, connectAll);
  return clusters;
}

/** The same of one. */
export async function connectedCluster(
  context: Mocha.Context,
  settings: Settings,
): Promise<CredentialCluster> {
  const [only] = await connectedClusters(context, [settings]);
  return only ?? assert.fail();
}

/** An inventory of such a cluster. */
export const inventoryFor = (lab: Lab, authentication: Record<string, unknown>): string =>
  writeInventory(lab, {
    remoteNodes: remotesIn(lab).map((name) => ({ name, host: name })),
    guestNodes: [guestOn('v1', 'g1')],
    authentication,
  });

/** Connects the nodes with the authkey, and starts what must not be disturbed. */
async function connectAll({ lab, withKey }: CredentialCluster): Promise<void> {
  await lab.sh('c1', 'crm_attribute --type rsc_defaults -n resource-stickiness -v 1000');
  await applied(lab, 0, ['-i', withKey, '--allow', 'guest-joins']);
  const placed = { d1: 'h1', d2: 'g1', d3: 'c1', d4: 'c2', 'own-1': 'h1', 'own-2': 'g1' };
  await startEach(lab, { ...placed, 'own-3': 'h1' });
  // crm_verify refuses its roles (exit 78), and does not in maintenance mode.
  await startElected(lab);
  await lab.sh('c1', `set -- ${remotesIn(lab)[1] ?? ''}\n${OWN_SETTINGS}`);
  await settled(lab);
  await lab.clearPowerLog();
}

/** Whatever an operator may have set; ids are unique, so that the order of what stands side by side does not count. */
const settingsOf = async (lab: Lab): Promise<string[]> =>
  (await lab.sh('c1', 'cibadmin --query --scope configuration')).split('\n').sort();

/** Does something to the cluster that no resource notices, and after which every setting is what it was. */
export async function quietly(
  lab: Lab,
  inventory: string,
  work: () => Promise<void>,
): Promise<void> {
  const before = await photograph(lab);
  const settings = await settingsOf(lab);
  await work();
  await settled(lab);
  for (const name of [...remotesIn(lab), 'g1']) assert.ok(await isStarted(lab, name), name);
  assert.deepEqual(await photograph(lab), before);
  assert.deepEqual(await settingsOf(lab), settings);
  assert.deepEqual(await lab.powerLog(), []);
  await assertQuiet(lab);
  await assertNothingLeft(lab);
  assert.match(await lab.crmMon(), /maintenance-mode="false"/);
  await assertInSync(lab, inventory);
}

/** Only this connection is kept from the cluster; it takes care of all others, and of what runs on their nodes. */
export async function assertHeldIsOnly(lab: Lab, name: string): Promise<void> {
  const cib = await lab.sh('c1', 'cibadmin --query');
  const marks = [...cib.matchAll(/<(\w+) id="(outrigger-[^"]*)"/g)].map(([, tag, id]) => [tag, id]);
  const mark = `outrigger-quiet-${name}`;
  assert.deepEqual(marks, [
    ['meta_attributes', mark],
    ['nvpair', `${mark}-is-managed`],
  ]);
  const left = (await lab.crmMon()).match(/<resource [^>]*managed="false"/g) ?? [];
  const ids = left.map((resource) => / id="([^"]*)"/.exec(resource)?.[1]).sort();
  assert.deepEqual(ids, [name, 'own-1', 'own-2']);
}

/** The digest of the authkey of each host; empty: it has none. */
export const keysOn = (lab: Lab): Promise<string[]> =>
  onEach(lab, 'sha256sum </etc/pacemaker/authkey 2>/dev/null | cut -c 1-64');

/** How many variables for certificates Pacemaker on each host was started with. */
export const certificatesUsed = (lab: Lab): Promise<string[]> =>
  onEach(
    lab,
    "for u in pacemaker pacemaker_remote; do p=$(systemctl show -p MainPID --value $u); [ $p -gt 0 ] && tr '\\0' '\\n' </proc/$p/environ | grep -c '^PCMK_[a-z]*_file='; done; true",
  );

/** The files of certificates that are on each host. */
export const certificateFiles = (lab: Lab): Promise<string[]> =>
  onEach(lab, 'ls /etc/pacemaker | grep x509 | tr "\\n" " "; true');

const onEach = (lab: Lab, script: string): Promise<string[]> =>
  Promise.all(lab.hosts.map(async ({ name }) => (await lab.sh(name, script)).trim()));

const ENVIRONMENT = '/etc/default/pacemaker';

/**
 * From now on the environment file of a host cannot be replaced, although files beside it can: what is tried before a change
 * finds nothing. Returns what ends that.
 */
export async function keepEnvironment(lab: Lab, host: string): Promise<() => Promise<void>> {
  await lab.sh(host, `mount --bind ${ENVIRONMENT} ${ENVIRONMENT}`);
  return async () => {
    await lab.sh(host, `umount ${ENVIRONMENT}`);
  };
}

/** Works on all of these at the same time; tells every failure with the lab that it is of. */
export async function sideBySide(
  clusters: readonly CredentialCluster[],
  work: (cluster: CredentialCluster) => Promise<void>,
): Promise<void> {
  const done = await Promise.allSettled(clusters.map(work));
  const failed = done.flatMap((result, index) =>
    result.status === 'rejected'
      ? [
          `${clusters[index]?.lab.name ?? ''}: ${result.reason instanceof Error ? (result.reason.stack ?? '') : String(result.reason)}`,
        ]
      : [],
  );
  assert.equal(failed.length, 0, failed.join('\n\n'));
}
