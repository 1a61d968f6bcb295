/** What examine.sh tells of dependencies, with package managers that are stubs: their words are those of real ones. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { APT_BOTH } from '../../support/apt-words.ts';
import { hostScriptArgs } from '../../support/host-script.ts';

/** apt 2.6 of Debian 12, and apt 3.0 of Debian 13 with its new solver. */
const APT_2 = `Reading package lists...
Some packages could not be installed. This may mean that you have
requested an impossible situation or if you are using the unstable
The following packages have unmet dependencies:
 pacemaker-remote : Depends: libqb100 (>= 2.0) but it is not going to be installed
E: Unable to correct problems, you have held broken packages.`;
const APT_3 = `The following packages have unmet dependencies:
E: Unable to satisfy dependencies. Reached two conflicting assignments:
   1. pacemaker-remote:amd64 is selected for install
   2. pacemaker-remote:amd64 Depends libqb100 (>= 2.0)
      but none of the choices are installable:
      [no choices]`;
/** dnf 4.23 of RHEL 9. */
const DNF_BAD = `Last metadata expiration check: 0:10:03 ago.
Error: 
 Problem: conflicting requests
  - nothing provides libqb.so.100()(64bit) needed by pacemaker-remote-2.1.9-1.el9.x86_64 from ha
(try to add '--skip-broken' to skip uninstallable packages)`;
const DNF_GOOD = `Dependencies resolved.
 pacemaker-remote  x86_64  2.1.9-1.el9  ha  100 k
Operation aborted.`;

function unmet(manager: 'apt-get' | 'dnf', said: string, code: number) {
  const bin = mkdtempSync(join(tmpdir(), 'outrigger-examine-'));
  const program = (name: string, body: string): void => {
    writeFileSync(join(bin, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  };
  for (const name of ['awk', 'cut', 'df', 'grep', 'sed', 'timeout', 'cat'])
    program(name, `exec /usr/bin/${name} "$@"`);
  writeFileSync(join(bin, 'said'), said);
  program(
    manager,
    `case " $* " in *' install '*) echo "$*" >>${bin}/calls; cat ${bin}/said >&2; exit ${code} ;; esac`,
  );
  const argv = hostScriptArgs('probe/examine.sh', ['n', 'pacemaker-remote', 'resource-agents']);
  const { stdout, stderr } = spawnSync('/bin/sh', argv, { env: { PATH: bin }, encoding: 'utf8' });
  const calls = readFileSync(join(bin, 'calls'), 'utf8');
  rmSync(bin, { recursive: true });
  const [, reported = ''] = /\n@n unmet\n([^@]*)\n@n end\n/.exec(stdout) ?? assert.fail(stderr);
  return { reported: reported.split('\n').filter(Boolean), calls };
}

describe('whether what is missing on a host can be installed', () => {
  it('is what apt says of a simulation', () => {
    const { reported, calls } = unmet('apt-get', APT_2, 100);
    assert.deepEqual(reported, [
      'pacemaker-remote : Depends: libqb100 (>= 2.0) but it is not going to be installed',
      'E: Unable to correct problems, you have held broken packages.',
    ]);
    assert.match(
      calls,
      /^install --simulate .*--no-remove .*-- pacemaker-remote resource-agents\n$/,
    );
  });

  it('is what the solver of apt 3 says', () => {
    assert.deepEqual(unmet('apt-get', APT_3, 100).reported, [
      '1. pacemaker-remote:amd64 is selected for install',
      '2. pacemaker-remote:amd64 Depends libqb100 (>= 2.0)',
    ]);
  });

  it('is what cannot be had at all, and not what only follows from that', () => {
    assert.deepEqual(unmet('apt-get', APT_BOTH, 100).reported, [
      'Depends: libqb100 (>= 2.0.3) but it is not installable',
      'resource-agents : Depends: libqb100 (>= 2.0.1) but it is not installable',
      'E: Unable to correct problems, you have held broken packages.',
    ]);
  });

  it('is not told where apt would do it, or was ended', () => {
    assert.deepEqual(unmet('apt-get', 'Inst pacemaker-remote (3.0)', 0).reported, []);
    assert.deepEqual(unmet('apt-get', 'E: half a word', 124).reported, []);
  });

  it('is what dnf says, which does nothing either', () => {
    const { reported, calls } = unmet('dnf', DNF_BAD, 1);
    assert.deepEqual(reported, [
      'Problem: conflicting requests',
      '- nothing provides libqb.so.100()(64bit) needed by pacemaker-remote-2.1.9-1.el9.x86_64 from ha',
    ]);
    assert.match(calls, /--assumeno .*install pacemaker-remote/);
    assert.deepEqual(unmet('dnf', DNF_GOOD, 1).reported, []);
  });
});
