import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import {
  commandLine,
  type Dialog,
  listenToSudo,
  ownErrors,
  readReply,
  type ScriptReply,
  standardInput,
} from '../../../src/shell/script.ts';
import { cases } from '../../support/cases.ts';
import { needs } from '../../support/needs.ts';

const NONCE = '0123456789abcdef';
const VARIABLES = ['nonce', 'count', 'uid', 'line']
  .map((name) => `\${outrigger_${name}-}`)
  .join('');

interface Run {
  readonly shell: string;
  readonly script: string;
  readonly params?: readonly string[];
  readonly input?: string;
  readonly uid?: string;
}

interface Ran {
  readonly code: number | null;
  readonly reply: ScriptReply;
  readonly stderr: string;
}

/** Runs the script as the far side does, with `shell` in the place of /bin/sh; Node's stdin pipe is a socketpair. */
function run({ shell, script, params = [], input = '', uid = '0' }: Run): Promise<Ran> {
  const line = commandLine('none').replace('exec /bin/sh -c ', `exec ${shell} -c `);
  const sent = standardInput({ nonce: NONCE, script, params, input: Buffer.from(input) });
  const child = spawn('/bin/sh', ['-c', line], {
    env: { PATH: '/usr/bin:/bin', LANG: 'de_DE.UTF-8' },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdin.on('error', () => undefined);
  child.stdin.end(Buffer.from(sent).toString().replace('$(id -u)', `$(echo ${uid})`));
  return new Promise((resolve) => {
    child.on('close', (code) => {
      resolve({ code, reply: readReply(stdout, NONCE), stderr: ownErrors(stderr, NONCE) });
    });
  });
}

const oneLine = fc
  .string({
    unit: fc.oneof(fc.constantFrom(...`'"\\$\`!*~ \t-`.split('')), fc.string()),
    maxLength: 30,
  })
  .map((text) => text.replace(/[\0\r\n]/g, ''));

for (const program of ['/bin/dash', '/bin/bash']) {
  describe(`a script run by ${program}`, () => {
    // As a host has it: bash is another shell under the name sh.
    const folder = mkdtempSync(join(tmpdir(), 'outrigger-sh-'));
    const shell = join(folder, 'sh');
    before(needs(program));
    before(() => {
      symlinkSync(program, shell);
    });
    after(() => {
      rmSync(folder, { recursive: true });
    });

    it('gets its parameters as they are and finds the rest on stdin', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(oneLine, { maxLength: 12 }),
          fc.string(),
          async (params, text) => {
            const input = text.replaceAll('\0', '');
            const script = `printf '%s:' "$#"; for p; do printf '%s\\n' "$p"; done; cat`;
            const { reply } = await run({ shell, script, params, input });
            const lines = params.map((param) => `${param}\n`).join('');
            assert.deepEqual(reply, { kind: 'ran', stdout: `${params.length}:${lines}${input}` });
          },
        ),
        { numRuns: cases(40) },
      );
    });

    it('leaves a large input whole', async () => {
      const input = 'one line of sixteen\n'.repeat(60_000);
      const { reply } = await run({ shell, script: 'wc -c', params: ['a'], input });
      assert.equal(reply.kind === 'ran' ? reply.stdout.trim() : reply.kind, String(input.length));
    });

    it('runs in the C locale, with the system folders on its path and files closed to others', async () => {
      const { reply } = await run({ shell, script: 'echo "$LC_ALL $PATH $(umask)"' });
      assert.deepEqual(reply, {
        kind: 'ran',
        stdout: 'C /usr/bin:/bin:/usr/sbin:/usr/bin:/sbin:/bin 0077\n',
      });
    });

    it('keeps its exit code and its stderr', async () => {
      const { code, stderr } = await run({ shell, script: 'echo it broke >&2; exit 7' });
      assert.deepEqual({ code, stderr }, { code: 7, stderr: 'it broke\n' });
    });

    it('leaves no variable of its own behind', async () => {
      const { reply } = await run({ shell, script: `echo ${VARIABLES}`, params: ['a'] });
      assert.deepEqual(reply, { kind: 'ran', stdout: '\n' });
    });

    it('is not started for anybody but root', async () => {
      const { reply } = await run({ shell, script: 'echo started', uid: '1000' });
      assert.deepEqual(reply, { kind: 'not-root', uid: '1000' });
    });

    it('is not started with fewer parameters than were announced, or cut short', async () => {
      const child = spawn(shell, ['-c', commandLine('none')]);
      const sent = standardInput({ nonce: NONCE, script: 'echo started', params: ['one'], input });
      child.stdin.end(
        Buffer.from(sent)
          .toString()
          .replace(/1\none\n$/, '2\nonly one\n'),
      );
      const code = await new Promise((resolve) => child.on('close', resolve));
      assert.equal(code, 125);
      const cut = spawn(shell, ['-c', commandLine('none')]);
      cut.stdin.end(Buffer.from(sent).subarray(0, -20));
      assert.equal(await new Promise((resolve) => cut.on('close', resolve)), 125);
    });
  });
}

