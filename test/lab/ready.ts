/** When is a host up, and when is the cluster? */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { domainConsole } from './domains.ts';
import { execIn, inHost } from './exec.ts';
import { findHost, isOn, leaderOf } from './hosts.ts';
import { inNetwork } from './network.ts';
import { hostDir } from './paths.ts';
import { run } from './run.ts';
import { isOwn, resourceOf } from './options.ts';
import type { LabHost, LabRecord } from './types.ts';
import { waitFor } from './wait.ts';

const BOOT_LIMIT_MS = 90_000;
/** Several times what a domain takes where it has a processor to itself. */
const DOMAIN_BOOT_LIMIT_MS = 600_000;
const DOMAIN_ANSWER_LIMIT_MS = 90_000;
const SSH_LIMIT_MS = 60_000;
const CLUSTER_LIMIT_MS = 90_000;
const CONSOLE_LINES = 15;

/**
 * Waits until sshd listens on the host and everyone may log in. Starts no process. `offLimitMs` is how
 * long the host may be off: somebody else may be about to switch it on.
 */
export async function waitBooted(
  lab: LabRecord,
  host: string,
  offLimitMs = BOOT_LIMIT_MS,
): Promise<void> {
  const domain = findHost(lab, host);
  if (domain.kind === 'domain') return waitDomain(lab, domain);
  const start = Date.now();
  const probe = () => {
    if (Date.now() - start > offLimitMs && !isOn(lab, host)) {
      throw new Error(`lab: ${host} is off ${offLimitMs / 1000} s after it was switched on`);
    }
    return bootState(lab, host);
  };
  try {
    await waitFor(`${host} has booted`, BOOT_LIMIT_MS, probe, 50);
  } catch (error) {
    const console = join(hostDir(lab.dir, host), 'console.log');
    throw new Error(`${String(error)}\n${tailOf(console)}`, { cause: error });
  }
}

/** Waits until everyone may log in to a domain. */
async function waitDomain(lab: LabRecord, domain: LabHost): Promise<void> {
  const probe = async () => {
    const { code, stderr } = await execIn(lab, domain.name, 'test ! -e /run/nologin', {
      timeoutMs: DOMAIN_ANSWER_LIMIT_MS,
    });
    return code === 0 || stderr || 'still booting (/run/nologin)';
  };
  try {
    await waitFor(`${domain.name} has booted`, DOMAIN_BOOT_LIMIT_MS, probe, 1000);
  } catch (error) {
    throw new Error(`${String(error)}\n${tailOf(domainConsole(lab, domain))}`, { cause: error });
  }
}

/** The last that a host said while booting. */
const tailOf = (console: string): string =>
  existsSync(console)
    ? readFileSync(console, 'utf8').split('\n').slice(-CONSOLE_LINES).join('\n')
    : 'nothing was said on its console';

/** Has the host booted so far that everyone may log in? */
export const isUp = (lab: LabRecord, host: string): boolean => bootState(lab, host) === true;

function bootState(lab: LabRecord, host: string): true | string {
  const leader = leaderOf(lab.settings.name, host);
  if (leader === undefined) return 'it has no process 1';
  if (!listensOn(leader, 22)) return 'nothing listens on port 22';
  // Until this is gone only root may log in.
  return !existsSync(`/proc/${leader}/root/run/nologin`) || 'still booting (/run/nologin)';
}

/** Does anything in that process's network namespace listen on a TCP port? */
function listensOn(pid: number, port: number): boolean {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const listening = new RegExp(`^ *\\d+: [0-9A-F]+:${hex} [0-9A-F]+:0000 0A `, 'm');
  return ['tcp', 'tcp6'].some((table) => {
    try {
      return listening.test(readFileSync(`/proc/${pid}/net/${table}`, 'utf8'));
    } catch {
      return false;
    }
  });
}

/** Waits until all these hosts show their host key to the control seat. */
export async function waitSsh(lab: LabRecord, hosts: readonly LabHost[]): Promise<void> {
  if (hosts.length === 0) return;
  const scan = ['ssh-keyscan', '-T', '2', '-t', 'ed25519', ...hosts.map((host) => host.address)];
  const probe = async () => {
    const { stdout } = await run(inNetwork(lab.settings.name, scan));
    const silent = hosts.filter((host) => !stdout.includes(`${host.address} ssh-ed25519 `));
    return silent.length === 0 || `no answer from ${silent.map((host) => host.name).join(', ')}`;
  };
  await waitFor('ssh answers', SSH_LIMIT_MS, probe, 300);
}

/** Waits for a DC, every cluster node online, and the fence device and every virtual machine started. */
export async function waitCluster(lab: LabRecord): Promise<void> {
  const [first] = lab.hosts;
  if (first?.kind !== 'cluster') return;
  const probe = async () => {
    const argv = ['crm_mon', '-1', '--output-as=xml'];
    const { code, stdout } = await run(inHost(lab, first.name, argv));
    return code === 0 ? clusterState(lab, stdout) : `crm_mon on ${first.name}: exit ${code}`;
  };
  await waitFor('the cluster is up', CLUSTER_LIMIT_MS, probe, 500);
}

function clusterState(lab: LabRecord, status: string): true | string {
  if (!status.includes('<current_dc present="true"')) return 'no DC';
  for (const host of lab.hosts) {
    if (host.kind !== 'cluster') continue;
    const online = `<node name="${host.name}" [^>]*online="true" [^>]*pending="false"`;
    if (!new RegExp(online).test(status)) return `${host.name} is not online`;
  }
  const vms = lab.hosts.filter(({ kind }) => kind === 'virtual');
  const resources = [
    ...(lab.settings.fencing ? ['fencing'] : []),
    ...lab.hosts.filter((host) => !isOwn(host)).map(resourceOf),
  ];
  const missing = resources.find(
    (id) => !new RegExp(`<resource id="${id}" [^>]*role="Started"`).test(status),
  );
  if (missing !== undefined) return `${missing} is not started`;
  const down = vms.find(({ name }) => !isUp(lab, name));
  return down === undefined || `${down.name} is still booting`;
}
