import { Command } from 'commander';
import pLimit from 'p-limit';
import { defaultKnownHostsFile } from '../../host/known-hosts.ts';
import { recordKnownHosts, type ConfirmedKey } from '../../host/known-hosts-writer.ts';
import { scanHostKeys, type OfferedKey } from '../../host/ssh/scan.ts';
import { select } from '../../spec/select.ts';
import type { ClusterNodeSpec, RemoteNodeSpec } from '../../spec/spec.ts';
import { messageOf, OutriggerError } from '../../support/errors.ts';
import { askSure } from '../ask.ts';
import { EXIT } from '../exit-code.ts';
import { inventoryFor } from '../load.ts';
import { inventoryOption } from '../options.ts';
import type { AddCommand, Terminal } from '../terminal.ts';

interface Options {
  readonly inventory: string;
  readonly limit?: string;
  readonly yes?: true;
}

type Machine = ClusterNodeSpec | RemoteNodeSpec;

interface Scanned {
  readonly machine: Machine;
  readonly keys: readonly OfferedKey[];
  readonly problem: string | undefined;
}

export const addTrust: AddCommand = (terminal, finish) =>
  new Command('trust')
    .description(
      'shows the SSH host keys that the machines offer, and records those that you confirm',
    )
    .addOption(inventoryOption())
    .option(
      '--limit <pattern>',
      'only these machines: names, ranges, globs, clusterNodes or remoteNodes',
    )
    .option(
      '--yes',
      'record without asking: only where nobody can stand between you and the machines',
    )
    .action(async ({ inventory, limit, yes }: Options) => {
      const spec = inventoryFor(inventory, terminal);
      const machines = select<Machine>(
        { clusterNodes: spec.clusterNodes, remoteNodes: spec.remoteNodes },
        limit,
      );
      const scanned = await scan(machines);
      for (const { machine, keys, problem } of scanned) {
        terminal.out(`${machine.name}  ${machine.address}\n`);
        for (const { type, fingerprint } of keys) terminal.out(`  ${type}  ${fingerprint}\n`);
        if (problem !== undefined) terminal.out(`  ${problem}\n`);
      }
      await confirm(terminal, yes === true, scanned);
      terminal.signal.throwIfAborted();
      let added = 0;
      for (const [file, keys] of byFile(scanned)) added += await recordKnownHosts(keys, file);
      terminal.out(`${added} new host keys recorded.\n`);
      finish(scanned.some(({ problem }) => problem !== undefined) ? EXIT.incomplete : EXIT.ok);
    });

const SCAN_AT_A_TIME = 32;

async function scan(machines: readonly Machine[]): Promise<readonly Scanned[]> {
  const limit = pLimit(SCAN_AT_A_TIME);
  return Promise.all(
    machines.map((machine) =>
      limit(async (): Promise<Scanned> => {
        const { port, connectTimeoutMs } = machine.connection;
        try {
          return {
            machine,
            keys: await scanHostKeys(machine.address, port, connectTimeoutMs),
            problem: undefined,
          };
        } catch (thrown) {
          return { machine, keys: [], problem: messageOf(thrown) };
        }
      }),
    ),
  );
}

async function confirm(
  terminal: Terminal,
  yes: boolean,
  scanned: readonly Scanned[],
): Promise<void> {
  if (yes) return;
  if (!terminal.inIsTerminal) {
    throw new OutriggerError(
      'REFUSED',
      'nobody can be asked here, and --yes was not given: nothing was recorded',
      {
        hint: 'compare the fingerprints with those that the machines show (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub)',
      },
    );
  }
  const count = scanned.reduce((sum, { keys }) => sum + keys.length, 0);
  const message = `Have you compared these ${count} fingerprints with the machines' own, and trust them?`;
  await askSure(terminal, message, 'nothing was recorded');
}

function byFile(scanned: readonly Scanned[]): ReadonlyMap<string, readonly ConfirmedKey[]> {
  const files = new Map<string, readonly ConfirmedKey[]>();
  for (const { machine, keys } of scanned) {
    const { address, connection } = machine;
    const file = connection.knownHostsFile ?? defaultKnownHostsFile();
    const confirmed = keys.map(({ blob }) => ({ address, port: connection.port, blob }));
    files.set(file, [...(files.get(file) ?? []), ...confirmed]);
  }
  return files;
}
