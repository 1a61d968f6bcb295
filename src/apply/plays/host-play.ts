import pLimit from 'p-limit';
import type { Host } from '../../host/host.ts';
import type { HostDifference, HostItem } from '../../model/item.ts';
import type { ItemKind } from '../../playbook/item-kinds.ts';
import type { Play } from '../../playbook/playbook.ts';
import type { Verdict } from '../../model/run-event.ts';
import { conclude, type VerdictContext } from '../run/conclude.ts';
import type { EditContext } from '../run/edit-context.ts';
import { failureOf } from '../run/failures.ts';
import { changesOf } from '../run/planned-changes.ts';
import type { ProcedureContext } from '../run/run-context.ts';
import type { RunHosts } from '../run/run-hosts.ts';
import type { RunInput } from '../run/run-input.ts';
import { keepLock } from '../cluster/keep-lock.ts';
import { quietRestart, type PendingRestart } from '../quiet-restart/quiet-restart.ts';
import { removesCredentials, whyCredentialsStay } from '../credentials/remove-last.ts';
import { prepare, takeStep } from '../run/step.ts';

/** Runs a play on hosts: all of its hosts at the same time, the steps of each host in the play's order. */
export async function runHostPlay(
  context: ProcedureContext & VerdictContext,
  play: Play,
  names: readonly string[],
): Promise<void> {
  const waits = removesCredentials(play) ? await whyCredentialsStay(context) : undefined;
  if (waits !== undefined) {
    for (const { host, item } of changesOf(context, play)) {
      if (names.includes(host))
        conclude(context, play, { host, item }, { kind: 'skipped', because: waits });
    }
    return;
  }
  const limit = pLimit(context.options.forks);
  const restarts = await Promise.all(
    names.map((name) => limit(() => runHost(context, play, name))),
  );
  const pending = restarts.filter((restart) => restart !== undefined);
  await restartAll(context, play, pending);
}

/** All at the same time, but for an upgrade: a new daemon is tried on one node before the others get it. */
async function restartAll(
  context: ProcedureContext & VerdictContext,
  play: Play,
  pending: readonly PendingRestart[],
): Promise<void> {
  const first = pending.find(isUpgrade);
  if (first === undefined) {
    if (pending.length > 0) await quietRestart(context, play, pending);
    return;
  }
  await quietRestart(context, play, [first]);
  const others = pending.filter((each) => each !== first);
  const hasFailed = context.failed.has(first.host.name);
  const because = `not attempted: the upgrade of ${first.host.name} failed`;
  for (const { host, items } of hasFailed ? others.filter(isUpgrade) : []) {
    for (const { kind: item } of items)
      conclude(context, play, { host: host.name, item }, { kind: 'skipped', because });
  }
  const rest = others.filter((each) => !hasFailed || !isUpgrade(each));
  if (rest.length === 0) return;
  await keepLock(context, play);
  await quietRestart(context, play, rest);
}

const isUpgrade = ({ items: [first] }: PendingRestart): boolean => first?.kind === 'package';

/** The steps of one host; gives those that must wait for the quiet restart, if there are any. */
async function runHost(
  context: ProcedureContext & VerdictContext,
  play: Play,
  name: string,
): Promise<PendingRestart | undefined> {
  const items = plannedItems(context, play, name);
  const host = context.hosts.get(name);
  if (items.length === 0 || host === undefined) return undefined;
  const because = context.failed.get(name);
  if (because !== undefined) {
    for (const { kind } of items)
      conclude(context, play, { host: name, item: kind }, { kind: 'skipped', because });
    return undefined;
  }
  let current = items[0];
  const report = (verdict: Verdict): void => {
    conclude(context, play, { host: name, item: current?.kind ?? 'service' }, verdict);
  };
  try {
    let facts = await context.probe(host);
    for (const [index, item] of items.entries()) {
      current = item;
      const difference = item.compare(facts);
      if (context.signal.aborted) report({ kind: 'skipped', because: 'interrupted' });
      else if (difference === undefined) report({ kind: 'in-sync' });
      else if (mustBeQuiet(context, item, difference)) {
        await prepare(context, play, { host, item, difference });
        return { host, items: items.slice(index) };
      } else facts = await step(context, play, { host, item, difference });
    }
    return undefined;
  } catch (thrown) {
    report(failureOf(thrown));
    return undefined;
  }
}

/** The items that the plan showed for this host in this play: apply never does more than the plan showed. */
const plannedItems = (
  context: Pick<RunInput, 'plan' | 'playbook' | 'hostItems'>,
  play: Play,
  name: string,
): readonly HostItem[] => {
  const kinds = new Set(
    changesOf(context, play)
      .filter(({ host }) => host === name)
      .map(({ item }) => item),
  );
  return play.items.flatMap(
    (kind) =>
      context.hostItems.find(
        (item) => item.host === name && item.kind === kind && kinds.has(kind),
      ) ?? [],
  );
};

const RESTARTING: readonly ItemKind[] = ['service', 'package'];

/** Whatever the playbook has: a plain restart of a daemon that the cluster is connected to may get its host fenced. */
const mustBeQuiet = (
  context: Pick<RunInput, 'connected'>,
  item: HostItem,
  difference: HostDifference,
): boolean =>
  RESTARTING.includes(item.kind) && difference.needsRestart && context.connected.has(item.host);

async function step(
  context: RunHosts & EditContext & VerdictContext,
  play: Play,
  { host, item, difference }: { host: Host; item: HostItem; difference: HostDifference },
): ReturnType<typeof takeStep> {
  await keepLock(context, play);
  const facts = await takeStep(context, play, { host, item, difference });
  conclude(context, play, { host: item.host, item: item.kind }, { kind: 'changed' });
  return facts;
}
