import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unusedPort } from '../support/ports.ts';
import { runCommand } from '../support/trust-bench.ts';

describe('a plan that is limited', () => {
  let folder: string;
  let inventory: string;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'outrigger-limited-'));
    inventory = join(folder, 'inventory.yml');
    const connection = { port: await unusedPort(), sshConfig: 'none' };
    writeFileSync(join(folder, 'known_hosts'), '');
    writeFileSync(
      inventory,
      JSON.stringify({
        apiVersion: 'outrigger/v1',
        cluster: { name: 'prod' },
        connection: { ...connection, knownHostsFile: 'known_hosts' },
        clusterNodes: [{ name: 'c1', address: '127.0.0.1' }],
        remoteNodes: [{ name: 'r[1-4]', address: '127.0.1.[1-4]' }],
      }),
    );
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  for (const command of ['plan', 'drift']) {
    it(`says so: ${command}`, async () => {
      const { err } = await runCommand(command, '-i', inventory, '--limit', 'r[2-3]');
      assert.match(err, /^limited to r\[2-3\]: r1, r4 excluded \(--limit\)$/m);
    });
  }

  it('says nothing where all are meant', async () => {
    assert.doesNotMatch((await runCommand('plan', '-i', inventory)).err, /limited/);
    const { err } = await runCommand('plan', '-i', inventory, '--limit', 'remoteNodes');
    assert.doesNotMatch(err, /limited/);
  });
});
