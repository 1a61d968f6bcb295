/** A script that is ended by a signal leaves nothing, stops what it has started, and its exit code says which signal it was. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hostScript } from '../../support/host-script.ts';
import { needs } from '../../support/needs.ts';

const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGPIPE: 141, SIGTERM: 143 } as const;
type Signal = keyof typeof SIGNALS;

/** A script, and the program that hangs in it; `stdin`: it hangs because its input does not end. */
interface Case {
  readonly script: string;
  readonly params: readonly string[];
  readonly input?: string;
  /** What comes before an input that does not end. */
  readonly before?: string;
  readonly hangsIn: string;
}

const CASES: Readonly<Record<string, (etc: string) => Case>> = {
  'write-cib, while the CIB is read': () => ({
    script: 'apply/cluster/write-cib.sh',
    params: ['0.1', 'lock'],
    input: '<cib password="fence"/>',
    hangsIn: 'cibadmin',
  }),
  'write-cib, while its input comes': () => ({
    script: 'apply/cluster/write-cib.sh',
    params: ['0.1', 'lock'],
    hangsIn: 'stdin',
  }),
  lock: () => ({
    script: 'apply/lock/lock.sh',
    params: ['take', 'id', '60'],
    input: '<cluster_property_set/>',
    hangsIn: 'cibadmin',
  }),
  simulate: () => ({
    script: 'forecast/simulate.sh',
    params: ['nonce', '3', '3', '1'],
    input: 'abcdef',
    hangsIn: 'crm_simulate',
  }),
  'simulate-course': () => ({
    script: 'forecast/simulate-course.sh',
    params: ['nonce', '', '3'],
    input: 'abc',
    hangsIn: 'crm_simulate',
  }),
  'verify-cib': () => ({
    script: 'probe/verify-cib.sh',
    params: ['nonce', '3'],
    input: 'abcdef',
    hangsIn: 'crm_verify',
  }),
  'verify-cib, while its input comes': () => ({
    script: 'probe/verify-cib.sh',
    params: ['nonce', '3'],
    hangsIn: 'stdin',
  }),
  'install-dnf, while it downloads': () => ({
    script: 'host/scripts/services/install-dnf.sh',
    params: ['install', 'ADVICE', 'pacemaker-remote'],
    input: '',
    hangsIn: 'dnf',
  }),
  'install-file, while the content comes': (etc) => ({
    script: 'host/scripts/install-file.sh',
    params: [join(etc, 'authkey'), 'root', 'root', '0400', 'digest', '', '', ''],
    before: 'stdin\n',
    hangsIn: 'stdin',
  }),
  'make-request, while the key is made': (etc) => ({
    script: 'host/scripts/files/make-request.sh',
    params: [join(etc, 'key'), 'h1'],
    input: '',
    hangsIn: 'openssl',
  }),
};

