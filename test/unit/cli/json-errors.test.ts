/** With --json a program always gets a document, also when there is no result. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { exitCodeOf } from '../../../src/cli/process/exit-code.ts';
import { runCommandLine } from '../../../src/cli/program.ts';
import { loadSchema } from '../../../src/flows/load-document.ts';
import { errorAsJson } from '../../../src/report/error-json.ts';
import { OutriggerError } from '../../../src/support/errors.ts';
import { findSchemaFaults } from '../../../src/support/yaml/json-schema.ts';

const stream = Object.assign(new PassThrough(), { isTTY: false }) as unknown as NodeJS.WriteStream;

interface Failure {
  readonly error: { code: string; message: string; hint: string | null; host?: string };
  readonly problems: readonly { code: string; message: string; host?: string; line?: number }[];
}

async function run(...argv: string[]) {
  let out = '';
  let err = '';
  const terminal = {
    out: (text: string) => (out += text),
    err: (text: string) => (err += text),
    outStream: stream,
    errStream: stream,
    inIsTerminal: false,
    env: { HOME: '/nonexistent' },
    signal: AbortSignal.timeout(20_000),
  };
  const code = await runCommandLine(argv, terminal).catch((thrown: unknown) => {
    assert.ok(thrown instanceof OutriggerError, String(thrown));
    return exitCodeOf(thrown.code);
  });
  return { code, out, err };
}

async function failureOf(...argv: string[]): Promise<Failure & { exit: number }> {
  const { code, out } = await run(...argv);
  assert.match(out, /^[^\n]+\n$/, `${argv.join(' ')}: ${out}`);
  const found = JSON.parse(out) as Failure;
  assert.deepEqual(findSchemaFaults(loadSchema('error'), found), []);
  assert.notEqual(code, 0);
  return { ...found, exit: code };
}

/** Every command that reads an inventory, with what it needs besides. */
const COMMANDS: readonly (readonly string[])[] = [
  ['validate'],
  ['plan'],
  ['apply', '--yes'],
  ['drift'],
  ['status'],
  ['doctor'],
  ['upgrade', '--yes'],
  ['rotate', 'authkey', '--yes'],
  ['rotate', 'certificates', '--yes'],
  ['rotate', 'authority', '--yes'],
  ['unlock', 'abc', '--yes'],
  ['trust', '--yes'],
];

