import assert from 'node:assert/strict';
import type { RunContext } from '../../../src/apply/run/context.ts';
import { outliveKeyCache } from '../../../src/apply/quiet-restart/key-cache.ts';
import type { HostFacts } from '../../../src/model/facts.ts';
import type { Play } from '../../../src/playbook/playbook.ts';
import { hostFacts } from '../../support/specs.ts';

const now = (): number => Date.now() / 1000;

/** For how many seconds it waits with these cluster nodes. */
async function waitsFor(...nodes: readonly Partial<HostFacts>[]): Promise<number> {
  let waited = 0;
  const hosts = new Map(nodes.map((facts, index) => [`c${index}`, facts]));
  const context = {
    spec: { clusterNodes: [...hosts.keys()].map((name) => ({ name })) },
    hosts: new Map([...hosts.keys()].map((name) => [name, { name }])),
    failed: new Map(),
    probe: ({ name }: { name: string }) =>
      Promise.resolve({ ...hostFacts(name), ...hosts.get(name) }),
    emit: () => undefined,
    pause: (ms: number) => {
      waited += ms / 1000;
      return Promise.resolve();
    },
  } as unknown as RunContext;
  await outliveKeyCache(context, { name: 'release' } as unknown as Play);
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
