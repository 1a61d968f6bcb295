import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { hostScript } from '../../support/host-script.ts';

const folder = new URL('./dnf/', import.meta.url);

/** A host whose programs are these shell scripts; each call is noted in the file that `$CALLS` names. */
interface StandIn {
  /** dnf: after it has been called as `$1` says, `download` or `install`. */
  readonly dnf: string;
  /** Names of the downloaded packages, and what they obsolete. */
  readonly downloaded?: {
    readonly names: readonly string[];
    readonly obsoletes: readonly string[];
  };
  readonly installed?: readonly string[];
  readonly unit?: { readonly load: string; readonly active: string };
}

interface Outcome {
  readonly code: number | null;
  readonly stderr: string;
  readonly calls: readonly string[];
  /** What is still there of what it downloaded. */
  readonly left: readonly string[];
}

const list = (words: readonly string[] = []): string => words.map((word) => `${word}\\n`).join('');

function run({ dnf, downloaded, installed = [], unit }: StandIn, how = 'install'): Outcome {
  const bin = mkdtempSync(join(tmpdir(), 'outrigger-dnf-'));
  const calls = join(bin, 'calls');
  writeFileSync(calls, '');
  const program = (name: string, body: string): void => {
    writeFileSync(join(bin, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  };
  program(
    'dnf',
    `step=install
for word in "$@"; do case $word in --downloadonly) step=download ;; --destdir=*) dir=\${word#*=} ;; esac; done
echo "dnf $step" >>${calls}
set -- "$step"
${dnf}
[ "$step" = install ] || { mkdir -p "$dir"; : >"$dir/one.rpm"; }`,
  );
  program(
    'rpm',
    `case "$*" in
  *OBSOLETENAME*) printf '${list(downloaded?.obsoletes)}' ;;
  *%{NAME}*) printf '${list(downloaded?.names)}' ;;
  *) for name in "$@"; do :; done; printf '${list(installed)}' | grep -qx "$name" ;;
esac`,
  );
  program(
    'systemctl',
    `case $1 in
  show) echo ${unit?.load ?? 'not-found'} ;;
  is-active) echo ${unit?.active ?? 'inactive'} ;;
  mask | unmask) echo "$1" >>${calls} ;;
esac`,
  );
  program('sleep', ':');
  const params = [how, 'ADVICE', 'pacemaker-remote', 'resource-agents'];
  const varTmp = join(bin, 'tmp');
  mkdirSync(varTmp);
  const script = hostScript('host/scripts/services/install-dnf.sh')
    .replaceAll('/var/tmp', varTmp)
    .replace('waited=$((waited + 3))', 'waited=$((waited + 60))'); // five minutes are five tries
  const { status, stderr } = spawnSync('/bin/sh', ['-c', script, 'sh', ...params], {
    env: { PATH: `${bin}:/usr/bin:/bin`, LC_ALL: 'C' },
    encoding: 'utf8',
  });
  const left = readdirSync(varTmp);
  const reported = readFileSync(calls, 'utf8').split('\n').filter(Boolean);
  rmSync(bin, { recursive: true });
  return { code: status, stderr, calls: reported, left };
}

describe('install-dnf', () => {
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.yml'))) {
    it(`says in one line: ${file.replace('.yml', '').replaceAll('-', ' ')}`, () => {
      const { exit, out, err, says } = load(readFileSync(new URL(file, folder), 'utf8')) as {
        readonly exit: number;
        readonly out: string;
        readonly err: string;
        readonly says: string;
      };
      const print = `cat <<'END-OF-RECORD'\n${out}END-OF-RECORD\ncat >&2 <<'END-OF-RECORD'\n${err}END-OF-RECORD\nexit ${exit}`;
      const { code, stderr, calls } = run({ dnf: print });
      assert.equal(stderr, `${says}\n`);
      assert.equal(code, 1);
      // Nothing was installed, and the unit was left as it was.
      assert.deepEqual([...new Set(calls)], ['dnf download']);
    });
  }

  it('downloads, masks the unit that is not there yet, then installs exactly that', () => {
    const { code, stderr, calls, left } = run({
      dnf: ':',
      downloaded: { names: ['pacemaker-remote', 'resource-agents'], obsoletes: [] },
    });
    assert.deepEqual([code, stderr], [0, '']);
    assert.deepEqual(calls, ['dnf download', 'mask', 'dnf install']);
    assert.deepEqual(left, []);
  });

  it('does not leave it masked when nothing was installed', () => {
    const { code, calls } = run({
      dnf: '[ "$1" = download ] || { echo "Error: disk full" >&2; exit 1; }',
      downloaded: { names: ['pacemaker-remote'], obsoletes: [] },
    });
    assert.deepEqual([code, calls], [1, ['dnf download', 'mask', 'dnf install', 'unmask']]);
  });

  it('does not mask a unit that is there', () => {
    const { code, calls } = run({
      dnf: ':',
      downloaded: { names: ['resource-agents'], obsoletes: [] },
      unit: { load: 'loaded', active: 'active' },
    });
    assert.deepEqual([code, calls], [0, ['dnf download', 'dnf install']]);
  });

  for (const [how, calls] of [
    ['fetch', ['dnf download']],
    ['upgrade', ['dnf download', 'dnf install']],
  ] as const) {
    it(`updates a daemon that runs only where that is wanted: ${how}`, () => {
      const reported = run(
        {
          dnf: ':',
          downloaded: { names: ['pacemaker-remote'], obsoletes: [] },
          unit: { load: 'loaded', active: 'active' },
        },
        how,
      );
      assert.deepEqual([reported.code, reported.stderr, reported.calls], [0, '', calls]);
    });
  }

  it('refuses an upgrade that would remove something before it is time for it', () => {
    const { code, stderr, calls } = run(
      {
        dnf: ':',
        downloaded: { names: ['pacemaker-remote'], obsoletes: ['booth'] },
        installed: ['booth'],
      },
      'fetch',
    );
    assert.equal(code, 1);
    assert.match(stderr, /^to upgrade .* would remove booth, /);
    assert.deepEqual(calls, ['dnf download']);
  });

  it('refuses to remove what a new package obsoletes', () => {
    const { code, stderr, calls } = run({
      dnf: ':',
      downloaded: {
        names: ['pacemaker-remote', 'resource-agents'],
        obsoletes: ['heartbeat-resources', 'long-gone', 'resource-agents'],
      },
      installed: ['heartbeat-resources', 'resource-agents'],
    });
    assert.equal(code, 1);
    assert.match(stderr, /^to install .* would remove heartbeat-resources, which it replaces: /);
    assert.deepEqual(calls, ['dnf download']);
  });

  it('refuses to update a daemon that runs, but not one that does not', () => {
    const update = {
      dnf: ':',
      downloaded: { names: ['pacemaker-cli', 'pacemaker-remote'], obsoletes: [] },
    };
    const running = run({ ...update, unit: { load: 'loaded', active: 'active' } });
    assert.match(running.stderr, /would update pacemaker-remote, and restart its daemon/);
    assert.deepEqual([running.code, running.calls], [1, ['dnf download']]);
    const stopped = run({ ...update, unit: { load: 'loaded', active: 'inactive' } });
    assert.equal(stopped.code, 0);
  });

  it('waits for another dnf, and goes on when that is done', () => {
    const held = mkdtempSync(join(tmpdir(), 'outrigger-held-'));
    const { code, calls } = run({
      dnf: `if [ "$(ls ${held} | wc -l)" -lt 3 ]; then mktemp ${held}/XXXXXX >/dev/null; exit 200; fi`,
      downloaded: { names: ['pacemaker-remote'], obsoletes: [] },
    });
    rmSync(held, { recursive: true });
    assert.equal(code, 0);
    assert.deepEqual(calls, [...Array<string>(4).fill('dnf download'), 'mask', 'dnf install']);
  });

  it('is content when there is nothing to install any more', () => {
    const { code, stderr, calls } = run({ dnf: 'exit 0' });
    assert.deepEqual([code, stderr, calls], [0, '', ['dnf download']]);
  });
});
