import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { askProgram } from '../../../src/host/secrets/askpass.ts';
import { reveal } from '../../../src/support/secret.ts';
import { compiled } from '../../support/compiled.ts';

const never = new AbortController().signal;
const ask = (script: string) => askProgram(['/bin/sh', '-c', script], 'sudo password:', never);

describe('a program that is asked for a secret', () => {
  it('gives the first line that it prints, for the question that is its last argument', async () => {
    const secret = await ask('printf "%s\\r\\nmore\\n" "<$0>"');
    assert.equal(Buffer.from(reveal(secret)).toString(), '<sudo password:>');
  });

  for (const [what, script, why] of [
    ['prints nothing', ':', /it printed nothing/],
    ['prints without end', 'exec yes SECRET', /its output is too long/],
    ['fails', 'echo SECRET; exit 3', /exit code 3/],
    ['is killed', 'echo SECRET; kill -9 $$', /terminated by SIGKILL/],
  ] as const) {
    it(`is told, without what it printed, when it ${what}`, async () => {
      await assert.rejects(ask(script), (error: Error) => {
        assert.match(error.message, why);
        assert.doesNotMatch(error.message, /SECRET/);
        return true;
      });
    });
  }

  for (const [what, script, why] of [
    ['does not exist', `ask(['/nowhere/askpass'])`, /ENOENT/],
    ['is left behind with what it has started', `ask(['/bin/sh', '-c', 'sleep 55; :'])`, /inter/],
  ] as const) {
    it(`keeps nobody from ending when it ${what}`, () => {
      const program = `
        import { askProgram } from ${JSON.stringify(compiled('src/host/secrets/askpass.ts'))};
        const run = new AbortController();
        const ask = (argv) => askProgram(argv, '?', run.signal).catch((why) => console.log(why.message));
        ${script};
        setTimeout(() => run.abort(), 500);
      `;
      const args = ['--input-type=module', '--eval', program];
      const said = execFileSync(process.execPath, args, {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
        timeout: 40_000,
      });
      assert.match(said, why);
    });
  }
});
