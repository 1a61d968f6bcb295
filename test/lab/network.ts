/** The lab's own network: one namespace with a bridge. Nothing leaves it, and labs do not see each other. */
import { existsSync } from 'node:fs';
import { must, run } from './run.ts';

/** The control seat, where outrigger runs. */
export const CONTROL_ADDRESS = '10.77.0.1';
export const PREFIX = 16;
export const PREFIX6 = 64;

/** Closed paths are dropped on the bridge itself, so they outlive a power cycle and no host's firewall knows. */
const FIREWALL = `table bridge lab {
  set closed { type ipv4_addr . ipv4_addr . inet_service; }
  chain forward { type filter hook forward priority 0; ip saddr . ip daddr . tcp dport @closed drop; }
  chain output { type filter hook output priority 0; ip saddr . ip daddr . tcp dport @closed drop; }
}`;

export function netnsOf(lab: string): string {
  return `outrigger-${lab}`;
}

export function clusterAddress(number: number): string {
  return `10.77.0.${10 + number}`;
}

export function bareAddress(number: number): string {
  return `10.77.1.${number}`;
}

export function virtualAddress(number: number): string {
  return `10.77.2.${number}`;
}

export function domainAddress(number: number): string {
  return `10.77.3.${number}`;
}

/** The IPv6 address that goes with one of these: `10.77.1.3` is `fd00:77::1:3` too. */
export function address6Of(address: string): string {
  const [, , third, fourth] = address.split('.');
  return `fd00:77::${third}:${fourth}`;
}

/** Argv that runs `argv` on the control seat; nsenter becomes the program, so its pid is the program's. */
export function inNetwork(lab: string, argv: readonly string[]): string[] {
  return ['/usr/bin/nsenter', `--net=/run/netns/${netnsOf(lab)}`, '--', ...argv];
}

export async function createNetwork(lab: string): Promise<void> {
  const netns = netnsOf(lab);
  await must(['ip', 'netns', 'add', netns]);
  const lines = [
    'link set lo up',
    'link add lab0 type bridge forward_delay 0',
    `addr add ${CONTROL_ADDRESS}/${PREFIX} dev lab0`,
    `addr add ${address6Of(CONTROL_ADDRESS)}/${PREFIX6} dev lab0 nodad`,
    'link set lab0 up',
  ];
  await must(['ip', '-n', netns, '-batch', '-'], { stdin: lines.join('\n') });
  await must(inNetwork(lab, ['/usr/sbin/nft', '-f', '-']), { stdin: FIREWALL });
}

/** Ends what still runs on the control seat, and removes the namespace. */
export async function removeNetwork(lab: string): Promise<void> {
  const netns = netnsOf(lab);
  if (!existsSync(`/run/netns/${netns}`)) return;
  const { stdout } = await run(['ip', 'netns', 'pids', netns]);
  for (const pid of stdout.split('\n').filter(Boolean).map(Number)) {
    if (pid !== process.pid) killQuietly(pid);
  }
  await must(['ip', 'netns', 'del', netns]);
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}

/** Drops (or lets pass again) TCP packets from one address to another's port. */
export async function closePath(
  lab: string,
  verb: 'add' | 'delete',
  path: { from: string; to: string; port: number },
): Promise<void> {
  const element = `{ ${path.from} . ${path.to} . ${path.port} }`;
  await must(
    inNetwork(lab, ['/usr/sbin/nft', verb, 'element', 'bridge', 'lab', 'closed', element]),
  );
}

export async function openAllPaths(lab: string): Promise<void> {
  await must(inNetwork(lab, ['/usr/sbin/nft', 'flush', 'set', 'bridge', 'lab', 'closed']));
}
