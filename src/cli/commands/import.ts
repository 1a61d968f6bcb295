import { lstatSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { importCluster, clusterNodeToRead } from '../../flows/import-cluster.ts';
import { syncDirectory, writePrivateFile } from '../../host/files/private-file.ts';
import type { ImportTarget } from '../../import/draft-of.ts';
import type { Imported } from '../../import/import-inventory.ts';
import { importAsJson } from '../../report/command-json.ts';
import type { Connection } from '../../inventory/schema-types.ts';
import { errnoOf, messageOf, OutriggerError } from '../../support/errors.ts';
import { printable } from '../../support/text/printable.ts';
import { withConnector } from '../sessions/connections.ts';
import { EXIT } from '../process/exit-code.ts';
import { jsonOption } from '../arguments/options.ts';
import type { AddCommand, Terminal } from '../process/terminal.ts';

interface Options {
  readonly from: string;
  readonly out?: string;
  readonly port?: string;
  readonly identityFile?: string;
  readonly become?: true;
  readonly becomePassword?: string;
  readonly knownHostsFile?: string;
  readonly proxyJump?: string;
  readonly sshConfig?: string;
  readonly json?: true;
}

export const addImport: AddCommand = (terminal, finish) =>
  new Command('import')
    .description(
      'writes an inventory of a running cluster, read from one of its nodes; changes nothing there, overwrites no file',
    )
    .addOption(
      new Option('--from <host>', 'a cluster node, as for ssh: [user@]host').makeOptionMandatory(),
    )
    .option('-o, --out <file>', 'the file to write, which must not exist (default: stdout)')
    .option('--port <port>', 'the port of the SSH server')
    .option('--identity-file <file>', 'the private key to log in with')
    .option('--become', 'become root through sudo')
    .option('--become-password <file>', 'the sudo password: a file, or `prompt`')
    .option('--known-hosts-file <file>', 'the known_hosts file')
    .option('--proxy-jump <hosts>', 'jump hosts, as for ssh -J')
    .option('--ssh-config <file>', 'the ssh_config file to read, or `none`')
    .addOption(jsonOption('print the inventory and the warnings as JSON (outrigger schema import)'))
    .action(async (options: Options) => {
      const { out } = options;
      if (out !== undefined && lstatSync(out, { throwIfNoEntry: false }) !== undefined)
        throw isThere(out);
      const target = targetOf(options);
      const imported = await withConnector(terminal, [clusterNodeToRead(target)], ({ connect }) =>
        importCluster(target, connect, terminal.signal),
      );
      if (out !== undefined) write(out, imported.text);
      if (options.json) terminal.out(importAsJson(imported.text, out, imported.notes));
      else report(imported, out, terminal);
      finish(EXIT.ok);
    });

function report({ text, notes }: Imported, out: string | undefined, terminal: Terminal): void {
  for (const note of notes) terminal.err(`warning: ${printable(note)}\n`);
  if (out === undefined) {
    terminal.out(text);
    return;
  }
  const next = `outrigger trust -i ${out}, then outrigger plan -i ${out}`;
  terminal.err(`${printable(out)} was written; next: ${printable(next)}\n`);
}

/** Settings as the inventory will have them; files by their whole path, since it may lie anywhere. */
function targetOf(options: Options): ImportTarget {
  const { from, port, become, becomePassword, proxyJump, sshConfig } = options;
  const at = from.lastIndexOf('@');
  const path = (file: string | undefined) => (file === undefined ? undefined : resolve(file));
  const password = path(becomePassword);
  const settings: { readonly [Key in keyof Connection]: Connection[Key] | undefined } = {
    user: at < 0 ? undefined : from.slice(0, at),
    port: port === undefined ? undefined : Number(port),
    identityFile: path(options.identityFile),
    become: become && 'sudo',
    becomePassword:
      becomePassword === 'prompt'
        ? 'prompt'
        : password === undefined
          ? undefined
          : { file: password },
    knownHostsFile: path(options.knownHostsFile),
    proxyJump,
    sshConfig: sshConfig === 'none' ? 'none' : path(sshConfig),
  };
  const connection = Object.fromEntries(
    Object.entries(settings).filter(([, value]) => value !== undefined),
  ) as Connection;
  return {
    address: from.slice(at + 1),
    connection: Object.keys(connection).length === 0 ? undefined : connection,
  };
}

function write(file: string, text: string): void {
  try {
    writePrivateFile(file, text, { isNew: true });
    syncDirectory(resolve(file, '..'));
  } catch (thrown) {
    if (errnoOf(thrown) === 'EEXIST') throw isThere(file);
    throw new OutriggerError('USAGE', `cannot write ${printable(file)}: ${messageOf(thrown)}`, {
      cause: thrown,
    });
  }
}

const isThere = (file: string): OutriggerError =>
  new OutriggerError('USAGE', `${printable(file)} already exists: import overwrites no file`, {
    hint: 'name another file with --out, or remove that one',
  });
