import assert from 'node:assert/strict';
import { isHeldInMaintenance, quietlyProtected } from '../../src/pacemaker/procedures/edit.ts';
import { apply, planOf, useStateFolder, type Run } from '../support/apply-lab.ts';
import { verified } from '../support/fake-host.ts';
import { FakeLab } from '../support/fake-lab.ts';
import { undo } from '../support/undo-lab.ts';

const NODES = ['h1', 'h2'];
const FAULT = 'error: st has no role\nConfiguration invalid (with errors)';

describe('what crm_verify reports', () => {
  useStateFolder();

  /** A lab of which crm_verify refuses whatever is intended from some time on, and finds nothing wrong with what is there. */
  function refusingLab(): { readonly lab: FakeLab; readonly refuse: () => void } {
    let refuses = false;
    const answers = {
      'verify-cib': (request: Parameters<ReturnType<typeof verified>>[0]) =>
        verified(refuses ? [78, FAULT] : [0])(request),
    };
    const lab = new FakeLab(NODES, { c1: { answers }, c2: { answers } });
    return { lab, refuse: () => (refuses = true) };
  }

  async function connected(): Promise<ReturnType<typeof refusingLab>> {
    const made = refusingLab();
    assert.deepEqual([...(await apply(made.lab)).failed], []);
    made.lab.forget();
    return made;
  }

  const protectedIn = ({ cib }: FakeLab): readonly string[] => [
    ...quietlyProtected(cib),
    ...(isHeldInMaintenance(cib) ? ['the cluster'] : []),
  ];

  const verifications = (lab: FakeLab): number =>
    lab.hosts.flatMap(({ ran }) => ran).filter((script) => script === 'verify-cib').length;

  const pause = (lab: FakeLab): Pick<Run, 'pause'> => ({
    pause: (milliseconds) => {
      lab.pass(milliseconds);
      return Promise.resolve();
    },
  });

  it('keeps no node protected whose authkey changes', async () => {
    const { lab, refuse } = await connected();
    const run = { rotates: true, allowed: ['authkey-replaced'], ...pause(lab) };
    const planned = await planOf(lab, undefined, undefined, run);
    refuse();
    const before = verifications(lab);
    const { failed, stopped } = await apply(lab, { ...run, planned });
    assert.deepEqual([[...failed], stopped], [[], undefined]);
    assert.deepEqual([protectedIn(lab), verifications(lab)], [[], before]);
  });

  it('keeps no node protected whose daemon is restarted', async () => {
    const { lab, refuse } = await connected();
    lab.tamperKey('h1');
    const planned = await planOf(lab);
    refuse();
    const { failed } = await apply(lab, { planned });
    assert.deepEqual([...failed], []);
    assert.ok(lab.host('h1').ran.includes('start-service'));
    assert.deepEqual(protectedIn(lab), []);
  });

  it('refuses a join before anything is written, with what it is that is wrong', async () => {
    const { lab, refuse } = refusingLab();
    const planned = await planOf(lab);
    refuse();
    const { failed } = await apply(lab, { planned });
    assert.equal(failed.get('h1'), 'the CIB was not changed: crm_verify: st has no role');
    assert.deepEqual(lab.cibWrites, []);
  });

  it('keeps no node in standby that has joined', async () => {
    const { lab, refuse } = refusingLab();
    lab.beforeWrite = refuse; // the edit that joins has been judged by then
    assert.deepEqual([...(await apply(lab)).failed], []);
    assert.deepEqual((await planOf(lab)).plan.inSync, ['c1', 'c2', ...NODES]);
  });

  it('keeps no failed join from being taken back', async () => {
    const { lab, refuse } = refusingLab();
    for (const name of NODES) lab.failing.add(name);
    lab.beforeWrite = refuse;
    const { failed } = await apply(lab);
    assert.deepEqual([...failed.keys()], NODES);
    assert.deepEqual([[...lab.cib.remoteConnections.keys()], protectedIn(lab)], [[], []]);
  });

  it('keeps no undo from its end', async () => {
    const { lab, refuse } = refusingLab();
    await apply(lab);
    lab.beforeWrite = refuse;
    const { failed, stopped } = await undo(lab);
    assert.deepEqual([[...failed], stopped], [[], undefined]);
    assert.deepEqual([...lab.cib.remoteConnections.keys()], []);
  });

  it('is shown with the plan where it is a warning, and told where the edit is made', async () => {
    const warning = verified([78, 'warning: st is deprecated\nConfiguration may need attention']);
    const lab = new FakeLab(['h1'], { c1: { answers: { 'verify-cib': warning } } });
    const planned = await planOf(lab);
    const shown = 'crm_verify on the planned CIB: warning: st is deprecated';
    assert.ok(planned.plan.notes.includes(shown));
    const { failed, events } = await apply(lab, { planned });
    assert.deepEqual([...failed], []);
    const reported = events.filter(
      (event) =>
        event.type === 'notice' && event.message === 'crm_verify: warning: st is deprecated',
    );
    assert.equal(reported.length, 1);
  });
});
