/** A cluster with a remote node and a guest node, each with a resource on it, for what must not disturb them. */
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
  type Applied,
} from './outrigger.ts';
import { assertNothingLeft, skipWithoutLab } from './story-run.ts';
import { photograph, startOn } from './workload.ts';

/** Hosts of the lab by the names of the nodes that they are. */
export const HOST_OF = { c1: 'c1', c2: 'c2', h1: 'h1', g1: 'v1' } as const;
export const NODES = ['c1', 'c2', 'h1', 'g1'] as const;

/** An inventory of the cluster nodes, the remote node and the guest node, and of further hosts. */
export const inventoryWith = (
  lab: Lab,
  authentication: Record<string, unknown>,
  more: readonly string[] = [],
): string =>
  writeInventory(lab, {
    remoteNodes: ['h1', ...more].map((name) => ({ name, host: name })),
    guestNodes: [guestOn('v1', 'g1')],
    authentication,
  });

/** Brings the lab up, all nodes in, and a resource onto each. */
export async function liveCluster(
  context: Mocha.Context,
  { name, fencing, bareHosts = 1 }: { name: string; fencing: boolean; bareHosts?: number },
  inventoryOf: (lab: Lab) => Promise<string>,
): Promise<Lab> {
  skipWithoutLab(context);
  const lab = await labUp({ name, fencing, replace: true, bareHosts, virtualMachines: 1 });
  await lab.sh('c1', 'crm_attribute --type rsc_defaults -n resource-stickiness -v 1000');
  await applied(lab, 0, ['-i', await inventoryOf(lab), '--allow', 'guest-joins']);
  for (const [resource, node] of [
    ['d1', 'h1'],
    ['d2', 'g1'],
    ['d3', 'c1'],
    ['d4', 'c2'],
  ] as const)
    await startOn(lab, resource, node);
  await lab.clearPowerLog();
  return lab;
}

/** Does something to the cluster that no resource notices, and after which nothing is left to do. */
export async function quietly(
  lab: Lab,
  inventory: string,
  work: () => Promise<unknown>,
): Promise<void> {
  const before = await photograph(lab);
  await work();
  await settled(lab);
  for (const name of ['h1', 'g1']) assert.ok(await isStarted(lab, name), name);
  assert.deepEqual(await photograph(lab), before);
  assert.deepEqual(await lab.powerLog(), []);
  await assertQuiet(lab);
  await assertNothingLeft(lab);
  assert.match(await lab.crmMon(), /maintenance-mode="false"/);
  await assertInSync(lab, inventory);
}

/** `host action` of each daemon that a run restarted. */
export const restartedIn = ({ lines }: Applied): string[] =>
  lines
    .flatMap((line) =>
      line.type === 'action' && /restart|start-service/.test(line.action)
        ? [`${line.host} ${line.action}`]
        : [],
    )
    .sort();

/** What each host says. */
export async function onHosts(
  lab: Lab,
  command: string,
  hosts: readonly string[] = Object.values(HOST_OF),
): Promise<Record<string, string>> {
  const said: Record<string, string> = {};
  for (const host of hosts) said[host] = (await lab.sh(host, command)).trim();
  return said;
}

/** How often somebody has logged in to each host. */
export const loginsOn = (lab: Lab): Promise<Record<string, string>> =>
  onHosts(lab, 'journalctl -q -o cat -t sshd -t sshd-session | grep -c "^Accepted"; true');
