/** Bare hosts join a real cluster by one apply, and then there is nothing to do; test/lab/broad/ladder.story.ts goes on from there. */
import assert from 'node:assert/strict';
import { labDown, labUp } from '../lab.ts';
import type { Lab } from '../lab.ts';
import { applied, assertQuiet, isStarted, outrigger, writeInventory } from '../outrigger.ts';
import { inOrder } from '../../support/in-order.ts';
import { assertNothingToDo, skipWithoutLab } from '../story-run.ts';

const NAME = 'story-join-bare';

describe('bare hosts', function () {
  inOrder(this); // each step stands on the one before
  let lab: Lab;
  let inventory: string;

  before(async function () {
    skipWithoutLab(this);
    lab = await labUp({ name: NAME, replace: true });
    inventory = writeInventory(lab, {
      remoteNodes: [
        { name: 'h1', host: 'h1', reconnectInterval: '60s' },
        { name: 'h3', host: 'h3', reconnectInterval: '60s', attributes: { rack: 'a1' } },
      ],
    });
  });

  after(async () => {
    await labDown(NAME);
  });

  it('join by one apply, one of them behind firewalld, and nothing is left to do', async () => {
    await applied(lab, 0, ['-i', inventory]);
    for (const host of ['h1', 'h3'])
      assert.ok(await isStarted(lab, host), `${host} is not started`);
    await assertNothingToDo(lab, inventory);
    await assertQuiet(lab);
  });

  it('are shown by status', async () => {
    const { code, stdout } = await outrigger(lab, ['status', '-i', inventory]);
    assert.equal(code, 0, stdout);
    for (const host of ['h1', 'h3']) assert.match(stdout, new RegExp(`\\b${host}\\b`));
  });
});
