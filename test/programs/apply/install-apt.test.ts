import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { APT_BOTH } from '../../support/apt-words.ts';
import { hostScriptArgs } from '../../support/host-script.ts';

/** What apt 2.6 of Debian 12 prints where a dependency cannot be had, and one of a mirror that does not answer. */
const UNMET = `Reading package lists...
Building dependency tree...
Some packages could not be installed. This may mean that you have
requested an impossible situation or if you are using the unstable
distribution that some required packages have not yet been created
or been moved out of Incoming.
The following information may help to resolve the situation:

The following packages have unmet dependencies:
 pacemaker-remote : Depends: libqb100 (>= 2.0) but it is not going to be installed
E: Unable to correct problems, you have held broken packages.`;
const NO_MIRROR = `Err:1 http://deb.example/debian bookworm/main amd64 pacemaker-remote amd64 3.0.0-2
E: Failed to fetch http://user:word@deb.example/debian/pool/main/p/pacemaker/pacemaker-remote_3.0.0-2_amd64.deb  404  Not Found
E: Unable to fetch some archives, maybe run apt-get update or try with --fix-missing?`;

interface Host {
  readonly apt: string;
  readonly load: string;
  /** What dpkg says of pacemaker-remote; empty: nothing. */
  readonly status: string;
}

function install({ apt, load, status }: Host) {
  const bin = mkdtempSync(join(tmpdir(), 'outrigger-apt-'));
  const calls = join(bin, 'calls');
  writeFileSync(calls, '');
  const program = (name: string, body: string): void => {
    writeFileSync(join(bin, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  };
  writeFileSync(join(bin, 'log'), apt);
  program('apt-get', `[ "$1" = update ] || { cat ${join(bin, 'log')}; exit 100; }`);
  program('dpkg', ':');
  program('dpkg-query', status === '' ? 'exit 1' : `echo ${status}`);
  program(
    'systemctl',
    `case $1 in
  show) echo ${load} ;;
  is-active) echo inactive ;;
  *) echo "$1" >>${calls}; echo 'Unit pacemaker_remote.service does not exist, proceeding anyway.' >&2 ;;
esac`,
  );
  const argv = hostScriptArgs('host/scripts/services/install-apt.sh', [
    'install',
    'pacemaker-remote',
  ]);
  const env = { PATH: `${bin}:/usr/bin:/bin`, LC_ALL: 'C' };
  const { status: code, stderr } = spawnSync('/bin/sh', argv, { env, encoding: 'utf8' });
  const reported = readFileSync(calls, 'utf8').split('\n').filter(Boolean);
  rmSync(bin, { recursive: true });
  return { code, stderr, reported };
}

describe('install-apt, when apt fails', () => {
  it('says why in one line: its errors and advice first, then what they are about', () => {
    assert.equal(
      install({ apt: UNMET, load: 'not-found', status: '' }).stderr,
      'E: Unable to correct problems, you have held broken packages.; pacemaker-remote : Depends: libqb100 (>= 2.0) but it is not going to be installed\n',
    );
  });

  it('names what cannot be had at all, whatever else follows from that', () => {
    assert.equal(
      install({ apt: APT_BOTH, load: 'not-found', status: '' }).stderr,
      'E: Unable to correct problems, you have held broken packages.; Depends: libqb100 (>= 2.0.3) but it is not installable; resource-agents : Depends: libqb100 (>= 2.0.1) but it is not installable\n',
    );
  });

  it('shows no password of a repository', () => {
    const { stderr } = install({ apt: NO_MIRROR, load: 'not-found', status: '' });
    assert.equal(
      stderr,
      'E: Failed to fetch http://deb.example/debian/pool/main/p/pacemaker/pacemaker-remote_3.0.0-2_amd64.deb  404  Not Found; E: Unable to fetch some archives, maybe run apt-get update or try with --fix-missing?\n',
    );
  });

  it('says something where apt says nothing', () => {
    const { code, stderr } = install({ apt: '', load: 'not-found', status: '' });
    assert.deepEqual([code, stderr], [1, 'apt-get failed without a word\n']);
  });

  for (const [what, load, status, reported] of [
    ['is not masked any more where nothing was installed', 'not-found', '', ['mask', 'unmask']],
    ['nor where the package was removed', 'not-found', 'not-installed', ['mask', 'unmask']],
    ['stays masked where the package is half there', 'not-found', 'unpacked', ['mask']],
    ['stays masked where somebody else had masked it', 'masked', '', ['mask']],
    ['stays as it was where it was there', 'loaded', 'installed', []],
  ] as const)
    it(`the unit ${what}`, () => {
      const { code, reported: calls } = install({ apt: UNMET, load, status });
      assert.equal(code, 1);
      assert.deepEqual(calls, reported);
    });
});
