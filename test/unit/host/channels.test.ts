import assert from 'node:assert/strict';
import { Channels } from '../../../src/host/ssh/link/channels.ts';

/** How a server says that it opens no further session. */
const refusal = (): Error => Object.assign(new Error('open failed'), { reason: 2 });

describe('the sessions of a connection', () => {
  it('are opened again where previous one is counted for seconds after its end', async () => {
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

  it('one that waits for another of its own gives up where the host allows no more', async () => {
    const channels = new Channels();
    const { most, open } = server(1);
    await channels.open(open);
    await assert.rejects(channels.open(open, 1), /open failed/);
    // From now on it is known.
    const { length } = most;
    await assert.rejects(channels.open(open, 1), /no more than 1 sessions/);
    assert.equal(most.length, length);
  });

  it('one that waits for another of its own waits for those that end by themselves', async () => {
    const channels = new Channels();
    const { end, open } = server(2);
    await channels.open(open);
    await channels.open(open);
    const second = channels.open(open, 1);
    const third = channels.open(open).then(() => {
      end();
      channels.release();
    });
    setTimeout(() => {
      end();
      channels.release();
    }, 100);
    await Promise.all([second, third]);
  });

  /** A server that opens so many sessions at a time. */
  function server(limit: number) {
    const most: number[] = [];
    let isOpen = 0;
    return {
      most,
      end: () => (isOpen -= 1),
      open: () => {
        most.push(isOpen);
        if (isOpen >= limit) return Promise.reject(refusal());
        isOpen += 1;
        return Promise.resolve();
      },
    };
  }
});
