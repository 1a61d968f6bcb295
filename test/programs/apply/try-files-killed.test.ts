import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hostScript, hostScriptArgs } from '../../support/host-script.ts';

/** What any script of ours finds abandoned. */
const abandonedIn = (folder: string): readonly string[] => {
  const script = hostScript('host/scripts/files/remove-left-files.sh');
  const looks = `${script}\neach_abandoned_file "$0" printf '%s\\n'`;
  const { stdout } = spawnSync('/bin/sh', ['-c', looks, folder], { encoding: 'utf8' });
  return stdout.split('\n').filter((line) => line !== '');
};

describe('try-files, when it is killed', () => {
  let folder = '';
  let bin = '';
  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'outrigger-try-')));
    bin = mkdtempSync(join(tmpdir(), 'outrigger-bin-'));
  });
  afterEach(() => {
    for (const one of [folder, bin]) rmSync(one, { recursive: true });
  });

  it('leaves files that are known as abandoned, not before; the next removes them', async () => {
    // Waits in the second file: one has its second name by then, the other its first.
    const head = `if [ -e '${bin}/first' ]; then sleep 60; fi; : >'${bin}/first'`;
    writeFileSync(join(bin, 'head'), `#!/bin/sh\n${head}\n`, {
      mode: 0o755,
    });
    const files = ['a', 'b'].flatMap((name) => [join(folder, name), '9', 'file']);
    const args = hostScriptArgs('host/scripts/files/try-files.sh', files);
    const child = spawn('/bin/sh', args, {
      env: { PATH: `${bin}:/usr/bin:/bin` },
      detached: true,
      stdio: 'ignore',
    });
    const { pid } = child;
    assert.ok(pid !== undefined);
    const names = () => readdirSync(folder).map((name) => name.replace(/\.[^.]*$/, ''));
    while (names().sort().join() !== '.tried.outrigger,.try.outrigger')
      await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual(abandonedIn(folder), []);
    process.kill(-pid, 'SIGKILL');
    await once(child, 'exit');
    while (abandonedIn(folder).length < 2) await new Promise((resolve) => setTimeout(resolve, 20));
    rmSync(join(bin, 'head'));
    const again = spawnSync('/bin/sh', args, { encoding: 'utf8' });
    assert.deepEqual([again.stderr, readdirSync(folder)], ['', []]);
  });
});
