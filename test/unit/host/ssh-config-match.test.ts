import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RouteFinder } from '../../../src/host/ssh/route/route.ts';

describe('a criterion of Match that only ssh can judge', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'outrigger-match-'));
    mkdirSync(join(folder, '.ssh'), { mode: 0o700 });
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  const route = (text: string): unknown => {
    const sshConfig = join(folder, 'config');
    writeFileSync(sshConfig, text);
    return new RouteFinder({ env: {}, home: folder }).routeTo({
      address: 'web',
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
    });
  };

  for (const [criteria, name] of [
    ['originalhost web exec true', 'exec'],
    ['host web localnetwork 10.0.0.0/8', 'localnetwork'],
    ['all tagged x', 'tagged'],
  ] as const)
    it(`is named, and not what stands before it: ${criteria}`, () => {
      assert.throws(
        () => route(`Match host web\n  ForwardAgent yes\nMatch ${criteria}\n  User admin\n`),
        {
          code: 'INPUT_INVALID',
          message: new RegExp(`depends on \`Match ${name}\` \\(\\S+config:3\\)`),
        },
      );
    });
});
