/** Where everything of the lab lies. */
import { join } from 'node:path';

export const scripts = join(import.meta.dirname, 'sh');

/** How a Debian root becomes one that behaves as RHEL does. */
export const rhelRecipe = join(import.meta.dirname, 'rhel');

/** Images, shared by all labs, kept across sessions. */
export const cacheDir = process.env['OUTRIGGER_LAB_CACHE'] ?? '/var/cache/outrigger-lab';

/** Labs: one directory each. Not a tmpfs on purpose: the hosts' disks are in it. */
export const stateDir = process.env['OUTRIGGER_LAB_STATE'] ?? '/var/lib/outrigger-lab';

export function labDir(name: string): string {
  return join(stateDir, name);
}

export function hostDir(dir: string, host: string): string {
  return join(dir, 'hosts', host);
}

/** The directory that cluster nodes see as /srv/lab: requests to switch power, and the answers. */
export function powerDir(dir: string): string {
  return join(dir, 'power');
}

/** The directory that cluster nodes see as /srv/domains: disks and definitions of domains, as on shared storage. */
export function domainsDir(dir: string): string {
  return join(dir, 'domains');
}

export function powerLogFile(dir: string): string {
  return join(dir, 'power.log');
}
