import { Command } from 'commander';
import pLimit from 'p-limit';
import { loadKnownHosts } from '../../host/known-hosts.ts';
import { changedKey, recordKnownHosts, type ConfirmedKey } from '../../host/known-hosts-writer.ts';
import type { Connector } from '../../host/ssh/connector.ts';
import type { Endpoint } from '../../host/ssh/route.ts';
import type { OfferedKey } from '../../host/ssh/scan.ts';
import { select } from '../../spec/select.ts';
import type { ClusterNodeSpec, PacemakerRemoteSpec } from '../../spec/spec.ts';
import { messageOf, OutriggerError } from '../../support/errors.ts';
import { printable } from '../../support/printable.ts';
import { askSure } from '../ask.ts';
import { connectionTo, withConnector } from '../connections.ts';
import { EXIT } from '../exit-code.ts';
import { inventoryFor } from '../load.ts';
import { inventoryOption } from '../options.ts';
import type { AddCommand, Terminal } from '../terminal.ts';

interface Options {
  readonly inventory: string;
  readonly limit?: string;
  readonly yes?: true;
}

type Machine = ClusterNodeSpec | PacemakerRemoteSpec;

/** A server whose keys are to be looked at: a machine of the inventory, or a jump host on the way to one. */
interface Subject {
  readonly name: string;
  readonly server: Endpoint;
  readonly jumps: readonly Endpoint[];
  readonly limitMs: number;
}

interface Scanned {
  readonly subject: Subject;
  readonly keys: readonly OfferedKey[];
  readonly problem: string | undefined;
}

export const addTrust: AddCommand = (terminal, finish) =>
  new Command('trust')
    .description(
      'shows the SSH host keys that the machines and jump hosts offer, and records those that you confirm',
    )
    .addOption(inventoryOption())
    .option(
      '--limit <pattern>',
      'only these machines: names, ranges, globs, clusterNodes, remoteNodes or guestNodes',
    )
    .option(
      '--yes',
      'record without asking: only where nobody can stand between you and the machines',
    )
    .action(async ({ inventory, limit, yes }: Options) => {
      const spec = inventoryFor(inventory, terminal);
      const machines = select<Machine>(
        {
          clusterNodes: spec.clusterNodes,
          remoteNodes: spec.remoteNodes,
          guestNodes: spec.guestNodes,
        },
        limit,
      );
      const isWhole = await withConnector(terminal, machines, async (connector) => {
        const rounds = roundsOf(connector, machines);
        let problems = 0;
        let added = 0;
        // Nobody is asked through a jump host before its own keys are confirmed.
        for (const round of rounds) {
          const scanned = await scan(connector, round, terminal.signal);
          show(terminal, scanned);
          await confirm(terminal, yes === true, scanned);
          terminal.signal.throwIfAborted();
          added += await record(scanned);
          problems += scanned.filter(({ problem }) => problem !== undefined).length;
        }
        terminal.out(`${added} new host keys recorded.\n`);
        return problems === 0;
      });
      finish(isWhole ? EXIT.ok : EXIT.incomplete);
    });

/** The servers by the number of jump hosts before them, each once. */
function roundsOf(
  connector: Connector,
  machines: readonly Machine[],
): readonly (readonly Subject[])[] {
  const rounds: Map<string, Subject>[] = [];
  const add = (subject: Subject): void => {
    const round = (rounds[subject.jumps.length] ??= new Map<string, Subject>());
    const key = JSON.stringify([subject.server.knownHosts, subject.jumps]);
    if (!round.has(key)) round.set(key, subject);
  };
  for (const machine of machines) {
    const { jumps, target } = connector.routeTo(connectionTo(machine));
    const limitMs = machine.connection.connectTimeoutMs;
    jumps.forEach((server, index) => {
      add({ name: server.alias, server, jumps: jumps.slice(0, index), limitMs });
    });
    add({ name: machine.name, server: target, jumps, limitMs });
  }
  return rounds.map((round) => [...round.values()]);
}

const SCAN_AT_A_TIME = 32;

async function scan(
  connector: Connector,
  subjects: readonly Subject[],
  signal: AbortSignal,
): Promise<readonly Scanned[]> {
  const limit = pLimit(SCAN_AT_A_TIME);
  return Promise.all(
    subjects.map((subject) =>
      limit(async (): Promise<Scanned> => {
        const { name, server, jumps, limitMs } = subject;
        try {
          const offered = await connector.scan(name, server, { jumps, limitMs, signal });
          return { subject, ...(await unchanged(server, offered)) };
        } catch (thrown) {
          return { subject, keys: [], problem: messageOf(thrown) };
        }
      }),
    ),
  );
}

/** A key that has changed is never recorded beside the old one: both would be believed. */
async function unchanged(
  { knownHosts: { name, files } }: Endpoint,
  offered: readonly OfferedKey[],
): Promise<Pick<Scanned, 'keys' | 'problem'>> {
  const known = (await Promise.all(files.map((file) => loadKnownHosts(file)))).flat();
  const problems = offered.map((key) => changedKey({ name, blob: key.blob }, known));
  const keys = offered.filter((_key, index) => problems[index] === undefined);
  const changed = problems.flatMap((problem) =>
    problem === undefined ? [] : [`${problem.message}\n    ${problem.hint ?? ''}`],
  );
  return { keys, problem: changed.length === 0 ? undefined : changed.join('\n  ') };
}

function show(terminal: Terminal, scanned: readonly Scanned[]): void {
  for (const { subject, keys, problem } of scanned) {
    const { name, server, jumps } = subject;
    const behind = jumps.map(({ alias }) => `, behind ${printable(alias)}`).join('');
    terminal.out(`${printable(name)}  ${server.address}${behind}\n`);
    for (const { type, fingerprint } of keys)
      terminal.out(`  ${printable(type)}  ${fingerprint}\n`);
    if (problem !== undefined) terminal.out(`  ${problem}\n`);
  }
}

async function confirm(
  terminal: Terminal,
  yes: boolean,
  scanned: readonly Scanned[],
): Promise<void> {
  const count = scanned.reduce((sum, { keys }) => sum + keys.length, 0);
  if (yes || count === 0) return;
  if (!terminal.inIsTerminal) {
    throw new OutriggerError(
      'REFUSED',
      'nobody can be asked here, and --yes was not given: nothing was recorded',
      {
        hint: 'compare the fingerprints with those that the machines show (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub)',
      },
    );
  }
  const message = `Have you compared these ${count} fingerprints with the machines' own, and trust them?`;
  await askSure(terminal, message, 'nothing more was recorded');
}

async function record(scanned: readonly Scanned[]): Promise<number> {
  const files = new Map<string, readonly ConfirmedKey[]>();
  for (const { subject, keys } of scanned) {
    const { name, files: candidates } = subject.server.knownHosts;
    const [file] = candidates;
    if (file === undefined) continue;
    const confirmed = keys.map(({ blob }) => ({ name, blob }));
    files.set(file, [...(files.get(file) ?? []), ...confirmed]);
  }
  let added = 0;
  for (const [file, keys] of files) added += await recordKnownHosts(keys, file);
  return added;
}
