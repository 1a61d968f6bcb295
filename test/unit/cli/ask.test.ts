import assert from 'node:assert/strict';
import { askSure } from '../../../src/cli/ask.ts';

const terminal = { signal: new AbortController().signal };
const asking = (answer: () => Promise<boolean>) =>
  askSure(terminal, 'Sure?', 'nothing was changed', answer);
const leaving = (name: string) => () => Promise.reject(Object.assign(new Error('left'), { name }));

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
