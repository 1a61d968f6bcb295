import assert from 'node:assert/strict';
import { afterDrops } from '../../../src/host/ssh/link/drops.ts';
import { HandshakeError } from '../../../src/host/ssh/link/handshake.ts';

const drop = (): HandshakeError =>
  new HandshakeError(new Error('connection closed'), 'before-host-key', '');

/** An attempt that nothing but the limit ends. */
const untilAborted = (limit: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => {
    limit.addEventListener('abort', () => {
      reject(new Error('no response'));
    });
  });

describe('attempts after drops', () => {
  it('end with the last drop, also when the limit ends another attempt', async () => {
    const limit = new AbortController();
    const dropped = drop();
    let attempts = 0;
    const ended = afterDrops(limit.signal, () => {
      attempts += 1;
      if (attempts === 1) return Promise.reject(dropped);
      setImmediate(() => {
        limit.abort();
      });
      return untilAborted(limit.signal);
    });
    await assert.rejects(ended, (thrown) => thrown === dropped);
    assert.equal(attempts, 2);
  });

  it('end with what the first one met where nothing was dropped', async () => {
    const limit = new AbortController();
    setImmediate(() => {
      limit.abort();
    });
    await assert.rejects(
      afterDrops(limit.signal, () => untilAborted(limit.signal)),
      /no response/,
    );
  });
});