const input = Buffer.of();

describe('commandLine', () => {
  it('asks sudo never to prompt, in the C locale', () => {
    assert.match(commandLine('sudo'), /^exec env LC_ALL=C sudo -n -- \/bin\/sh -c '/);
  });

  it('lets sudo ask with a question of ours, and tells when it has let us through', () => {
    const line = commandLine('sudo', NONCE);
    assert.ok(line.includes(` sudo -S -p 'outrigger:${NONCE}:password:%p:' -- /bin/sh -c 'echo `));
    assert.throws(() => commandLine('sudo', `'; reboot`), /nonce/);
    const stderr = `We trust you\noutrigger:${NONCE}:password:admin:outrigger:${NONCE}:password:admin:`;
    const heardOf = (text: string, gate = NONCE): Dialog => listenToSudo(gate)(text);
    const { questions, promptedUser: asked, isThrough } = heardOf(stderr);
    assert.deepEqual(
      { questions, asked, isThrough },
      { questions: 2, asked: 'admin', isThrough: false },
    );
    assert.equal(heardOf(stderr, 'fedcba9876543210').questions, 0);
    assert.equal(heardOf(`${stderr}outrigger:${NONCE}:through\n`).isThrough, true);
  });

  it('hears sudo alike, however its words are cut into pieces', () => {
    const said = `We trust you\noutrigger:${NONCE}:password:admin:Sorry, try again.\nsudo: 1 incorrect password attempt\noutrigger:${NONCE}:through\n`;
    const whole = listenToSudo(NONCE)(said);
    for (const length of [1, 2, 7, 50]) {
      const listen = listenToSudo(NONCE);
      const pieces = said.match(new RegExp(`[^]{1,${length}}`, 'g')) ?? [];
      assert.deepEqual(pieces.map(listen).at(-1), whole);
    }
    const expected = { questions: 1, promptedUser: 'admin', isThrough: true, isIncorrect: true };
    assert.deepEqual(whole, expected);
  });

  it('is one that csh and fish read as sh does: short, one line, no backslash, no exclamation mark', () => {
    for (const line of [commandLine('none'), commandLine('sudo'), commandLine('sudo', NONCE)]) {
      assert.doesNotMatch(line, /[\n\\!]/);
      // One word in single quotes, or two; BSD csh takes words of less than 1024 characters.
      for (const word of line.match(/'[^']*'/g) ?? []) assert.ok(word.length < 1000, word);
      assert.equal((line.match(/'/g)?.length ?? 0) % 2, 0);
    }
  });
});

describe('standardInput', () => {
  for (const [name, character] of [
    ['NUL', '\0'],
    ['CR', '\r'],
    ['LF', '\n'],
  ] as const) {
    it(`refuses a parameter with ${name}`, () => {
      const params = ['fine', `a${character}b`];
      assert.throws(
        () => standardInput({ nonce: NONCE, script: '', params, input }),
        /parameter 2/,
      );
    });
  }

  it('refuses a nonce that could be guessed or break the line', () => {
    for (const nonce of ['', 'abc', `${NONCE}\n`]) {
      assert.throws(() => standardInput({ nonce, script: '', params: [], input }));
    }
  });
});

describe('readReply', () => {
  it('cuts what was printed before the script, also without a line break', () => {
    const stdout = `Welcome!\nLast login: today outrigger:${NONCE}:begin\nanswer\n`;
    assert.deepEqual(readReply(stdout, NONCE), { kind: 'ran', stdout: 'answer\n' });
  });

  it('knows only its own nonce', () => {
    const stdout = 'outrigger:ffffffffffffffff:begin\nanswer\n';
    assert.deepEqual(readReply(stdout, NONCE), { kind: 'not-started', noise: stdout });
  });
});
