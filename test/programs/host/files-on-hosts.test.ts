/** Whoever may write beside a file of ours, or has put links there, cannot make root write, change or remove another one. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hostScript, hostScriptArgs } from '../../support/host-script.ts';
import { needs } from '../../support/needs.ts';

/** `nobody`, on every system. */
const STRANGER = 65534;
const CONTENT = 'the key';
const DIGEST = createHash('sha256').update(CONTENT).digest('hex');

/** What each script does to the file `target` in a directory, as root. */
const WRITERS: Readonly<Record<string, (target: string) => readonly [string, readonly string[]]>> =
  {
    'install-file': (target) => [
      'host/scripts/install-file.sh',
      [target, 'root', 'root', '0400', DIGEST, '', '', ''],
    ],
    'set-permissions': (target) => [
      'host/scripts/files/set-permissions.sh',
      [target, 'root', 'root', '0400'],
    ],
    'set-environment': (target) => [
      'host/scripts/files/set-environment.sh',
      [target, 'PCMK_remote_port', '3122'],
    ],
    'make-request': (target) => ['host/scripts/files/make-request.sh', [target, 'h1']],
    'activate-pair': (target) => [
      'host/scripts/files/activate-pair.sh',
      [`${target}-new`, target, `${target}-cert-new`, `${target}-cert`],
    ],
  };

