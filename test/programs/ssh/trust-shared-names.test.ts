import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type RealSshd, sshdFolder, type SshdFolder, FOR_SSHD } from '../../support/sshd.ts';
import { runCommand } from '../../support/trust-bench.ts';
import { needs } from '../../support/needs.ts';

describe('outrigger trust, where servers share a name', () => {
  let servers: SshdFolder;

  before(needs(...FOR_SSHD));
  beforeEach(async () => {
    servers = await sshdFolder();
  });
  afterEach(() => servers.remove());

  const inventory = (sshConfig: string, connections: readonly object[]): string => {
    const file = join(servers.path, 'inventory.yml');
    const knownHostsFile = join(servers.path, 'new_known_hosts');
    const document = {
      apiVersion: 'outrigger/v1',
      cluster: { name: 'prod' },
      connection: { identityFile: servers.identityFile, knownHostsFile, sshConfig },
      clusterNodes: connections.map((connection, index) => ({
        name: `c${String(index + 1)}`,
        address: '127.0.0.1',
        connection,
      })),
    };
    writeFileSync(file, JSON.stringify(document));
    return file;
  };

  const printOf = ({ folder }: RealSshd): string =>
    execFileSync('ssh-keygen', ['-lf', join(folder, 'host_ed25519.pub')])
      .toString()
      .split(' ')[1] ?? '';

  it('records the key of a jump host that is a host with pinned keys as well', async () => {
    const [first, second] = [await servers.start(), await servers.start()];
    const file = inventory('none', [
      { port: first.port, hostKeys: { pinned: [printOf(first)] } },
      { port: second.port, proxyJump: `root@127.0.0.1:${String(first.port)}` },
    ]);
    const { code, out } = await runCommand('trust', '--yes', '-i', file);
    assert.equal(code, 0, out);
    assert.match(out, /2 new host keys recorded/);
  });

  it('asks each of several hosts with one HostKeyAlias', async () => {
    const [first, second] = [await servers.start(), await servers.start()];
    const config = join(servers.path, 'config');
    writeFileSync(config, 'HostKeyAlias nodes\n');
    const file = inventory(config, [{ port: first.port }, { port: second.port }]);
    const { code, out } = await runCommand('trust', '--yes', '-i', file);
    assert.equal(code, 0, out);
    assert.ok(out.includes(printOf(first)) && out.includes(printOf(second)), out);
  });
});
