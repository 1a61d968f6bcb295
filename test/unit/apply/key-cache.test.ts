import assert from 'node:assert/strict';
import { outliveKeyCache } from '../../../src/apply/quiet-restart/key-cache.ts';
import type { HostFacts } from '../../../src/model/facts.ts';
import { FakeHost } from '../../support/fake-host.ts';
import { hostFacts } from '../../support/specs.ts';

const now = (): number => Date.now() / 1000;

/** For how many seconds it waits with these cluster nodes. */
async function waitsFor(...nodes: readonly Partial<HostFacts>[]): Promise<number> {
  let waited = 0;
  const hosts = new Map(nodes.map((facts, index) => [`c${index}`, facts]));
  const context: Parameters<typeof outliveKeyCache>[0] = {
    x509: undefined,
    clusterHosts: [...hosts.keys()].map((name) => new FakeHost(name, {})),
    lastFacts: new Map(),
    probe: ({ name }) => Promise.resolve({ ...hostFacts(name), ...hosts.get(name) }),
    emit: () => undefined,
    pause: (ms) => {
      waited += ms / 1000;
      return Promise.resolve();
    },
  };
  await outliveKeyCache(context, { name: 'release' });
  return waited;
}

const keyOf = (modifiedAt: number, keepsAuthkey = false): Partial<HostFacts> => ({
  authkey: { ...hostFacts('c').authkey, modifiedAt },
  keepsAuthkey,
});

describe('the wait until nobody remembers the authkey from before', () => {
  it('is what is left of the time since it was written', async () => {
    assert.equal(await waitsFor(keyOf(now() - 100)), 0);
    const left = await waitsFor(keyOf(now() - 100), keyOf(now() - 20));
    assert.ok(left > 40 && left <= 43, String(left));
  });

  it('is the whole time where nobody knows when it was written', async () => {
    assert.equal(await waitsFor(keyOf(0)), 63, 'a time in the future');
    assert.equal(await waitsFor(keyOf(now() + 1000)), 63, 'of a clock that was set back since');
  });

  it('is none for those that keep it for life, which have been restarted', async () => {
    assert.equal(await waitsFor(keyOf(0, true), keyOf(now(), true)), 0);
  });
});
