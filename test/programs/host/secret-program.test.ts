import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runForSecret } from '../../../src/host/secrets/secret-program.ts';
import { secretFetcher } from '../../../src/host/secrets/secret-source.ts';
import type { SecretSource } from '../../../src/inventory/spec.ts';
import { isEnded } from '../../support/ended-process.ts';
import { withoutPrompt } from '../../support/secrets.ts';

const never = new AbortController().signal;
const AT = 'prod.yml:7:3';

describe('a program that prints a secret', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'outrigger-secrets-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const put = (name: string, content: string, mode = 0o600): string => {
    const path = join(folder, name);
    writeFileSync(path, content, { mode });
    return path;
  };
  const failure = (source: SecretSource): Promise<Error> =>
    withoutPrompt(source, { question: '?', isWhole: true }).then(
      () => assert.fail('fetched'),
      (thrown: unknown) => (thrown instanceof Error ? thrown : assert.fail('no error')),
    );

  for (const [what, script, why] of [
    ['prints nothing', ':', /: it is empty$/],
    ['prints without end', 'exec yes SECRET', /its output is too long/],
    [
      'fails',
      'echo SECRET; echo "no SECRET for you" >&2; exit 3',
      /exit code 3: no \*\*\* for you$/,
    ],
    ['is killed', 'echo SECRET; kill -9 $$', /terminated by SIGKILL/],
    ['answers with control characters', `printf 'a\\033[2Jb' >&2; exit 1`, /a\\u\{1b\}\[2Jb$/],
  ] as const) {
    it(`that ${what} is told, without what it printed`, async () => {
      const source: SecretSource = { kind: 'command', argv: ['/bin/sh', '-c', script], at: AT };
      const { message } = await failure(source);
      assert.match(message, /^cannot read a secret from the program \/bin\/sh \(prod\.yml:7:3\): /);
      assert.match(message, why);
      assert.doesNotMatch(message, /SECRET/);
    });
  }

  it('that does not exist, or may not be run, is told', async () => {
    const none = await failure({ kind: 'command', argv: ['/nowhere/program'], at: AT });
    assert.match(none.message, /program not found/);
    const argv = [put('data', 'x')];
    assert.match((await failure({ kind: 'command', argv, at: AT })).message, /not executable/);
  });

  it('that hangs is given up with what it has started, and its limit is told before', async () => {
    const reported: string[] = [];
    const pids = join(folder, 'pids');
    const script = `sleep 300 & echo $! >${pids}; echo $$ >>${pids}; wait`;
    await assert.rejects(
      runForSecret(['/bin/sh', '-c', script], {
        signal: never,
        limitMs: 4000,
        report: (line) => reported.push(line),
      }),
      /^Error: it did not finish within 4 s$/,
    );
    assert.deepEqual(reported, ['waiting up to 4 s for a secret from /bin/sh']);
    await sleep(100);
    for (const pid of readFileSync(pids, 'utf8').trim().split('\n'))
      assert.ok(isEnded(Number(pid)), pid);
  });

  it('ends at once when the run is interrupted', async () => {
    const run = new AbortController();
    const fetch = secretFetcher({
      ask: () => assert.fail('asked'),
      signal: run.signal,
      report: () => undefined,
    });
    setTimeout(() => {
      run.abort();
    }, 300);
    const argv = ['/bin/sh', '-c', 'sleep 300; :'];
    await assert.rejects(fetch({ kind: 'command', argv }, { question: '?' }), {
      code: 'INTERRUPTED',
    });
  });

  it('is sops for a file of its own, and no shell starts it', async () => {
    const path = process.env['PATH'];
    const seen = join(folder, 'argv');
    put('sops', `#!/bin/sh\nprintf '<%s>' "$@" >${seen}\nprintf secret\n`, 0o700);
    process.env['PATH'] = `${folder}:${path ?? ''}`;
    try {
      const source = { kind: 'sops', path: '/x/a.yaml', extract: ['a b', 0], at: AT } as const;
      await withoutPrompt(source, { question: '?' });
      assert.equal(readFileSync(seen, 'utf8'), '<--decrypt><--extract><["a b"][0]></x/a.yaml>');
      await withoutPrompt({ ...source, path: '/x/key', extract: [] }, { question: '?' });
      assert.equal(
        readFileSync(seen, 'utf8'),
        '<--decrypt><--input-type><binary><--output-type><binary></x/key>',
      );
    } finally {
      process.env['PATH'] = path;
    }
  });
});
