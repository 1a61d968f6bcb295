import { lstatSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { importCluster, machineToAsk } from '../../flows/import-cluster.ts';
import { syncFolder, writePrivateFile } from '../../host/private-file.ts';
import type { Asked } from '../../import/draft-of.ts';
import type { Connection } from '../../spec/schema-types.ts';
import { messageOf, OutriggerError } from '../../support/errors.ts';
import { printable } from '../../support/printable.ts';
import { withConnector } from '../connections.ts';
import { EXIT } from '../exit-code.ts';
import type { AddCommand } from '../terminal.ts';

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
}

export const addImport: AddCommand = (terminal, finish) =>
  new Command('import')
    .description(
      'writes an inventory of a living cluster, read through one of its nodes; changes nothing there, overwrites no file',
    )
    .addOption(
      new Option(
        '--from <host>',
        'a cluster node, as ssh would be told: [user@]host',
      ).makeOptionMandatory(),
    )
    .option('-o, --out <file>', 'the file to write, which must not be there yet (default: stdout)')
    .option('--port <port>', 'the port of the SSH server')
    .option('--identity-file <file>', 'the private key to log in with')
    .option('--become', 'become root through sudo')
    .option('--become-password <file>', 'the password that sudo asks for: a file, or `prompt`')
    .option('--known-hosts-file <file>', 'the file of known host keys')
    .option('--proxy-jump <hosts>', 'the jump hosts on the way, as ssh -J takes them')
    .option('--ssh-config <file>', 'the ssh_config file to read, or `none`')
    .action(async (options: Options) => {
      const { out } = options;
      if (out !== undefined && lstatSync(out, { throwIfNoEntry: false }) !== undefined)
        throw isThere(out);
      const asked = askedBy(options);
      const imported = await withConnector(terminal, [machineToAsk(asked)], ({ connect }) =>
        importCluster(asked, connect, terminal.signal),
      );
      for (const note of imported.notes) terminal.err(`warning: ${printable(note)}\n`);
      if (out === undefined) terminal.out(imported.text);
      else {
        write(out, imported.text);
        const next = `outrigger trust -i ${out}, then outrigger plan -i ${out}`;
        terminal.err(`${printable(out)} is written; next: ${printable(next)}\n`);
      }
      finish(EXIT.ok);
    });

/** Settings as the inventory will have them; files by their whole path, since it may lie anywhere. */
function askedBy(options: Options): Asked {
  const { from, port, become, becomePassword, proxyJump, sshConfig } = options;
  const at = from.lastIndexOf('@');
  const path = (file: string | undefined) => (file === undefined ? undefined : resolve(file));
  const password = path(becomePassword);
  const said: { readonly [Key in keyof Connection]: Connection[Key] | undefined } = {
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
    Object.entries(said).filter(([, value]) => value !== undefined),
  ) as Connection;
  return {
    address: from.slice(at + 1),
    connection: Object.keys(connection).length === 0 ? undefined : connection,
  };
}

function write(file: string, text: string): void {
  try {
    writePrivateFile(file, text, { isNew: true });
    syncFolder(resolve(file, '..'));
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'EEXIST')
      throw isThere(file);
    throw new OutriggerError('USAGE', `cannot write ${printable(file)}: ${messageOf(thrown)}`);
  }
}

const isThere = (file: string): OutriggerError =>
  new OutriggerError('USAGE', `${printable(file)} is there already: import overwrites no file`, {
    hint: 'name another with --out, or take that one away',
  });
