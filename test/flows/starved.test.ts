import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { mock } from 'node:test';
import { isHeldInMaintenance, quietlyProtected } from '../../src/pacemaker/procedures/edit.ts';
import { apply, planOf, useStateFolder, type Run } from '../support/apply-lab.ts';
import { FakeLab } from '../support/fake-lab.ts';

const NODES = ['h1', 'h2'];

describe('a run while others keep editing the CIB', () => {
  const state = useStateFolder();

  const copies = (): readonly string[] =>
    readdirSync(state.folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
      /cib-?/.test(file.split('/').at(-1) ?? ''),
    );

  it('keeps one copy of the CIB for each edit: that over which it was made', async () => {
    const lab = new FakeLab(['h1']);
    let left = 20;
    let epoch = 0;
    lab.beforeWrite = () => {
      if (left-- > 0) lab.editByOthers();
      if (left === 0) ({ epoch } = lab.cib.version);
    };
    const { failed, events } = await apply(lab);
    assert.deepEqual([...failed], []);
    const written = events.flatMap((event) => (event.type === 'cib-written' ? [event.copy] : []));
    assert.deepEqual(
      copies()
        .map((file) => join(state.folder, file))
        .sort(),
      written.toSorted(),
    );
    assert.ok(epoch > 0);
    assert.ok(readFileSync(written[0] ?? '', 'utf8').includes(` epoch="${epoch}"`));
  });

  /** Others edit from the time on at which this is so, for ever; each try of ours takes half a minute. */
  async function starvedOnce(lab: FakeLab, run: Run, isTime: () => boolean): Promise<void> {
    const now = performance.now.bind(performance);
    let later = 0;
    lab.beforeWrite = () => {
      if (!isTime()) return;
      later += 30_000;
      lab.editByOthers();
    };
    const clock = mock.method(performance, 'now', () => now() + later);
    try {
      const { failed } = await apply(lab, run);
      assert.match([...failed.values()].join('\n'), /the CIB kept changing for 60 s/);
    } finally {
      clock.mock.restore();
    }
    lab.beforeWrite = () => undefined;
  }

  const heldIn = ({ cib }: FakeLab): readonly string[] => [
    ...quietlyProtected(cib),
    ...(isHeldInMaintenance(cib) ? ['the cluster'] : []),
  ];

  const pauseOf = (lab: FakeLab): Pick<Run, 'pause'> => ({
    pause: (milliseconds) => {
      lab.pass(milliseconds);
      return Promise.resolve();
    },
  });

  for (const [what, restarted] of [
    ['before a daemon is restarted', 0],
    ['when all are restarted', NODES.length],
  ] as const)
    it(`that starves in a rotation ${what} leaves what the next apply finishes`, async () => {
      const lab = new FakeLab(NODES);
      assert.deepEqual([...(await apply(lab)).failed], []);
      lab.forget();
      const restarts = (): number =>
        NODES.filter((name) => lab.host(name).ran.includes('start-service')).length;
      const run = { rotates: true, allowed: ['authkey-replaced'], ...pauseOf(lab) };
      await starvedOnce(lab, run, () => restarts() >= restarted);
      assert.deepEqual(heldIn(lab), restarted === 0 ? [] : NODES);
      const second = await apply(lab, { ...pauseOf(lab) });
      assert.deepEqual([[...second.failed], second.stopped], [[], undefined]);
      assert.deepEqual(heldIn(lab), []);
      assert.deepEqual((await planOf(lab)).plan.inSync, ['c1', 'c2', ...NODES]);
    });
});
