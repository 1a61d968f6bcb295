import assert from 'node:assert/strict';
import { element } from '../../src/pacemaker/basics/xml.ts';
import { isUndone } from '../../src/plan/undo/undo-plan.ts';
import { apply, useStateFolder } from '../support/apply-lab.ts';
import { FakeLab } from '../support/fake-lab.ts';
import { readReply, sectionsOf } from '../support/replies.ts';
import { prepare, undo } from '../support/undo-lab.ts';

const BARE = sectionsOf(
  readReply(new URL('../unit/probe/fixtures/bare-host.txt', import.meta.url)),
);

/** Takes the only node out by `state: absent`. */
function leaveByState(lab: FakeLab): ReturnType<typeof apply> {
  const absent = { remoteNodes: lab.spec.remoteNodes, guestNodes: [] };
  Object.assign(lab, { spec: { ...lab.spec, remoteNodes: [], absent } });
  return apply(lab, {
    onEvent: (event) => {
      if (event.type === 'cib-written' && event.purpose === 'remove-stop')
        lab.reported.set('h1', {});
    },
  });
}

describe('the undo of a run whose node has left', () => {
  useStateFolder();

  for (const [how, leave] of [
    ['an undo', undo],
    ['`state: absent`', leaveByState],
  ] as const)
    it(`finds nothing left where a controller has written the state of that node anew: by ${how}`, async () => {
      const lab: FakeLab = new FakeLab(['h1'], { h1: { answers: { 'stop-service': stopped } } });
      function stopped(): string {
        for (const part of ['units', 'listening']) lab.change('h1', part, BARE.get(part) ?? '');
        return '';
      }
      await apply(lab);
      await leave(lab);
      assert.ok(!lab.cib.seen.has('h1'));
      const state = { id: 'h1', uname: 'h1', remote_node: 'true', in_ccm: 'false' };
      lab.merge(element('cib', {}, [element('status', {}, [element('node_state', state)])]));
      assert.ok(lab.cib.seen.has('h1'));
      const { plan } = await prepare(lab);
      assert.deepEqual([plan.remembered, plan.gone, isUndone(plan)], [[], ['h1'], true]);
    });
});
