/** The work of a plan grows with the number of hosts, not with its square: counted, not timed. */
import assert from 'node:assert/strict';
import { apply, planOf, useStateFolder } from '../support/apply-lab.ts';
import { FakeLab } from '../support/fake-lab.ts';
import { operationsOf } from '../support/operations.ts';

const SIZES = [60, 120] as const;
/** Of twice the hosts; a logarithm and what does not depend on hosts are in it. */
const MOST = 2.3;

const namesOf = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `r${index}`);

async function joined(count: number): Promise<FakeLab> {
  const lab = new FakeLab(namesOf(count));
  await apply(lab, { allowed: ['unfenceable'] });
  return lab;
}

describe('twice the hosts are at most about twice the work', function () {
  this.timeout(300_000);
  useStateFolder();

  const WORK = {
    'a plan that finds everything as declared': async (count: number) => {
      const lab = await joined(count);
      return operationsOf(() => planOf(lab));
    },
    'a plan that joins all of them': (count: number) => {
      const lab = new FakeLab(namesOf(count));
      return operationsOf(() => planOf(lab));
    },
    'an apply that joins all of them at once': async (count: number) => {
      const lab = new FakeLab(namesOf(count));
      const planned = await planOf(lab);
      return operationsOf(() => apply(lab, { planned, allowed: ['unfenceable'], batch: [count] }));
    },
  };
  for (const [what, countWork] of Object.entries(WORK))
    it(`of ${what}`, async () => {
      const [few, many] = SIZES;
      const [less, more] = [await countWork(few), await countWork(many)];
      assert.ok(more / less < MOST, `${less} operations for ${few}, ${more} for ${many}`);
    });
});
