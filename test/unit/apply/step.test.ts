import assert from 'node:assert/strict';
import type { Lease } from '../../../src/apply/lock/lease.ts';
import { takeStep, type StepContext } from '../../../src/apply/run/step.ts';
import { pacemakerItem } from '../../../src/items/pacemaker.ts';
import { certificateVariables, NO_CERTIFICATES } from '../../../src/credentials/certificates.ts';
import { OutriggerError } from '../../../src/support/errors.ts';
import { FakeHost } from '../../support/fake-host.ts';
import { hostFacts } from '../../support/specs.ts';

describe('a step', () => {
  it('that changes nothing because a drop-in of the unit says otherwise tells where to look', async () => {
    const certificates = certificateVariables(false);
    const facts = hostFacts('c1', { environment: certificates, daemonVariables: NO_CERTIFICATES });
    const item = pacemakerItem('c1', { certificates, newKey: undefined, isUnfinished: false });
    const difference = item.compare(facts) ?? assert.fail();
    const host = new FakeHost('c1', { 'restart-pacemaker': () => '' });
    const context: Pick<StepContext, 'emit' | 'probe'> & { lease: Pick<Lease, 'confirm'> } = {
      lease: { confirm: () => Promise.resolve() },
      emit: () => undefined,
      probe: () => Promise.resolve(facts),
    };
    const play = { name: 'a play' };
    const taken = takeStep(context as StepContext, play, { host, item, difference });
    await assert.rejects(taken, (thrown: unknown) => {
      assert.ok(thrown instanceof OutriggerError && thrown.code === 'NOT_CONVERGED');
      assert.match(thrown.hint ?? '', /systemctl cat pacemaker /);
      return true;
    });
  });
});
