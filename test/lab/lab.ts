/** The lab for tests: real systemd hosts with a real Pacemaker cluster, on this one machine. */
import { mkdirSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { makeDomain } from './domains.ts';
import { ensureImages } from './images.ts';
import { freshDisk, switchOn } from './hosts.ts';
import { createNetwork, openAllPaths } from './network.ts';
import { leaveMaintenance } from './handle.ts';
import type { Lab } from './handle.ts';
import { killGroup } from './cgroups.ts';
import { labDown, remnants } from './down.ts';
import { raiseLimits } from './machine.ts';
import { hostsOf, isOwn, settle } from './options.ts';
import { labDir, stateDir } from './paths.ts';
import { startPower } from './power.ts';
import { waitBooted, waitCluster, waitSsh } from './ready.ts';
import { readRecord, writeRecord } from './record.ts';
import { seedClusterNode } from './seed-cluster.ts';
import { seedHost } from './seed-host.ts';
import { makeKeys } from './ssh.ts';
import type { LabOptions, LabRecord } from './types.ts';
import { eachOf } from './wait.ts';

export { ensureImages, labDown };
export type { Lab, LabOptions };

const COROSYNC_KEY_BYTES = 256;
/** A host that is off this long after it was switched on has died at boot. */
const DEAD_AFTER_MS = 5000;

/**
 * Brings up a lab, and resolves when every host and the cluster are ready for work. What fails half-way
 * is taken down again, unless OUTRIGGER_LAB_KEEP=1 asks to keep it for a look.
 */
export async function labUp(options: LabOptions = {}): Promise<Lab> {
  const settings = settle(options);
  const images = await ensureImages(settings.suite, {
    rhel: settings.rhelHosts > 0,
    domains: settings.domains > 0,
  });
  const hosts = hostsOf(settings, images);
  const dir = labDir(settings.name);
  if (options.replace === true) await labDown(settings.name);
  const there = remnants(settings.name);
  if (there.length > 0) {
    throw new Error(
      `lab: there is a lab '${settings.name}' already (${there.join(', ')}): take it down first`,
    );
  }
  mkdirSync(stateDir, { recursive: true });
  // Fails when another process makes the same lab right now.
  mkdirSync(dir, { mode: 0o711 });
  const lab: LabRecord = { dir, settings, repo: images.repo, hosts };
  try {
    writeRecord(lab);
    raiseLimits();
    await Promise.all([createNetwork(settings.name), makeKeys(dir, hosts)]);
    await bootAll(lab);
  } catch (error) {
    if (process.env['OUTRIGGER_LAB_KEEP'] !== '1') await labDown(settings.name);
    throw error;
  }
  return handle(lab);
}

/** A lab that some process (the command line, say) brought up. */
export function labOpen(name = 'lab'): Lab {
  return handle(readRecord(labDir(name)));
}

/** Rebuilds every host on a fresh disk, with new keys for the cluster; addresses and SSH keys stay. */
export async function labReset(lab: LabRecord): Promise<void> {
  await killGroup([lab.settings.name]);
  await openAllPaths(lab.settings.name);
  await bootAll(lab);
}

function handle(lab: LabRecord): Lab {
  return leaveMaintenance(lab, {
    reset: () => labReset(lab),
    down: () => labDown(lab.settings.name),
  });
}

async function bootAll(lab: LabRecord): Promise<void> {
  const corosyncKey = randomBytes(COROSYNC_KEY_BYTES);
  for (const host of lab.hosts) {
    const disk = freshDisk(lab, host);
    seedHost(lab, host, disk);
    if (host.kind === 'cluster') seedClusterNode(lab, disk, corosyncKey);
    if (host.kind === 'domain') await makeDomain(lab, host);
  }
  await Promise.all([startPower(lab), bootHosts(lab)]);
  await waitSsh(lab, lab.hosts.filter(isOwn));
  await waitCluster(lab);
}

/** Cluster nodes first: the cluster forms while the others boot, and then starts the virtual machines. */
async function bootHosts(lab: LabRecord): Promise<void> {
  await eachOf(lab.hosts.filter(isOwn), lab.settings.parallelBoots, async (host) => {
    switchOn(lab, host.name);
    await waitBooted(lab, host.name, DEAD_AFTER_MS);
  });
}
