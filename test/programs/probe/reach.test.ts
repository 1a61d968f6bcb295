import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hostScriptArgs } from '../../support/host-script.ts';
import { readReach } from '../../../src/probe/readers/read-reach.ts';

const PROBE = fileURLToPath(new URL('../../../src/probe/probe.sh', import.meta.url));

/** The part of the probe that tries files, with stand-ins for what it takes to become hacluster. */
function tried(files: readonly string[], bin: string): readonly string[] {
  const program = [
    'has() { command -v "$1" >/dev/null 2>&1; }',
    `eval "$(sed -n "/^try='/,/^}/p" "$0")"`,
    'try_as_hacluster "$@"',
  ].join('\n');
  const { stdout } = spawnSync('sh', ['-c', program, PROBE, ...files], {
    env: { PATH: `${bin}:/usr/bin:/bin` },
    encoding: 'utf8',
  });
  return stdout.trim().split('\n');
}

describe('how a daemon gets at its files', () => {
  let folder = '';
  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'outrigger-reach-')));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('is tried as hacluster with its groups', () => {
    writeFileSync(join(folder, 'id'), '#!/bin/sh\necho 65534\n', { mode: 0o755 });
    writeFileSync(join(folder, 'setpriv'), '#!/bin/sh\necho "$1 $2 $3 $4 $5"\n', { mode: 0o755 });
    assert.deepEqual(tried(['/x'], folder), ['--reuid hacluster --regid 65534 --init-groups']);
  });

  it('shows a file that cannot be opened, a pipe that is not waited for, and directories on the way', () => {
    writeFileSync(join(folder, 'id'), '#!/bin/sh\necho 1\n', { mode: 0o755 });
    writeFileSync(join(folder, 'setpriv'), '#!/bin/sh\nshift 5\nexec "$@"\n', { mode: 0o755 });
    const key = join(folder, 'key');
    writeFileSync(key, 'k');
    symlinkSync('nowhere', join(folder, 'dangling'));
    spawnSync('mkfifo', [join(folder, 'pipe')]);
    const lines = tried([key, join(folder, 'dangling'), join(folder, 'pipe')], folder);
    assert.ok(lines.includes(`reads ${key}`));
    assert.ok(lines.includes(`denied ${join(folder, 'dangling')}`));
    assert.ok(lines.includes(`denied ${join(folder, 'pipe')}`));
    assert.ok(lines.includes(`passes ${folder}`));
  });

  it('is read with every directory, that of a link and that of its target', () => {
    const lines = [
      'authkey named /etc/pacemaker/authkey',
      'authkey real /root/my key',
      'authkey above root haclient 750 /etc/pacemaker',
      'authkey above root root 700 /root',
      'ca named /etc/pacemaker/x509-ca.pem',
      'ca real /etc/pacemaker/x509-ca.pem',
      'denied /etc/pacemaker/authkey',
      'denied /root/my key',
      'passes /etc/pacemaker',
      'stopped /root',
    ];
    const { reach } = readReach(new Map([['reach', lines]]), 'authkey');
    assert.deepEqual(reach, {
      path: '/etc/pacemaker/authkey',
      realPath: '/root/my key',
      isReadable: false,
      above: [
        { owner: 'root', group: 'haclient', mode: '750', path: '/etc/pacemaker', isPassable: true },
        { owner: 'root', group: 'root', mode: '700', path: '/root', isPassable: false },
      ],
    });
    assert.deepEqual(readReach(new Map(), 'authkey'), {});
    assert.deepEqual(readReach(new Map([['reach', lines]]), 'crl'), {});
  });
});

describe('whose daemon reads', () => {
  const HACLUSTER = /\n@N reach\n(?:.+\n)*denied \/as\/hacluster\n/;

  /** What the probe prints of a host that has every program of a cluster node. */
  function probed(role: string, active: string): string {
    const bin = realpathSync(mkdtempSync(join(tmpdir(), 'outrigger-reach-')));
    for (const [name, body] of Object.entries({
      pacemakerd: 'exit 0',
      id: 'echo 1',
      setpriv: 'echo "denied /as/hacluster"',
      systemctl: `[ "$1 $2" = "is-active ${active}.service" ] && echo active`,
    }))
      writeFileSync(join(bin, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
    const { stdout } = spawnSync('sh', [...hostScriptArgs('probe/probe.sh', ['N', role])], {
      env: { PATH: `${bin}:/usr/bin:/bin:/usr/sbin:/sbin` },
      input: '',
      encoding: 'utf8',
    });
    rmSync(bin, { recursive: true });
    assert.match(stdout, /\n@N reach\n/);
    return stdout;
  }

  it('is that of hacluster on a cluster node, whoever asks, in the middle of a run as well', () => {
    for (const role of ['remote', 'member']) assert.match(probed(role, 'pacemaker'), HACLUSTER);
    assert.match(probed('member', 'nothing'), HACLUSTER);
  });

  it('is root on a remote node that has the packages of a cluster node too', () => {
    for (const active of ['pacemaker_remote', 'nothing'])
      assert.doesNotMatch(probed('remote', active), HACLUSTER);
  });
});
