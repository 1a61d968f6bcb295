import assert from 'node:assert/strict';
import { programFor } from '../../../src/cli/program.ts';

describe('an option that is given twice', () => {
  const said = async (...argv: string[]): Promise<string> => {
    let err = '';
    const stream = process.stderr;
    const program = programFor(
      {
        outStream: stream,
        errStream: stream,
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
  };

  for (const [command, option, ...values] of [
    ['plan', '-i', 'a.yml', 'b.yml'],
    ['validate', '-i', 'a.yml', 'b.yml'],
    ['plan', '--limit', 'r1', 'r2'],
    ['plan', '--forks', '3', '4'],
    ['trust', '--replace', 'r1', 'r2'],
  ] as const) {
    it(`is an error: ${command} ${option} ${values.join(` ${option} `)}`, async () => {
      const err = await said(command, ...values.flatMap((value) => [option, value]));
      assert.match(err, new RegExp(`error: option '.*${option}.*it is given more than once`));
    });
  }

  it('may be given twice where it is repeatable', async () => {
    const err = await said('apply', '--allow', 'unfenced', '--allow', 'removes-many', '--oops');
    assert.doesNotMatch(err, /given twice/);
  });
});
