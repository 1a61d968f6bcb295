import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeError } from '../../../src/cli/process/describe-error.ts';
import { EXIT } from '../../../src/cli/process/exit-code.ts';
import { runCommandLine } from '../../../src/cli/program.ts';
import { compiled } from '../../support/compiled.ts';
import { newKey } from '../../support/fake-sshd.ts';
import { unusedPort } from '../../support/ports.ts';
import { RAW } from '../../hostile/nasty.ts';

const INVENTORY = `apiVersion: outrigger/v1
cluster: { name: prod }
clusterNodes: [{ name: c1, address: 192.0.2.11 }]
remoteNodes: [{ name: r1, address: 192.0.2.21 }]
`;

interface Said {
  readonly code: number;
  readonly text: string;
}

/** Runs a command in this process, for what cannot hang. */
async function run(...argv: string[]): Promise<Said> {
  let text = '';
  const say = (more: string): void => void (text += more);
  const terminal = {
    out: say,
    err: say,
    outStream: process.stdout,
    errStream: process.stderr,
    inIsTerminal: false,
    env: {},
    signal: new AbortController().signal,
  };
  try {
    return { code: await runCommandLine(argv, terminal), text };
  } catch (thrown) {
    return { code: EXIT.error, text: text + describeError(thrown) };
  }
}

/** Runs a command as a process of its own, killed when it has not ended after a while. */
const runProcess = (...argv: string[]): Promise<Said> =>
  new Promise((resolve) => {
    const args = [compiled('src/cli/main.ts'), ...argv];
    execFile(process.execPath, args, { timeout: 50_000 }, (error, stdout, stderr) => {
      resolve({ code: Number(error?.code ?? (error ? -1 : 0)), text: stdout + stderr });
    });
  });

