import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { hostScriptArgs } from '../../support/host-script.ts';

const LABEL = 'system_u:object_r:etc_t:s0';

/** What SELinux's own programs would do on a host; the stand-ins note how they are called. */
interface Selinux {
  /** Exit code of selinuxenabled(8). */
  readonly enabled: number;
  /** What matchpathcon(8) prints. */
  readonly label: string;
  readonly chcon?: number;
}

describe('the SELinux label of a file', () => {
  let folder = '';
  let bin = '';
  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'outrigger-label-')));
    bin = join(folder, 'bin');
    mkdirSync(bin);
    mkdirSync(join(folder, 'etc'));
    writeFileSync(join(folder, 'calls'), '');
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const target = (): string => join(folder, 'etc', 'target');
  const calls = (): readonly string[] =>
    readFileSync(join(folder, 'calls'), 'utf8').split('\n').filter(Boolean);

  function run(script: string, params: readonly string[], selinux?: Selinux, input = '') {
    const program = (name: string, body: string): void => {
      writeFileSync(join(bin, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
    };
    // Nobody may see the target with another label: chcon notes whether it is there already.
    if (selinux !== undefined) {
      program('selinuxenabled', `exit ${selinux.enabled}`);
      program(
        'matchpathcon',
        `for path in "$@"; do :; done; echo "asked for $path" >>${folder}/calls; echo '${selinux.label}'`,
      );
      program(
        'chcon',
        `[ -e ${target()} ] && there=' too late'; echo "$2 for $3$there" >>${folder}/calls; exit ${selinux.chcon ?? 0}`,
      );
    }
    const env = { PATH: `${bin}:/usr/bin:/bin` };
    return spawnSync('/bin/sh', hostScriptArgs(script, params), { env, input, encoding: 'utf8' });
  }

  const scripts = {
    'install-file': (selinux?: Selinux) => {
      const { username, gid } = userInfo();
      const digest = createHash('sha256').update('content').digest('hex');
      const rights = [username, String(gid), '0400', digest, '', '', ''];
      return run('host/scripts/install-file.sh', [target(), ...rights], selinux, 'stdin\ncontent');
    },
    'set-environment': (selinux?: Selinux) =>
      run('host/scripts/files/set-environment.sh', [target(), 'PCMK_remote_port', '3122'], selinux),
  };

  for (const [name, install] of Object.entries(scripts)) {
    it(`is that of the target before ${name} puts it in place`, () => {
      const { status, stderr } = install({ enabled: 0, label: LABEL });
      assert.deepEqual([status, stderr], [0, '']);
      assert.deepEqual(calls(), [`asked for ${target()}`, `${LABEL} for /proc/self/fd/9`]);
      assert.ok(existsSync(target()));
    });

    it(`is left to the kernel by ${name} where the policy has no rule`, () => {
      assert.equal(install({ enabled: 0, label: '<<none>>' }).status, 0);
      assert.deepEqual(calls(), [`asked for ${target()}`]);
    });

    it(`is nothing that ${name} asks for where SELinux is off`, () => {
      assert.equal(install({ enabled: 1, label: LABEL }).status, 0);
      assert.deepEqual(calls(), []);
      rmSync(target());
      rmSync(bin, { recursive: true });
      mkdirSync(bin);
      assert.equal(install().status, 0);
    });

    it(`that cannot be set makes ${name} leave everything as it was`, () => {
      assert.notEqual(install({ enabled: 0, label: LABEL, chcon: 1 }).status, 0);
      assert.deepEqual(readdirSync(join(folder, 'etc')), []);
    });
  }
});
