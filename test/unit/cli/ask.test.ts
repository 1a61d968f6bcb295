import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { askSecret, askSure } from '../../../src/cli/process/ask.ts';
import { reveal } from '../../../src/support/secret.ts';

const terminal = { signal: new AbortController().signal };
const asking = (answer: () => Promise<boolean>) =>
  askSure(terminal, 'Sure?', 'nothing was changed', answer);
const leaving = (name: string) => (): Promise<never> =>
  Promise.reject(Object.assign(new Error('left'), { name }));

describe('a question', () => {
  it('answered with yes lets the command go on', async () => {
    await asking(() => Promise.resolve(true));
  });

  it('answered with no is a refusal', async () => {
    await assert.rejects(
      asking(() => Promise.resolve(false)),
      { code: 'REFUSED', message: 'not confirmed: nothing was changed' },
    );
  });

  for (const name of ['ExitPromptError', 'AbortPromptError']) {
    it(`left by Ctrl-C (${name}) is an interrupt`, async () => {
      await assert.rejects(asking(leaving(name)), {
        code: 'INTERRUPTED',
        message: 'interrupted: nothing was changed',
      });
    });
  }

  it('that cannot be asked is neither', async () => {
    await assert.rejects(asking(leaving('TypeError')), { name: 'TypeError' });
  });
});

describe('a question for a secret', () => {
  const errStream = new PassThrough() as unknown as NodeJS.WriteStream;
  const at = (inIsTerminal: boolean, env: Record<string, string>) => ({
    signal: terminal.signal,
    errStream,
    inIsTerminal,
    env,
  });
  const typed = () => Promise.resolve('typed');
  const answer = async (inIsTerminal: boolean, env: Record<string, string>): Promise<string> =>
    Buffer.from(reveal(await askSecret(at(inIsTerminal, env), 'Who?', typed))).toString();

  it('is for the person at the terminal, or for SSH_ASKPASS where there is none or it is preferred', async () => {
    const SSH_ASKPASS = '/bin/echo';
    assert.equal(await answer(true, { SSH_ASKPASS }), 'typed');
    assert.equal(await answer(false, { SSH_ASKPASS }), 'Who?');
    for (const SSH_ASKPASS_REQUIRE of ['force', 'prefer']) {
      assert.equal(await answer(true, { SSH_ASKPASS, SSH_ASKPASS_REQUIRE }), 'Who?');
    }
    assert.equal(await answer(true, { SSH_ASKPASS, SSH_ASKPASS_REQUIRE: 'never' }), 'typed');
  });

  for (const [name, env] of [
    ['without a terminal and a program', {}],
    ['where the program must not be used', { SSH_ASKPASS: 'x', SSH_ASKPASS_REQUIRE: 'never' }],
    ['where the program is not there', { SSH_ASKPASS: '/nowhere/askpass' }],
    ['where the program fails', { SSH_ASKPASS: '/bin/false' }],
    ['where the program says nothing', { SSH_ASKPASS: '/bin/true' }],
  ] as const) {
    it(`finds nobody ${name}`, async () => {
      await assert.rejects(answer(false, env), { code: 'REFUSED' });
    });
  }

  it('left by Ctrl-C is an interrupt', async () => {
    await assert.rejects(askSecret(at(true, {}), 'Who?', leaving('ExitPromptError')), {
      code: 'INTERRUPTED',
    });
  });
});
