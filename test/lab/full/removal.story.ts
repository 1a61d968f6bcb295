/** A node leaves and comes back again and again: each time the CIB is as it was, and nobody is fenced. */
import assert from 'node:assert/strict';
import { inOrder } from '../../support/in-order.ts';
import { labDown, labUp } from '../lab.ts';
import type { Lab } from '../lab.ts';
import { applied, assertInSync, assertQuiet, tracesOf, writeInventory } from '../outrigger.ts';
import { skipWithoutLab } from '../story-run.ts';
import { startOn } from '../workload.ts';

const NAME = 'story-removal-often';
const ALLOW = ['--allow', 'moves-resources'];

describe('removal, five times in a row', function () {
  inOrder(this); // each step stands on the one before
  let lab: Lab;
  let configured = '';

  before(async function () {
    skipWithoutLab(this);
    lab = await labUp({ name: NAME, replace: true, bareHosts: 1, firewalld: 1 });
    await lab.clearPowerLog();
  });

  after(async () => {
    await labDown(NAME);
  });

  const inventoryOf = (state?: string): string =>
    writeInventory(lab, {
      connectTimeout: '30s',
      remoteNodes: [
        { name: 'h1', host: 'h1', port: 3122, attributes: { rack: 'a1' }, ...(state && { state }) },
      ],
    });

  /** What is written, without versions and without the order in which it was. */
  const configuration = async (): Promise<string> => {
    const text = await lab.sh('c1', 'cibadmin --query --scope configuration');
    return text.split('\n').sort().join('\n');
  };

  it('begins with a node that has joined', async () => {
    await applied(lab, 0, ['-i', inventoryOf()]);
    await startOn(lab, 'd1', 'h1');
    await lab.sh(
      'c1',
      `cibadmin --delete -o constraints --xml-text '<rsc_location id="d1-prefers"/>'`,
    );
    configured = await configuration();
  });

  for (const round of [1, 2, 3, 4, 5]) {
    it(`is quiet, round ${round}`, async () => {
      await startOn(lab, 'd1', 'h1');
      await applied(lab, 0, ['-i', inventoryOf('absent'), ...ALLOW]);
      assert.deepEqual(await tracesOf(lab, 'h1'), []);
      assert.equal(
        await lab.sh(
          'h1',
          'firewall-cmd --list-rich-rules; grep PCMK_ /etc/default/pacemaker | grep -v "^#"; true',
        ),
        '\n',
      );
      await assertInSync(lab, inventoryOf('absent'));
      await applied(lab, 0, ['-i', inventoryOf(), ...ALLOW]);
      assert.equal(await configuration(), configured);
      assert.deepEqual(await lab.powerLog(), []);
      await assertQuiet(lab);
    });
  }
});
