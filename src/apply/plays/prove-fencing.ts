import { probe } from '../../probe/probe.ts';
import { readFencers } from '../../probe/readers/read-member.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Play } from '../../playbook/playbook.ts';
import type { CibItem } from '../../model/item.ts';
import type { Verdict } from '../../model/run-event.ts';
import { OutriggerError } from '../../support/errors.ts';
import type { EditContext } from '../run/edit-context.ts';
import type { RunHosts } from '../run/run-hosts.ts';
import type { RunInput } from '../run/run-input.ts';
import { reportWaiting } from '../run/waiting.ts';
import { foldNames } from '../../support/text/fold-names.ts';

// A changed list was known to the fencer 50 ms after the patch (3.0.0); one slow device makes it answer within 25 s.
const LIMIT_MS = 45_000;
const INTERVAL_MS = 500;

/**
 * Waits until the declared device of each node reports that it can fence it, on one cluster node at least. Gives why not,
 * by node.
 */
export async function proveFencing(
  context: Pick<RunInput, 'spec'> & Pick<RunHosts, 'clusterHosts'> & Pick<EditContext, 'emit'>,
  play: Play,
  items: readonly CibItem[],
): Promise<ReadonlyMap<string, Verdict>> {
  const hosts = new Set(items.map(({ host }) => host));
  const desired = new Map(
    context.spec.remoteNodes.flatMap(({ name, fencing }) =>
      fencing !== undefined && hosts.has(name) ? [[name, fencing.device] as const] : [],
    ),
  );
  reportWaiting(
    context,
    play,
    `the fence devices to cover ${foldNames([...desired.keys()])}`,
    LIMIT_MS,
  );
  const deadline = performance.now() + LIMIT_MS;
  for (;;) {
    const covered = await coveredBy(context, [...desired.keys()]);
    for (const [node, device] of desired) if (covered.get(node)?.has(device)) desired.delete(node);
    if (desired.size === 0 || performance.now() >= deadline) break;
    await sleep(INTERVAL_MS);
  }
  return new Map(
    [...desired].map(([node, device]) => [
      node,
      {
        kind: 'failed',
        because: `its fence device ${device} does not report that it can fence it, ${LIMIT_MS / 1000} s after it was configured`,
        hint: `check that ${device} is started and may run on a cluster node; \`stonith_admin --list ${node}\` must list it`,
      },
    ]),
  );
}

/** The devices of each node as all cluster nodes that answer report them together. */
async function coveredBy(
  { clusterHosts }: Pick<RunHosts, 'clusterHosts'>,
  nodes: readonly string[],
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const devices = new Map(nodes.map((node) => [node, new Set<string>()]));
  await Promise.all(
    clusterHosts.map(async (host) => {
      try {
        const reported = readFencers(await probe(host, 'member', { nodes }));
        for (const [node, names] of reported)
          for (const name of names) devices.get(node)?.add(name);
      } catch (thrown) {
        if (!(thrown instanceof OutriggerError)) throw thrown;
      }
    }),
  );
  return devices;
}
