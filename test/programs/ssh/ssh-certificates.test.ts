import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sshConnector } from '../../../src/host/ssh/connector.ts';
import type { Connection } from '../../../src/host/host.ts';
import { OutriggerError } from '../../../src/support/errors.ts';
import { withoutPrompt } from '../../support/secrets.ts';
import {
  newKeyFile,
  type RealSshd,
  sshdFolder,
  type SshdFolder,
  FOR_SSHD,
} from '../../support/sshd.ts';
import { inventoryOf, runCommand } from '../../support/trust-bench.ts';
import { needs } from '../../support/needs.ts';

const SENTENCE = /outrigger does not support SSH certificates/;

describe('SSH certificates', () => {
  let servers: SshdFolder;
  let remove: SshdFolder['remove'] | undefined;
  let sshd: RealSshd;
  let agent: ChildProcess | undefined;
  const at = (name: string): string => join(servers.path, name);
  const sign = (...args: string[]): void => {
    execFileSync('ssh-keygen', ['-q', '-s', at('ca'), '-I', 'test', '-V', '+1d', ...args]);
  };

  before(needs(...FOR_SSHD, 'ssh', 'ssh-agent', 'ssh-add'));
  before(async () => {
    servers = await sshdFolder();
    remove = () => servers.remove();
    for (const name of ['ca', 'operator']) newKeyFile(at(name), 'ed25519');
    sign('-n', 'root', at('operator.pub'));
    sshd = await servers.start([`TrustedUserCAKeys ${at('ca.pub')}`]);
  });
  after(async () => {
    agent?.kill();
    await remove?.();
  });

  const failure = async (connection: Connection, env = {}): Promise<OutriggerError> => {
    const { signal } = new AbortController();
    const connector = sshConnector({ env, signal, fetchSecret: withoutPrompt });
    const thrown: unknown = await connector.connect('alpha', connection, signal).then(
      () => assert.fail('it has let us in'),
      (error: unknown) => error,
    );
    assert.ok(thrown instanceof OutriggerError);
    return thrown;
  };
  const sshLogsIn = (...options: string[]): boolean =>
    spawnSync('ssh', [
      '-F',
      'none',
      '-o',
      'BatchMode=yes',
      '-o',
      'StrictHostKeyChecking=yes',
      '-p',
      String(sshd.port),
      ...options,
      'root@127.0.0.1',
      'true',
    ]).status === 0;

  it('beside a key: ssh logs in, and the error says that outrigger cannot', async () => {
    const { knownHostsFile = '' } = sshd.connection;
    const options = ['-i', at('operator'), '-o', `UserKnownHostsFile=${knownHostsFile}`];
    assert.ok(sshLogsIn(...options, '-o', 'IdentityAgent=none'));
    const { code, hint = '' } = await failure({
      ...sshd.connection,
      identityFile: at('operator'),
    });
    assert.equal(code, 'AUTHENTICATION_FAILED');
    assert.match(hint, SENTENCE);
    assert.ok(hint.includes(at('operator-cert.pub')), hint);
  });

  it('named in ssh_config', async () => {
    newKeyFile(at('plain'), 'ed25519');
    const sshConfig = at('config');
    writeFileSync(
      sshConfig,
      `CertificateFile ${at('operator-cert.pub')}\nIdentityFile ${at('plain')}\nIdentitiesOnly yes\n`,
    );
    const { hint = '' } = await failure({ ...sshd.connection, sshConfig, identityFile: undefined });
    assert.match(hint, SENTENCE);
    assert.ok(hint.includes(at('operator-cert.pub')), hint);
  });

  it('in the agent', async () => {
    const socket = at('agent');
    agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
    for (let tries = 0; tries < 100 && !existsSync(socket); tries += 1) await sleep(20);
    const env = { SSH_AUTH_SOCK: socket };
    execFileSync('ssh-add', ['-q', at('operator')], { env: { ...process.env, ...env } });
    const { hint = '' } = await failure({ ...sshd.connection, identityFile: undefined }, env);
    assert.match(hint, SENTENCE);
    assert.match(hint, /in the ssh-agent/);
  });

  it('is not mentioned where there is none', async () => {
    newKeyFile(at('stranger'), 'ed25519');
    const { hint = '' } = await failure({ ...sshd.connection, identityFile: at('stranger') });
    assert.doesNotMatch(hint, /certificate/);
  });

  describe('of a host', () => {
    let certified: RealSshd;
    let known: string;
    before(async () => {
      const folder = at('host');
      newKeyFile(folder, 'ed25519');
      sign('-h', '-n', '127.0.0.1', `${folder}.pub`);
      certified = await servers.start([`HostKey ${folder}`, `HostCertificate ${folder}-cert.pub`], {
        kinds: [],
      });
      known = at('authorities');
      writeFileSync(known, `@cert-authority [127.0.0.*]:* ${readFileSync(at('ca.pub'), 'utf8')}`);
    });

    it('ssh believes it, and the error says that outrigger cannot', async () => {
      const logsIn = spawnSync('ssh', [
        '-F',
        'none',
        '-o',
        'BatchMode=yes',
        '-o',
        'StrictHostKeyChecking=yes',
        '-p',
        String(certified.port),
        '-i',
        servers.identityFile,
        '-o',
        `UserKnownHostsFile=${known}`,
        'root@127.0.0.1',
        'true',
      ]);
      assert.equal(logsIn.status, 0, String(logsIn.stderr));
      const { code, hint = '' } = await failure({
        ...certified.connection,
        knownHostsFile: known,
      });
      assert.equal(code, 'HOST_KEY_UNKNOWN');
      assert.match(hint, SENTENCE);
      assert.ok(hint.includes(`${known}:1 (@cert-authority)`), hint);
    });

    it('is no new host for accept-new', async () => {
      const before = readFileSync(known, 'utf8');
      const { code, hint = '' } = await failure({
        ...certified.connection,
        knownHostsFile: known,
        hostKeys: { kind: 'accept-new' },
      });
      assert.equal(code, 'HOST_KEY_UNKNOWN');
      assert.match(hint, SENTENCE);
      assert.equal(readFileSync(known, 'utf8'), before);
    });

    it('is told by doctor, and by trust, which records the plain key', async () => {
      const inventory = inventoryOf(servers, [certified], { knownHostsFile: known });
      const doctor = await runCommand('doctor', '-i', inventory);
      assert.match(doctor.out.replaceAll(/\s+/g, ' '), SENTENCE);
      const { code, out } = await runCommand('trust', '--yes', '-i', inventory);
      assert.equal(code, 0, out);
      assert.match(out, /its certificate \(@cert-authority in .*:1\) is not checked/);
      assert.match((await runCommand('trust', '-i', inventory)).out, /all hosts are known/);
    });
  });
});