describe('a command with --json that fails', () => {
  let folder: string;
  let inventory: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'outrigger-json-'));
    inventory = join(folder, 'inventory.yml');
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const declare = (more: object = {}): void => {
    const document = {
      apiVersion: 'outrigger/v1',
      cluster: { name: 'prod' },
      connection: { user: 'root', sshConfig: 'none', connectTimeout: '1s' },
      clusterNodes: [
        { name: 'c1', address: '127.0.0.1', connection: { port: 1 } },
        { name: 'c2', address: '127.0.0.1', connection: { port: 2 } },
      ],
      remoteNodes: [{ name: 'h1', address: 'localhost', connection: { port: 3 } }],
      ...more,
    };
    writeFileSync(inventory, JSON.stringify(document, undefined, 1));
  };

  for (const command of COMMANDS) {
    const name = command.filter((word) => !word.startsWith('-')).join(' ');

    it(`tells it as a document: ${name}, used wrongly`, async () => {
      const missing = await failureOf(...command, '--json');
      assert.deepEqual([missing.error.code, missing.exit], ['USAGE', 1]);
      assert.match(missing.error.message, /--inventory/);
      const unknown = await failureOf(...command, '-i', inventory, '--colour', '--json');
      assert.equal(unknown.error.code, 'USAGE');
      assert.match(unknown.error.message, /--colour/);
      const unreadable = await failureOf(...command, '-i', join(folder, 'none'), '--json');
      assert.equal(unreadable.error.code, 'USAGE');
    });

    it(`tells it as a document where --json has a value, as no flag has: ${name}`, async () => {
      for (const flag of ['--json=yes', '--json=']) {
        const { error, exit } = await failureOf(...command, '-i', inventory, flag);
        assert.deepEqual([error.code, exit], ['USAGE', 1]);
        assert.match(error.message, /--json=/);
      }
    });

    if (name === 'validate') continue; // It prints what it found, which is a result.

    it(`tells it as a document: ${name}, with an inventory that is not valid`, async () => {
      declare({ clusterNodes: [{ name: 'c1', adress: 'x' }], remoteNodes: 7 });
      const { error, problems, exit } = await failureOf(...command, '-i', inventory, '--json');
      assert.deepEqual([error.code, exit], ['INPUT_INVALID', 1]);
      assert.match(error.message, /^\S+ is not valid: \d errors$/);
      assert.ok(problems.length >= 2, JSON.stringify(problems));
      assert.ok(problems.every(({ line }) => (line ?? 0) > 1));
    });
  }

  for (const command of [
    ['plan'],
    ['drift'],
    ['status'],
    ['apply', '--yes'],
    ['unlock', 'abc', '--yes'],
  ]) {
    it(`names each host that did not respond: ${command[0] ?? ''}`, async () => {
      declare();
      const { error, problems, exit } = await failureOf(...command, '-i', inventory, '--json');
      assert.deepEqual([error.code, exit], ['HOST_UNREACHABLE', 3]);
      const hosts = problems.map(({ host }) => host);
      assert.deepEqual(
        hosts.filter((host) => host !== 'h1'),
        ['c1', 'c2'],
      );
    });
  }

  it('is trust, where nobody could be asked', async () => {
    declare();
    const asking = await failureOf('trust', '-i', inventory, '--json');
    assert.match(asking.error.message, /--json does not prompt for confirmation: add --yes/);
    const { code, out } = await run('trust', '-i', inventory, '--json', '--yes');
    const result = JSON.parse(out) as { recorded: number; hosts: readonly { state: string }[] };
    assert.deepEqual(findSchemaFaults(loadSchema('trust'), result), []);
    assert.deepEqual([code, result.recorded], [3, 0]);
    assert.deepEqual(
      result.hosts.map(({ state }) => state),
      ['unreachable', 'unreachable', 'unreachable'],
    );
    const print = `SHA256:${'a'.repeat(43)}`;
    const replace = ['--replace', 'c1', '--fingerprint', print];
    const { error } = await failureOf('trust', '-i', inventory, '--json', ...replace);
    assert.equal(error.code, 'HOST_UNREACHABLE');
  });

  it('tells it of commands that read no inventory as well', async () => {
    const none = join(folder, 'none');
    for (const argv of [
      ['show', none],
      ['apply', none, '--yes'],
      ['undo', '1', '--yes'],
      ['import', '--from', '127.0.0.1', '--port', '1'],
      ['history', '-i', none],
    ])
      assert.ok((await failureOf(...argv, '--json')).error.message.length > 0);
    for (const argv of [['nothing'], ['schema', 'nothing'], ['plan', '--forks', '-1']])
      assert.equal((await failureOf(...argv, '--json')).error.code, 'USAGE');
  });

  it('prints nothing of that on stdout without --json, nor for help', async () => {
    assert.equal((await run('plan')).out, '');
    const help = await run('plan', '--json', '--help');
    assert.deepEqual([help.code, help.out.includes('"error"')], [0, false]);
  });

  it('prints a result once, also where the command fails by it', async () => {
    declare({ remoteNodes: 7 });
    const { code, out } = await run('validate', '-i', inventory, '--json');
    assert.equal(code, 1);
    assert.equal((JSON.parse(out) as { valid: boolean }).valid, false);
  });

  it('tells a bug as one, and nothing that a terminal would obey', () => {
    const bug = JSON.parse(errorAsJson(new TypeError('x is undefined'))) as Failure;
    assert.deepEqual(findSchemaFaults(loadSchema('error'), bug), []);
    assert.equal(bug.error.code, 'INTERNAL');
    const hostile = new OutriggerError('REFUSED', 'two\nlines\u001b[2K', { host: 'h\u202e1' });
    const { error } = JSON.parse(errorAsJson(hostile)) as Failure;
    assert.deepEqual([error.message, error.host], ['two\nlines\\u{1b}[2K', 'h\\u{202e}1']);
  });
});
