import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { BecomePassword } from '../../../src/host/ssh/channel/become-password.ts';
import { Secret } from '../../../src/support/secret.ts';

const source = (): Promise<Secret> => Promise.resolve(new Secret(Buffer.from('a password')));

describe('the turns of hosts that ask for one sudo password', () => {
  it('pass on where a host neither takes nor refuses it, and that host waits for its own answer', async () => {
    const password = new BecomePassword('admin', source, 20);
    const given: string[] = [];
    const ask = async (host: string): Promise<void> => {
      await password.turnOf(host);
      given.push(host);
    };
    await ask('a');
    const again = ask('a');
    const others = Promise.all([ask('b'), ask('c')]);
    await sleep(5);
    assert.deepEqual(given, ['a']);
    while (given.length < 2) await sleep(5);
    assert.deepEqual(given, ['a', 'b']);
    password.accepted('b');
    await others;
    assert.deepEqual(given, ['a', 'b', 'c']);
    password.abandoned('a');
    await again;
    assert.deepEqual(given, ['a', 'b', 'c', 'a']);
  });

  it('wait for the answer of one that gives it in time', async () => {
    const password = new BecomePassword('admin', source, 10_000);
    await password.turnOf('a');
    const other = password.turnOf('b');
    password.refused('a');
    await assert.rejects(other, /was not tried on this host, because a rejected it/);
  });
});
