import assert from 'node:assert/strict';
import type { ExecRequest, Host } from '../../../src/host/host.ts';
import { type ErrorCode, OutriggerError } from '../../../src/support/errors.ts';
import { Secret } from '../../../src/support/secret.ts';
import { type FakeSshd, type FakeSshdOptions, startFakeSshd } from '../../support/fake-sshd.ts';
import { connectSsh } from '../../support/ssh-bench.ts';

describe('running scripts over SSH', () => {
  let server: FakeSshd | undefined;
  let host: Host | undefined;
  afterEach(async () => {
    await host?.close();
    await server?.close();
  });

  const open = async (options: FakeSshdOptions = {}, become: 'none' | 'sudo' = 'none') => {
    server = await startFakeSshd(options);
    host = await connectSsh(
      'alpha',
      { ...server.connection, become },
      new AbortController().signal,
    );
    return { server, host };
  };
  const failure = async (on: Host, request: Partial<ExecRequest>, code: ErrorCode) => {
    const error = await on.exec({ script: 'true', timeoutMs: 30_000, ...request }).then(
      (result) => assert.fail(`ran: ${JSON.stringify(result)}`),
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof OutriggerError, String(error));
    assert.equal(error.code, code, error.message);
    assert.equal(error.host, 'alpha');
    return error;
  };

  it('gives back code, stdout and stderr; a code other than 0 is an answer', async () => {
    const opened = await open();
    const result = await opened.host.exec({
      script: 'echo out; echo err >&2; exit 3',
      timeoutMs: 30_000,
    });
    assert.deepEqual(result, { code: 3, stdout: 'out\n', stderr: 'err\n' });
  });

  it('hands parameters over as they are, and never in the command line', async () => {
    const opened = await open();
    const params = [
      `it's "quoted"`,
      '$(touch ran) `touch ran`',
      '; touch ran',
      '-n',
      '',
      ' two  words ',
      'ünïcödé \\n',
    ];
    const script = `for p; do printf '<%s>' "$p"; done; ls`;
    const { stdout } = await opened.host.exec({ script, params, timeoutMs: 30_000 });
    assert.equal(stdout, params.map((param) => `<${param}>`).join(''));
    assert.equal(opened.server.commands.length, 1);
    assert.ok(!opened.server.commands.join('').includes('touch'));
  });

  it('refuses a parameter with a line break before anything is sent', async () => {
    const opened = await open();
    await failure(opened.host, { params: ['a\nb'] }, 'INPUT_INVALID');
    assert.equal(opened.server.commands.length, 0);
  });

  it('moves a mebibyte in and many out, secret or not', async () => {
    const opened = await open();
    const input = 'x'.repeat(1024 * 1024);
    const there = await opened.host.exec({
      script: 'wc -c',
      input: new Secret(Buffer.from(input)),
      timeoutMs: 10_000,
    });
    assert.equal(there.stdout.trim(), String(input.length));
    const back = await opened.host.exec({
      script: 'cat; cat /dev/zero | head -c 8000000 | tr "\\0" y',
      input,
      maxOutputMiB: 16,
      timeoutMs: 10_000,
    });
    assert.equal(back.stdout, input + 'y'.repeat(8_000_000));
  });

  it('does not mind a script that leaves its input unread', async () => {
    const opened = await open();
    const result = await opened.host.exec({
      script: 'exit 0',
      input: 'x'.repeat(4_000_000),
      timeoutMs: 30_000,
    });
    assert.equal(result.code, 0);
  });

  it('runs twenty at once, at most eight at a time', async () => {
    const opened = await open();
    const runs = Array.from({ length: 20 }, (_, index) =>
      opened.host.exec({
        script: 'sleep 0.05; echo "$1"',
        params: [String(index)],
        timeoutMs: 30_000,
      }),
    );
    const results = await Promise.all(runs);
    assert.deepEqual(
      results.map(({ stdout }) => Number(stdout)),
      [...runs.keys()],
    );
    assert.ok(opened.server.seen.mostChannels <= 8, String(opened.server.seen.mostChannels));
  });

  it('cuts what a talkative login shell prints', async () => {
    const opened = await open({ noise: 'Welcome to alpha!\nLast login: never' });
    const { stdout } = await opened.host.exec({ script: 'echo answer', timeoutMs: 30_000 });
    assert.equal(stdout, 'answer\n');
  });

  for (const [what, script] of Object.entries({
    stdout: 'cat /dev/zero',
    stderr: 'cat /dev/zero >&2',
    'fifty megabytes before it ends': 'head -c 50000000 /dev/zero',
  })) {
    it(`REPLY_INVALID: a command that prints more than it may: ${what}`, async () => {
      const opened = await open();
      const before = process.memoryUsage.rss();
      const { message } = await failure(
        opened.host,
        { script, timeoutMs: 15_000 },
        'REPLY_INVALID',
      );
      assert.equal(message, 'a command printed more than 1 MiB');
      assert.ok(process.memoryUsage.rss() - before < 100e6);
    });
  }

  it('TIMED_OUT: a command that prints a little, without end', async () => {
    const opened = await open();
    const script = 'while :; do echo .; sleep 0.01; done';
    const { message } = await failure(opened.host, { script, timeoutMs: 500 }, 'TIMED_OUT');
    assert.match(message, /within 0\.5 s/);
  });

  it('TIMED_OUT: a command that does not end, and the connection lives on', async () => {
    const opened = await open();
    const { message } = await failure(
      opened.host,
      { script: 'sleep 60', timeoutMs: 150 },
      'TIMED_OUT',
    );
    assert.match(message, /within 0\.15 s/);
    assert.equal(
      (await opened.host.exec({ script: 'echo alive', timeoutMs: 30_000 })).stdout,
      'alive\n',
    );
  });

  it('TIMED_OUT: a host that never answers', async () => {
    const opened = await open({ hang: 'exec' });
    await failure(opened.host, { timeoutMs: 150 }, 'TIMED_OUT');
  });

  it('HOST_UNREACHABLE: a connection lost half-way, for every command under way and every later one', async () => {
    const opened = await open({ dropAfterMs: 100 });
    const running = Array.from({ length: 10 }, () =>
      failure(opened.host, { script: 'sleep 60', timeoutMs: 10_000 }, 'HOST_UNREACHABLE'),
    );
    for (const { message } of await Promise.all(running))
      assert.match(message, /^connection lost to/);
    await failure(opened.host, {}, 'HOST_UNREACHABLE');
  });

  it('HOST_UNREACHABLE: a closed connection', async () => {
    const opened = await open();
    await opened.host.close();
    await failure(opened.host, {}, 'HOST_UNREACHABLE');
  });

  it('COMMAND_FAILED: a command killed by a signal', async () => {
    const opened = await open({ killedBy: 'SIGKILL' });
    const { message } = await failure(opened.host, {}, 'COMMAND_FAILED');
    assert.match(message, /killed by the signal/);
  });

  describe('as root', () => {
    it('by sudo', async () => {
      const opened = await open({ uid: '1000', sudo: 'works' }, 'sudo');
      const { stdout } = await opened.host.exec({
        script: 'id -u; echo "$1"; cat',
        params: ['a b'],
        input: 'rest',
        timeoutMs: 30_000,
      });
      assert.equal(stdout, '0\na b\nrest');
    });

    it('PRIVILEGE_MISSING: not root, and sudo was not asked for', async () => {
      const opened = await open({ uid: '1000' });
      const { message, hint } = await failure(opened.host, {}, 'PRIVILEGE_MISSING');
      assert.equal(message, 'admin is not root there (uid 1000)');
      assert.match(hint ?? '', /become: sudo/);
    });

    for (const [says, expected] of [
      ['sudo: a password is required', /requires a password for admin/],
      ['sudo: interactive authentication is required', /requires a password for admin/],
      ['admin is not in the sudoers file.  This incident will be reported.', /does not permit/],
      [
        "Sorry, user admin is not allowed to execute '/bin/sh' as root on alpha.",
        /does not permit/,
      ],
      ['sudo: sorry, you must have a tty to run sudo', /requires a terminal/],
      ["env: 'sudo': No such file or directory", /not installed/],
      ['sudo: /etc/sudoers is world writable', /world writable/],
    ] as const) {
      it(`PRIVILEGE_MISSING: ${says}`, async () => {
        const opened = await open({ uid: '1000', sudo: { says } }, 'sudo');
        const { message } = await failure(opened.host, {}, 'PRIVILEGE_MISSING');
        assert.match(message, expected);
      });
    }

    it('COMMAND_FAILED: a login shell that starts nothing', async () => {
      const opened = await open(
        { uid: '1000', sudo: { says: 'This account is \u001b[31mnot available.' } },
        'sudo',
      );
      const { message } = await failure(opened.host, {}, 'COMMAND_FAILED');
      assert.match(message, /did not start the script \(exit code 1\): This account is \\u\{1b\}/);
    });
  });
});
