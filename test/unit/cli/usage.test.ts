/** What is said first where a command line is wrong in several ways, and what is suggested. */
import assert from 'node:assert/strict';
import { programFor } from '../../../src/cli/program.ts';

async function said(...argv: string[]): Promise<string> {
  let err = '';
  const program = programFor(
    {
      outStream: process.stdout,
      errStream: process.stderr,
      inIsTerminal: false,
      env: {},
      out: () => undefined,
      err: (text) => (err += text),
      signal: new AbortController().signal,
    },
    () => undefined,
  );
  await program.parseAsync(argv, { from: 'user' }).catch(() => undefined);
  return err;
}

/** Commands that need an inventory, and nothing else. */
const COMMANDS = ['validate', 'plan', 'drift', 'status', 'doctor', 'trust', 'upgrade'];

describe('a command line that is wrong', () => {
  for (const command of COMMANDS) {
    it(`names an option that nobody knows before one that is missing: ${command}`, async () => {
      assert.match(await said(command, '--colour'), /^error: unknown option '--colour'/);
    });

    it(`suggests -i for a file: ${command} foo.yml`, async () => {
      const err = await said(command, 'foo.yml');
      assert.match(err, /^error: unexpected argument `foo\.yml`.*\n\(Did you mean -i foo\.yml\?\)/);
      assert.doesNotMatch(await said(command, '-i', 'a.yml', 'foo.yml'), /Did you mean/);
    });

    it(`names what is missing: ${command}`, async () => {
      assert.match(await said(command), /^error: required option '-i, --inventory <file>'/);
    });
  }

  it('is the same below a command of several', async () => {
    assert.match(await said('rotate', 'authkey', '--colour'), /unknown option '--colour'/);
    assert.match(await said('rotate', 'authkey', 'a.yml'), /Did you mean -i a\.yml\?/);
    assert.match(await said('rotate', 'authky'), /Did you mean authkey\?/);
  });

  for (const word of ['destroy', 'delete', 'remove']) {
    it(`says how nodes are taken out: ${word}`, async () => {
      const err = await said(word);
      assert.match(err, new RegExp(`^error: unknown command '${word}'\\n\\(.*\`state: absent\``));
      assert.doesNotMatch(err, /Did you mean/);
    });
  }

  it('suggests a command that is spelled nearly so, and none for anything else', async () => {
    assert.match(await said('valdate'), /Did you mean validate\?/);
    assert.match(await said('plann'), /Did you mean plan\?/);
    for (const word of ['constructor', 'xyz', 'frobnicate', 'history2000'])
      assert.doesNotMatch(await said(word), /Did you mean/);
  });
});
