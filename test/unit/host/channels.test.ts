import assert from 'node:assert/strict';
import { Channels } from '../../../src/host/ssh/channels.ts';

/** How a server says that it opens no further session. */
const refusal = (): Error => Object.assign(new Error('open failed'), { reason: 2 });

describe('the sessions of a connection', () => {
  it('are opened again where the one before is counted for seconds after its end', async () => {
    const channels = new Channels();
    await channels.open(() => Promise.resolve());
    channels.release();
    const busyUntil = Date.now() + 1200;
    const open = (): Promise<string> =>
      Date.now() < busyUntil ? Promise.reject(refusal()) : Promise.resolve('open');
    assert.equal(await channels.open(open), 'open');
  });

  it('are given up soon where none was ever opened', async () => {
    let attempts = 0;
    const open = (): Promise<never> => {
      attempts += 1;
      return Promise.reject(refusal());
    };
    await assert.rejects(new Channels().open(open), /open failed/);
    assert.equal(attempts, 4);
  });
});