for (const shell of ['/bin/dash', '/bin/bash']) {
  describe(`scripts that a signal ends, in ${shell}`, function () {
    this.timeout(30_000);
    let folder = '';
    let memory = '';
    let etc = '';
    const running: ChildProcessWithoutNullStreams[] = [];

    before(needs('root', shell));
    beforeEach(() => {
      folder = realpathSync(mkdtempSync(join(tmpdir(), 'outrigger-signals-')));
      [memory, etc] = [join(folder, 'run'), join(folder, 'etc')];
      for (const path of [memory, etc, join(folder, 'bin')]) mkdirSync(path);
      program('cibadmin', 'echo "<cib password=\'fence\'/>"');
      for (const name of ['crm_simulate', 'crm_verify', 'dnf', 'openssl']) program(name, ':');
    });
    afterEach(() => {
      for (const child of running.splice(0)) child.kill('SIGKILL');
      rmSync(folder, { recursive: true });
    });

    const at = (name: string): string => join(folder, name);
    const program = (name: string, body: string): void => {
      writeFileSync(join(folder, 'bin', name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
    };

    /** Starts a script and waits until it hangs there. */
    async function started({ script, params, input, before = '', hangsIn }: Case) {
      if (hangsIn !== 'stdin') program(hangsIn, `echo $$ >${at('pid')}; exec sleep 300`);
      const text = hostScript(script, memory).replaceAll('/var/tmp', memory);
      const child = spawn(shell, ['-c', text, 'sh', ...params], {
        env: { PATH: `${at('bin')}:/usr/bin:/bin`, LC_ALL: 'C' },
      });
      running.push(child);
      let stdout = '';
      child.stdout.setEncoding('utf8').on('data', (piece: string) => (stdout += piece));
      const ended = new Promise<number | string | null>((resolve) => {
        child.once('exit', (code, signal) => {
          resolve(signal ?? code);
        });
      });
      if (input === undefined) child.stdin.write(`${before}<half`);
      else child.stdin.end(input);
      await until(() =>
        hangsIn === 'stdin'
          ? childrenOf(child.pid).some(
              (one) => /^Name:\s+cat$/m.test(statusOf(one)) && isWaitedFor(one),
            )
          : existsSync(at('pid')) && isWaitedFor(pid()),
      );
      return { child, ended, stdout: () => stdout };
    }
    const pid = (): number => Number(readFileSync(at('pid'), 'utf8'));
    const left = (): readonly string[] => [...readdirSync(memory), ...readdirSync(etc)];

    for (const [what, make] of Object.entries(CASES))
      for (const signal of Object.keys(SIGNALS) as Signal[])
        it(`${what}: ${signal}`, async () => {
          const one = make(etc);
          const { child, ended } = await started(one);
          assert.ok(left().length > 0, 'it has made nothing yet');
          child.kill(signal);
          assert.equal(await ended, SIGNALS[signal]);
          assert.deepEqual(left(), []);
          if (one.hangsIn !== 'stdin') await until(() => !isAlive(pid()));
        });

    it('a transaction of dnf is not broken off: the signal is heard when it is over', async () => {
      program('dnf', TRANSACTION(at('pid'), at('go')));
      program('rpm', 'echo pacemaker-remote');
      program('systemctl', ':');
      const one = CASES['install-dnf, while it downloads']?.(etc) ?? assert.fail();
      const { child, ended } = await started({ ...one, hangsIn: 'nothing' });
      child.kill('SIGTERM');
      await sleep(300);
      assert.ok(isAlive(pid()), 'dnf was killed');
      writeFileSync(at('go'), '');
      assert.equal(await ended, 143);
      assert.ok(existsSync(at('done')));
      assert.deepEqual(left(), []);
    });

    it('SIGKILL leaves it for the next one, which leaves alone what lives', async () => {
      const make = CASES['write-cib, while its input comes'] ?? assert.fail();
      const killed = await started(make(etc));
      killed.child.kill('SIGKILL');
      await killed.ended;
      killed.child.stdin.destroy();
      await until(() => left().length === 1);
      const alive = await started(make(etc));
      // The directory of the killed one is gone, unless its `cat` has not ended yet.
      await until(async () => {
        if (left().length > 1) await runToEnd();
        return left().length === 1;
      });
      await runToEnd();
      assert.equal(left().length, 1);
      assert.equal(statSync(join(memory, left()[0] ?? '')).mode & 0o777, 0o700);
      alive.child.kill('SIGTERM');
      await alive.ended;
      assert.deepEqual(left(), []);
    });

    async function runToEnd(): Promise<void> {
      const child = spawn(shell, ['-c', hostScript('apply/lock/lock.sh', memory), 'sh', 'read'], {
        env: { PATH: `${at('bin')}:/usr/bin:/bin` },
        stdio: 'ignore',
      });
      await new Promise((resolve) => child.once('exit', resolve));
    }

    it('what only looks like ours stays', async () => {
      for (const [name, mode] of [
        ['outrigger.0123456789', 0o755],
        ['outrigger.012345678', 0o700],
        ['other.0123456789', 0o700],
      ] as const)
        mkdirSync(join(memory, name), { mode });
      writeFileSync(join(memory, 'outrigger.abcdefghij'), '');
      await runToEnd();
      assert.equal(left().length, 4);
    });
  });
}

/** dnf: the first call downloads a package, the second hangs until it may go on. */
const TRANSACTION = (pid: string, go: string): string => `
for word in "$@"; do case $word in --destdir=*) dir=\${word#*=}; mkdir -p "$dir"; : >"$dir/one.rpm"; exit 0 ;; esac; done
echo $$ >${pid}
until [ -e ${go} ]; do sleep 0.1; done
: >${go.replace(/go$/, 'done')}`;

/** timeout(1) loses sight of a program when a signal comes in the moment of its fork (coreutils before 9.5). */
const isWaitedFor = (pid: number): boolean =>
  pid > 0 && /^State:\s+S/m.test(statusOf(Number(/^PPid:\s+(\d+)/m.exec(statusOf(pid))?.[1])));

const childrenOf = (pid = 0): readonly number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);

/** Empty: it has ended. */
function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return '';
  }
}

/** A zombie that nobody has reaped yet is not alive. */
const isAlive = (pid: number): boolean => /^State:\s+[^Z\s]/m.test(statusOf(pid));

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    if (await isSo()) return;
    await sleep(20);
  }
  assert.fail('it does not come to that');
}
