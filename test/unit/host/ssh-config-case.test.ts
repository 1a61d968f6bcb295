import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RouteFinder } from '../../../src/host/ssh/route/route.ts';

// As `ssh -G` of OpenSSH 9.2 says.
describe('the case of names in ssh_config', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'outrigger-case-'));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  const revokedFor = (address: string, condition: string): readonly string[] => {
    const sshConfig = join(folder, 'config');
    writeFileSync(sshConfig, `${condition}\n  RevokedHostKeys /revoked\n`);
    return new RouteFinder({ env: {}, home: folder }).routeTo({
      address,
      port: undefined,
      user: undefined,
      become: 'none',
      identityFile: undefined,
      becomePassword: undefined,
      hostKeys: { kind: 'strict' },
      sshConfig,
      knownHostsFile: undefined,
      proxyJump: undefined,
      connectTimeoutMs: 5000,
    }).target.restrictions.revokedKeys;
  };

  for (const [address, condition, expected] of [
    ['web', 'Match host WEB', ['/revoked']],
    ['WEB', 'Match host w*', ['/revoked']],
    ['web', 'Match originalhost WEB', ['/revoked']],
    ['web', 'Match !host WEB', []],
    ['web', 'Match user ROOT', []],
    ['web', 'Host WEB', []],
  ] as const)
    it(`counts as ssh counts it: ${address} with ${condition}`, () => {
      assert.deepEqual(revokedFor(address, condition), expected);
    });
});
