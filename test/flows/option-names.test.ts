import assert from 'node:assert/strict';
import { planOf, useStateFolder } from '../support/apply-lab.ts';
import { FakeLab } from '../support/fake-lab.ts';

describe('an option by the name of another version', () => {
  useStateFolder();

  // As 3.0.0: `crm_attribute -n fencing-enabled -v false`, and crm_mon says stonith-enabled="true".
  it('switches no fencing off where the cluster ignores it: who is unfenceable is asked for', async () => {
    const lab = new FakeLab(['s1', 'h1']);
    lab.setProperty('fencing-enabled', 'false');
    const { plan } = await planOf(lab);
    assert.equal(plan.cluster.fencing, true);
    assert.deepEqual(plan.risks, [{ code: 'unfenceable', subjects: ['s1'] }]);
    lab.setProperty('stonith-enabled', 'false');
    const { plan: off } = await planOf(lab);
    assert.equal(off.cluster.fencing, false);
    assert.deepEqual(off.fencing, []);
  });
});