for (const shell of ['/bin/dash', '/bin/bash']) {
  describe(`files on hosts, written by ${shell}`, function () {
    this.timeout(30_000);
    let folder = '';
    let etc = '';
    let outside = '';

    before(needs('root', 'openssl', shell));
    beforeEach(() => {
      folder = realpathSync(mkdtempSync(join(tmpdir(), 'outrigger-files-')));
      chmodSync(folder, 0o755);
      [etc, outside] = [join(folder, 'etc'), join(folder, 'outside')];
      mkdirSync(etc);
      mkdirSync(outside);
      writeFileSync(join(outside, 'shadow'), 'kept', { mode: 0o600 });
      chownSync(join(outside, 'shadow'), 1, 1);
    });
    afterEach(() => {
      rmSync(folder, { recursive: true });
    });

    const target = (): string => join(etc, 'key');
    const at = (name: string): string => join(etc, name);
    function pair(): void {
      for (const name of ['key-new', 'key-cert-new', 'key', 'key-cert'])
        writeFileSync(at(name), name, { mode: 0o600 });
    }
    function run(script: string, path = target()) {
      const [file, params] = WRITERS[script]?.(path) ?? assert.fail();
      const argv = hostScriptArgs(file, params);
      return spawnSync(shell, argv, { input: `stdin\n${CONTENT}`, encoding: 'utf8' });
    }
    function assertOutsideKept(): void {
      const { mode, uid } = statSync(join(outside, 'shadow'));
      assert.deepEqual([mode & 0o7777, uid], [0o600, 1]);
      assert.equal(readFileSync(join(outside, 'shadow'), 'utf8'), 'kept');
      assert.deepEqual(readdirSync(outside), ['shadow']);
    }

    const UNSAFE = {
      'its group may write to': {
        make: () => {
          chmodSync(etc, 0o770);
        },
        says: / \(0770 root:root\) can be written to by others than root.*: chmod go-w /,
      },
      'belongs to somebody else': {
        make: () => {
          chownSync(etc, STRANGER, 0);
        },
        says: / \(0755 nobody:root\) does not belong to root.*: chown root /,
      },
      'lies below one that its group may write to': {
        make: () => {
          chmodSync(folder, 0o775);
        },
        says: / \(0775 root:root\) can be written to by others than root.*: chmod go-w /,
      },
      'has the sticky bit, for everybody': {
        make: () => {
          chmodSync(etc, 0o1777);
        },
        says: / \(1777 root:root\) can be written to by others than root/,
      },
      'is reached through a link': {
        make: () => {
          rmSync(etc, { recursive: true });
          mkdirSync(join(folder, 'real'));
          symlinkSync(join(folder, 'real'), etc);
          etc = join(folder, 'etc');
        },
        says: /leads elsewhere through a symbolic link/,
      },
    };
    for (const script of Object.keys(WRITERS))
      for (const [what, { make, says }] of Object.entries(UNSAFE))
        it(`${script} refuses a directory that ${what}, and says which in one line`, () => {
          make();
          pair();
          const before = readdirSync(etc);
          const { status, stderr } = run(script);
          assert.notEqual(status, 0);
          assert.match(stderr, says);
          assert.equal(stderr.split('\n').length, 2, stderr);
          assert.deepEqual(readdirSync(etc), before);
          assert.equal(readFileSync(target(), 'utf8'), 'key');
        });

    it('a directory above may be open to all where the sticky bit keeps what is root’s', () => {
      chmodSync(folder, 0o1777);
      assert.equal(run('install-file').status, 0);
      assert.equal(readFileSync(target(), 'utf8'), CONTENT);
    });

    it('links and files at every name that was ever predictable lead nowhere', () => {
      pair();
      for (const name of [
        '.key.outrigger',
        '.key.outrigger.0123456789',
        '.key.outrigger.abcdefghij',
      ])
        symlinkSync(join(outside, 'shadow'), at(name));
      for (const script of Object.keys(WRITERS)) {
        pair();
        const { status, stderr } = run(script);
        assert.equal(status, 0, `${script}: ${stderr}`);
        assert.ok(lstatSync(target()).isFile());
        assertOutsideKept();
      }
    });

    it('install-file replaces a link; set-permissions and make-request refuse it', () => {
      for (const script of ['set-permissions', 'make-request', 'install-file']) {
        rmSync(target(), { force: true });
        symlinkSync(join(outside, 'shadow'), target());
        const { status, stderr } = run(script);
        assert.equal(status === 0, script === 'install-file', stderr);
        assertOutsideKept();
      }
      assert.ok(lstatSync(target()).isFile());
    });

    it('content that stays keeps its time, by which daemons count as older; new content has its own', () => {
      const written = new Date('2026-01-02T03:04:05Z');
      const real = join(folder, 'real');
      for (const [content, keeps] of [
        [CONTENT, true],
        ['another key', false],
      ] as const) {
        rmSync(target(), { force: true });
        writeFileSync(real, content);
        utimesSync(real, written, written);
        symlinkSync(real, target());
        assert.equal(run('install-file').status, 0);
        assert.equal(lstatSync(target()).mtimeMs === written.getTime(), keeps, content);
      }
    });

    it('a time in the future is that of the last change before ours', () => {
      const future = new Date(Date.now() + 3_600_000);
      for (const script of ['install-file', 'set-permissions']) {
        writeFileSync(target(), CONTENT, { mode: 0o644 });
        utimesSync(target(), future, future);
        const changed = statSync(target()).ctimeMs;
        const { status, stderr } = run(script);
        assert.deepEqual([status, stderr], [0, '']);
        assert.equal(statSync(target()).mtimeMs, changed, script);
      }
    });

    it('set-permissions refuses a file that has another name elsewhere', () => {
      linkSync(join(outside, 'shadow'), target());
      assert.match(run('set-permissions').stderr, /has other names \(hard links\)/);
      assertOutsideKept();
    });

    it('set-environment follows links that only root can have made', () => {
      writeFileSync(at('real'), 'OTHER=1\n');
      symlinkSync('real', target());
      symlinkSync(target(), at('first'));
      assert.equal(run('set-environment', at('first')).status, 0);
      assert.equal(readFileSync(at('real'), 'utf8'), 'OTHER=1\nPCMK_remote_port=3122\n');
      // One on the way is a stranger's.
      const home = join(folder, 'home');
      mkdirSync(home);
      chownSync(home, STRANGER, STRANGER);
      symlinkSync(join(outside, 'shadow'), join(home, 'link'));
      rmSync(at('first'));
      symlinkSync(join(home, 'link'), at('first'));
      assert.match(run('set-environment', at('first')).stderr, /home .* does not belong to root/);
      assertOutsideKept();
    });

    it('remove-files removes the link, not what it leads to, and not by way of a linked directory', () => {
      symlinkSync(join(outside, 'shadow'), target());
      const remove = (path: string) =>
        spawnSync(shell, hostScriptArgs('host/scripts/files/remove-files.sh', [path]), {
          encoding: 'utf8',
        });
      assert.equal(remove(target()).status, 0);
      assert.deepEqual(readdirSync(etc), []);
      symlinkSync(outside, at('linked'));
      assert.match(remove(at('linked/shadow')).stderr, /leads elsewhere/);
      assertOutsideKept();
    });

    it('what was left there is named, and removed by the names that were told', () => {
      const left = [at('.key.outrigger.0123456789'), join(folder, 'outrigger.abcdefghij')];
      writeFileSync(left[0] ?? '', 'left');
      mkdirSync(left[1] ?? '', { mode: 0o700 });
      writeFileSync(join(left[1] ?? '', '.lock'), '');
      writeFileSync(at('.key.outrigger'), 'not ours');
      const list = `${hostScript('host/scripts/cluster/log-run.sh').split('# Writes one line')[0] ?? ''}
each_abandoned_file ${etc} printf '%s\\n'; each_abandoned_directory ${folder} printf '%s\\n'`;
      const named = spawnSync(shell, ['-c', list], { encoding: 'utf8' }).stdout.split('\n');
      assert.deepEqual(named, [...left, '']);
      const argv = hostScriptArgs('host/scripts/files/remove-left-files.sh', left);
      assert.equal(spawnSync(shell, argv).status, 0);
      assert.deepEqual(readdirSync(etc), ['.key.outrigger']);
      assert.deepEqual(readdirSync(folder).sort(), ['etc', 'outside']);
    });

    it('what a stranger has put beside it is never removed as our own', () => {
      writeFileSync(at('.key.outrigger.0123456789'), 'theirs');
      chownSync(at('.key.outrigger.0123456789'), STRANGER, STRANGER);
      assert.equal(run('install-file').status, 0);
      assert.deepEqual(readdirSync(etc).sort(), ['.key.outrigger.0123456789', 'key']);
    });
  });
}
