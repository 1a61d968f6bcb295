import { Command } from 'commander';
import {
  recordKnownHosts,
  type ConfirmedKey,
} from '../../../host/known-hosts/known-hosts-writer.ts';
import type { Connector } from '../../../host/ssh/connector.ts';
import { select } from '../../../inventory/select.ts';
import { hasManagedHost } from '../../../inventory/spec.ts';
import { OutriggerError } from '../../../support/errors.ts';
import { askSure } from '../../process/ask.ts';
import { withConnector } from '../../sessions/connections.ts';
import { EXIT } from '../../process/exit-code.ts';
import { inventoryFor } from '../../sessions/load.ts';
import { checkJson, inventoryOption, jsonOption } from '../../arguments/options.ts';
import type { AddCommand, Terminal } from '../../process/terminal.ts';
import { replacedAsJson, scannedAsJson } from './trust-json.ts';
import { replaceKey, replacedText, replacementOf } from './trust-replace.ts';
import { scan } from './trust-scan.ts';
import { type Target, roundsOf } from './trust-subjects.ts';
import { type Scanned, scannedText } from './trust-text.ts';

interface Options {
  readonly inventory: string;
  readonly limit?: string;
  readonly yes?: true;
  readonly replace?: string;
  readonly fingerprint?: string;
  readonly json?: true;
}

export const addTrust: AddCommand = (terminal, finish) =>
  new Command('trust')
    .description(
      'shows the SSH host keys of hosts and jump hosts that have no known key yet, and records those that you confirm',
    )
    .addOption(inventoryOption())
    .option(
      '--limit <pattern>',
      'only these hosts: names, ranges, globs, clusterNodes, remoteNodes or guestNodes',
    )
    .option(
      '--yes',
      'record without confirmation: only on a network without a possible man in the middle',
    )
    .option(
      '--replace <host>',
      'for a reinstalled host: remove its old keys and record the key with this --fingerprint',
    )
    .option(
      '--fingerprint <SHA256:...>',
      'with --replace: the fingerprint that the host itself shows',
    )
    .addOption(
      jsonOption(
        'print the recorded keys as JSON (outrigger schema trust); requires --yes or --replace',
      ),
    )
    .action(async (options: Options) => {
      const replacement = replacementOf(options);
      if (replacement === undefined) checkJson(options);
      const targets = vmsOf(options, terminal);
      const isWhole = await withConnector(terminal, targets, async (connector) => {
        if (replacement === undefined) return trustAll(terminal, connector, targets, options);
        const replaced = await replaceKey(terminal.signal, connector, targets, replacement);
        terminal.out(options.json ? replacedAsJson(replaced) : replacedText(replaced));
        return true;
      });
      finish(isWhole ? EXIT.ok : EXIT.incomplete);
    });

function vmsOf({ inventory, limit }: Options, terminal: Terminal): readonly Target[] {
  const { clusterNodes, remoteNodes, guestNodes } = inventoryFor(inventory, terminal);
  const managed = {
    remoteNodes: remoteNodes.filter(hasManagedHost),
    guestNodes: guestNodes.filter(hasManagedHost),
  };
  return select<Target>({ clusterNodes, ...managed }, limit);
}

/** Whether every host is known at the end. */
async function trustAll(
  terminal: Terminal,
  connector: Connector,
  targets: readonly Target[],
  { yes, json }: Options,
): Promise<boolean> {
  const all: Scanned[] = [];
  let added = 0;
  // Nobody is asked through a jump host before its own keys are confirmed.
  for (const round of roundsOf(connector, targets)) {
    const scanned = await scan(connector, round, terminal.signal);
    if (!json) terminal.out(scannedText(scanned));
    await confirm(terminal, yes === true, scanned);
    terminal.signal.throwIfAborted();
    added += await record(scanned);
    all.push(...scanned);
  }
  const isWhole = !all.some(({ judged: { kind } }) => kind === 'refused' || kind === 'unreachable');
  terminal.out(json ? scannedAsJson(added, all) : recordedText(added, isWhole));
  return isWhole;
}

const recordedText = (added: number, isWhole: boolean): string =>
  `${added} new host keys recorded${added === 0 && isWhole ? ': all hosts are known' : ''}.\n`;

const newKeys = ({ judged }: Scanned) => (judged.kind === 'new' ? judged.keys : []);

async function confirm(
  terminal: Terminal,
  yes: boolean,
  scanned: readonly Scanned[],
): Promise<void> {
  const count = scanned.flatMap(newKeys).length;
  if (yes || count === 0) return;
  if (!terminal.inIsTerminal) {
    throw new OutriggerError(
      'REFUSED',
      'no terminal for confirmation; pass --yes: nothing was recorded',
      {
        hint: 'compare all fingerprints with those that the hosts show (for key in /etc/ssh/ssh_host_*_key.pub; do ssh-keygen -lf $key; done)',
      },
    );
  }
  const message = `Have you compared these ${count} fingerprints with those of the hosts, and do you trust them?`;
  await askSure(terminal, message, 'no further key was recorded');
}

async function record(scanned: readonly Scanned[]): Promise<number> {
  const files = new Map<string, readonly ConfirmedKey[]>();
  for (const one of scanned) {
    const { name, files: candidates } = one.subject.server.knownHosts;
    const [file] = candidates;
    const confirmed = newKeys(one).map(({ blob }) => ({ name, blob }));
    if (file === undefined || confirmed.length === 0) continue;
    files.set(file, [...(files.get(file) ?? []), ...confirmed]);
  }
  let added = 0;
  for (const [file, keys] of files) added += await recordKnownHosts(keys, file);
  return added;
}
