import assert from 'node:assert/strict';
import { prove } from '../../../src/apply/cluster/prove.ts';
import { crmMonXml, type ReportedConnection } from '../../support/crm-mon.ts';
import { FakeHost } from '../../support/fake-host.ts';
import { replyOf, replyTo } from '../../support/replies.ts';

const CIB =
  '<cib admin_epoch="0" epoch="1" num_updates="0"><configuration><crm_config/><nodes/><resources/><constraints/></configuration><status/></cib>';

const leadThatTells = (connections: Record<string, ReportedConnection>): FakeHost =>
  new FakeHost('c1', {
    'read-cluster': (request) =>
      replyTo(
        request,
        replyOf(
          new Map([
            ['crm_mon', crmMonXml({ connections })],
            ['dc_state', 'S_IDLE\n'],
            ['cib', CIB],
            ['end', ''],
          ]),
        ),
      ),
  });

describe('proving that a node is in', () => {
  for (const other of ['h1_db', 'h1_start_0', 'x_h1']) {
    it(`takes no failure of ${other} for one of h1`, async () => {
      const queryNode = leadThatTells({
        h1: { blocked: true },
        [other]: { startFailures: { c1: 'disk full' } },
      });
      const why = (await prove(queryNode, ['h1'], 0)).get('h1');
      assert.equal(why, 'its connection failed to start and is blocked: no progress for 0 s');
    });
  }

  for (const name of ['h1', 'h1_db', 'a.*+(b']) {
    it(`quotes the failure of ${name} itself`, async () => {
      const queryNode = leadThatTells({
        [name]: { blocked: true, startFailures: { c1: 'Timed out' } },
      });
      const why = (await prove(queryNode, [name], 60_000)).get(name);
      assert.equal(why, 'its connection failed to start and is blocked (start on c1: Timed out)');
    });
  }
});
