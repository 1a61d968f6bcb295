import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  newKeyFile,
  type RealSshd,
  sshdFolder,
  type SshdFolder,
  FOR_SSHD,
} from '../../support/sshd.ts';
import { connectSsh } from '../../support/ssh-bench.ts';
import { inventoryOf, runCommand } from '../../support/trust-bench.ts';
import { needs } from '../../support/needs.ts';

describe('what ssh_config forbids, against a real sshd', () => {
  let servers: SshdFolder;
  let remove: SshdFolder['remove'] | undefined;
  let sshd: RealSshd;

  before(needs(...FOR_SSHD, 'ssh'));
  before(async () => {
    servers = await sshdFolder();
    remove = () => servers.remove();
    sshd = await servers.start(['LogLevel DEBUG1'], { kinds: ['ed25519', 'rsa'] });
  });
  after(() => remove?.());

  const at = (name: string): string => join(servers.path, name);
  const pub = (name: string): string => readFileSync(join(sshd.folder, `host_${name}.pub`), 'utf8');
  const connectWith = async (lines: string): Promise<void> => {
    const sshConfig = at('config');
    writeFileSync(sshConfig, lines);
    const connection = { ...sshd.connection, sshConfig };
    const host = await connectSsh('alpha', connection, new AbortController().signal);
    await host.close();
  };
  /** What ssh itself does with the same lines. */
  const sshLogsIn = (lines: string): boolean => {
    const { port, identityFile, knownHostsFile } = sshd.connection;
    writeFileSync(
      at('asked'),
      `${lines}Port ${port ?? 22}\nIdentityFile ${identityFile ?? ''}\nUserKnownHostsFile ${knownHostsFile ?? ''}\nGlobalKnownHostsFile none\nIdentityAgent none\nBatchMode yes\nStrictHostKeyChecking yes\n`,
    );
    return spawnSync('ssh', ['-F', at('asked'), 'root@127.0.0.1', 'true']).status === 0;
  };

  for (const [what, make, message] of [
    [
      'a list that names the key',
      () => pub('ed25519'),
      /which .*revoked \(RevokedHostKeys\) revokes/,
    ],
    [
      'what is no list',
      () => 'nonsense\n',
      /cannot read the revoked host keys .* not a public key/,
    ],
    ['a file that is missing', () => undefined, /cannot read the revoked host keys .*ENOENT/],
  ] as const) {
    it(`RevokedHostKeys: ${what} refuses the host, as ssh does`, async () => {
      const text = make();
      execFileSync('rm', ['-f', at('revoked')]);
      if (text !== undefined) writeFileSync(at('revoked'), text);
      const lines = `RevokedHostKeys ${at('revoked')}\n`;
      assert.equal(sshLogsIn(lines), false);
      await assert.rejects(connectWith(lines), { host: 'alpha', message });
      await assert.rejects(connectWith(`RevokedHostKeys ${at('revoked')}\nCompression no\n`));
    });
  }

  it('RevokedHostKeys: a pinned key is no exception, nor is one that `trust` sees', async () => {
    writeFileSync(at('revoked'), pub('ed25519'));
    writeFileSync(at('config'), `RevokedHostKeys ${at('revoked')}\n`);
    const [, print = ''] = execFileSync('ssh-keygen', ['-lf', join(sshd.folder, 'host_ed25519')], {
      encoding: 'utf8',
    }).split(' ');
    const connection = {
      ...sshd.connection,
      sshConfig: at('config'),
      hostKeys: { kind: 'pinned' as const, fingerprints: [print] },
    };
    await assert.rejects(connectSsh('alpha', connection, new AbortController().signal), {
      code: 'HOST_KEY_CHANGED',
    });
    const inventory = inventoryOf(servers, [sshd], { sshConfig: at('config') });
    const { code, out } = await runCommand('trust', '--yes', '-i', inventory);
    assert.equal(code, 3, out);
    assert.match(out, /RevokedHostKeys\) revokes/);
  });

  it('RevokedHostKeys: a KRL of other keys leaves the host alone', async () => {
    newKeyFile(at('stolen'), 'ed25519');
    writeFileSync(at('specification'), `sha256: ${readFileSync(at('stolen.pub'), 'utf8')}`);
    execFileSync('ssh-keygen', ['-q', '-k', '-f', at('revoked'), at('specification')]);
    const lines = `RevokedHostKeys ${at('revoked')}\n`;
    assert.equal(sshLogsIn(lines), true);
    await connectWith(lines);
  });

  for (const [lines, agreed] of [
    [
      'Ciphers aes256-ctr\nMACs hmac-sha2-512\nKexAlgorithms ecdh-sha2-nistp384\n',
      ['cipher: aes256-ctr MAC: hmac-sha2-512 ', 'kex: algorithm: ecdh-sha2-nistp384'],
    ],
    ['Ciphers chacha20-poly1305@openssh.com\n', ['cipher: chacha20-poly1305@openssh.com ']],
    ['KexAlgorithms diffie-hellman-group14-sha256\n', ['algorithm: diffie-hellman-group14-sha256']],
    ['MACs hmac-sha1-etm@openssh.com\nCiphers aes128-ctr\n', ['MAC: hmac-sha1-etm@openssh.com ']],
    [
      'HostKeyAlgorithms rsa-sha2-256\nRequiredRSASize 2048\n',
      ['kex: host key algorithm: rsa-sha2-256'],
    ],
    ['AddressFamily inet\nBindAddress 127.0.0.2\n', ['Connection from 127.0.0.2 ']],
  ] as const) {
    it(`agrees with the server on ${JSON.stringify(lines)}`, async () => {
      assert.equal(sshLogsIn(lines), true);
      const before = sshd.log().length;
      await connectWith(lines);
      const log = sshd.log().slice(before);
      for (const line of agreed) assert.ok(log.includes(line), log);
    });
  }

  for (const [lines, message] of [
    ['HostKeyAlgorithms rsa-sha2-256\nRequiredRSASize 8192\n', /has 3072 bits/],
    ['PubkeyAcceptedAlgorithms rsa-sha2-*\n', /does not allow ssh-ed25519/],
    ['HostKeyAlgorithms ecdsa-sha2-nistp256\n', /no matching host key/],
  ] as const) {
    it(`refuses with ${JSON.stringify(lines)}, as ssh does`, async () => {
      assert.equal(sshLogsIn(lines), false);
      await assert.rejects(connectWith(lines), { host: 'alpha', message });
    });
  }
});