describe('hostile arguments', () => {
  let folder: string;
  const at = (name: string): string => join(folder, name);

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'outrigger-arguments-'));
    await writeFile(at('inventory.yml'), INVENTORY);
  });
  after(async () => {
    await rm(folder, { recursive: true });
  });

  const evil = '\u001b]0;owned\u0007\u009b31m\u202e';

  for (const [what, argv] of Object.entries({
    'a file name': ['validate', '-i', `/nowhere/${evil}`],
    'a pattern': ['plan', '-i', 'INVENTORY', '--limit', evil],
    'a risk': ['apply', '-i', 'INVENTORY', '--allow', evil],
    'a number': ['plan', '-i', 'INVENTORY', '--forks', evil],
    'a batch': ['apply', '-i', 'INVENTORY', '--batch', evil],
    'a playbook': ['plan', '-i', 'INVENTORY', '--playbook', `/nowhere/${evil}`],
    'an option': ['plan', '-i', 'INVENTORY', `--${evil}`],
    'a command': [evil],
    'the name of a schema': ['schema', evil],
  })) {
    it(`are told without their control characters: ${what}`, async () => {
      const { code, text } = await run(
        ...argv.map((word) => word.replace('INVENTORY', at('inventory.yml'))),
      );
      assert.equal(code, EXIT.error);
      assert.doesNotMatch(text, RAW);
      assert.match(text, /owned/);
    });
  }

  it('are told without their control characters: the file of a valid inventory', async () => {
    const file = at(`${evil}.yml`.replaceAll('/', ''));
    await writeFile(file, INVENTORY);
    const { code, text } = await run('validate', '-i', file);
    assert.deepEqual(
      [code, RAW.test(text), text.includes('is valid: 1 cluster node')],
      [0, false, true],
    );
    await writeFile(file, 'cluster: 1');
    assert.doesNotMatch((await run('validate', '-i', file)).text, RAW);
    assert.doesNotMatch((await run('validate', '--json', '-i', file)).text, RAW);
  });

  describe('an inventory that is no inventory', () => {
    const refused = async (said: Promise<Said>, why: RegExp): Promise<void> => {
      const { code, text } = await said;
      assert.equal(code, EXIT.error, text);
      assert.match(text, why);
      assert.ok(text.length < 1000, text);
    };

    it('is refused: a folder', () => refused(run('validate', '-i', folder), /it is a directory/));

    it('is refused: nothing', () =>
      refused(run('validate', '-i', at('nothing')), /no such file or directory/));

    it('is refused: a FIFO that nobody writes to', async () => {
      execFileSync('mkfifo', [at('fifo')]);
      await refused(runProcess('validate', '-i', at('fifo')), /it is not a regular file/);
    });

    it('is refused: a device that never ends', () =>
      refused(runProcess('validate', '-i', '/dev/zero'), /it is not a regular file/));

    it('is refused: a hundred megabytes', async () => {
      await writeFile(at('large'), 'a: b\n');
      await truncate(at('large'), 100_000_000);
      await refused(run('validate', '-i', at('large')), /it is larger than 4 MiB/);
    });

    it('is refused at the first byte that is no UTF-8', async () => {
      await writeFile(at('latin1'), Buffer.from('cluster: x\nname: Z\u00fcrich\n', 'latin1'));
      await refused(run('validate', '-i', at('latin1')), /latin1:2:8: error: not valid UTF-8/);
    });

    it('is refused: an executable', () =>
      refused(run('validate', '-i', process.execPath), /larger than 4 MiB|no UTF-8/));

    for (const [what, text] of Object.entries({
      brackets: '['.repeat(4_000_000),
      'lines of garbage': '%%%\n'.repeat(1_000_000),
      'one list': '- x\n'.repeat(1_000_000),
      passwords: `${'password'.repeat(500_000)}: [`,
      anchors: '&a '.repeat(1_300_000),
      blanks: ' '.repeat(4_000_000),
      'keys in one line': `{${'a: 1, '.repeat(650_000)}}`,
      comments: '#\n'.repeat(2_000_000),
    })) {
      it(`is refused within seconds: four megabytes of ${what}`, async () => {
        await writeFile(at('garbage'), text);
        const began = process.cpuUsage();
        const { code, text: said } = await run('validate', '-i', at('garbage'));
        const { user, system } = process.cpuUsage(began);
        assert.equal(code, EXIT.error, said.slice(0, 500));
        assert.ok(said.length < 80_000, String(said.length));
        assert.ok(user + system < 10e6, `${(user + system) / 1e6} s`);
      });
    }
  });

  describe('a file that an inventory names', () => {
    it('is refused at its place when it is too large, or cannot be read', async () => {
      await writeFile(at('huge'), '', { mode: 0o600 });
      await truncate(at('huge'), 1_000_000_000_000);
      await symlink('loop', at('loop'));
      const text = [
        INVENTORY,
        'connection:',
        '  identityFile: huge',
        '  knownHostsFile: loop',
        '  becomePassword: { file: huge }',
        '  sshConfig: huge',
        'authentication: { authkey: { file: huge } }',
      ].join('\n');
      await writeFile(at('sizes.yml'), text);
      const { code, text: said } = await run('validate', '-i', at('sizes.yml'));
      assert.equal(code, EXIT.error);
      for (const expected of [
        /sizes\.yml:7:17: error: .*huge is larger than 1 MiB/,
        /sizes\.yml:8:19: error: .*loop cannot be read: too many symbolic links encountered \(ELOOP\)/,
        /sizes\.yml:9:27: error: .*huge is larger than 1 MiB/,
        /sizes\.yml:10:14: error: .*huge is larger than 1 MiB/,
        /sizes\.yml:11:36: error: .*huge is larger than 1 MiB/,
      ]) {
        assert.match(said, expected);
      }
    });

    for (const [line, why] of [
      ['IdentityFile', /fifo cannot be used: it is not a regular file/],
      ['UserKnownHostsFile', /cannot read the known_hosts file \S+fifo: it is not a regular file/],
      ['Include', /cannot read \S+fifo: it is not a regular file/],
    ] as const) {
      it(`is refused by way of ssh_config: ${line} of a FIFO`, async () => {
        execFileSync('mkfifo', ['-m', '600', at(`${line}-fifo`)]);
        await writeFile(at('identity'), newKey('ed25519').private, { mode: 0o600 });
        await writeFile(at(`${line}.config`), `${line} ${at(`${line}-fifo`)}\n`);
        const connection = JSON.stringify({
          sshConfig: `${line}.config`,
          port: await unusedPort(),
          ...(line === 'IdentityFile' ? {} : { identityFile: 'identity' }),
        });
        const text = INVENTORY.replace('192.0.2.11', '127.0.0.1').replace(
          '192.0.2.21',
          '127.0.0.2',
        );
        await writeFile(at('config.yml'), `${text}connection: ${connection}\n`);
        const { code, text: said } = await runProcess('plan', '-i', at('config.yml'));
        assert.ok(code > 0, said);
        assert.match(said, why);
      });
    }

    it('is refused when it is no file at all', async () => {
      execFileSync('mkfifo', ['-m', '600', at('key')]);
      const text = `${INVENTORY}connection: { identityFile: key, knownHostsFile: /dev/zero }\nauthentication: { authkey: { file: . } }\n`;
      await writeFile(at('files.yml'), text);
      const { code, text: said } = await run('plan', '-i', at('files.yml'));
      assert.equal(code, EXIT.error);
      assert.equal(said.match(/is not a regular file \[wrong-file\]/g)?.length, 3, said);
    });
  });
});
