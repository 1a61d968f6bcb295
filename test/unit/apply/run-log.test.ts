import assert from 'node:assert/strict';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { logDirectory, userName } from '../../../src/records/run-log.ts';

describe('the record of a run', () => {
  const now = new Date('2026-01-02T03:04:05.678Z');
  const name = `20260102T030405678Z-${process.pid}`;

  it('lies below the state folder', () => {
    assert.equal(
      logDirectory('prod', now, { XDG_STATE_HOME: '/state' }),
      `/state/outrigger/prod/${name}`,
    );
  });

  for (const [what, env] of [
    ['missing', {}],
    ['empty', { XDG_STATE_HOME: '' }],
    ['relative', { XDG_STATE_HOME: 'state' }],
  ] as const) {
    it(`lies below the home directory when XDG_STATE_HOME is ${what}`, () => {
      assert.equal(
        logDirectory('prod', now, env),
        join(homedir(), '.local/state/outrigger/prod', name),
      );
    });
  }

  it('names a user without a name by its number', () => {
    const nobody = () => {
      throw new Error('ENOENT: uv_os_get_passwd');
    };
    assert.equal(userName(nobody), String(process.getuid?.()));
    assert.equal(
      userName(() => ({ username: 'ada' })),
      'ada',
    );
  });
});
