import assert from 'node:assert/strict';
import { readCrmMon } from '../../../src/pacemaker/status/crm-mon.ts';
import { crmMonXml } from '../../support/crm-mon.ts';

describe('the reason of a failure', () => {
  const read = (reported: string): string | undefined =>
    readCrmMon(crmMonXml({ connections: { r1: { startFailures: { c1: reported } } } })).failures[0]
      ?.exitReason;

  it('is as the agent gave it, where crm_mon has escaped it twice', () => {
    assert.equal(read('&lt;node1&gt; is &quot;gone&quot; &amp; away'), '<node1> is "gone" & away');
    assert.equal(read('&amp;lt;'), '&lt;');
  });

  it('is as the agent gave it, where it was escaped once', () => {
    for (const reported of ['<node1> & <node2>', 'Timed out', '&nosuch; &#60;'])
      assert.equal(read(reported), reported);
  });
});
