import assert from 'node:assert/strict';
import { forecastFor } from '../../src/forecast/forecast-plan.ts';
import { connectionResourceItem } from '../../src/items/connection-resource.ts';
import { nodeStateItem } from '../../src/items/node-state.ts';
import { readCib } from '../../src/pacemaker/cib/cib.ts';
import { readCrmMon } from '../../src/pacemaker/status/crm-mon.ts';
import { NO_REMOVALS } from '../../src/plan/removal/removals.ts';
import type { ClusterFacts } from '../../src/model/facts.ts';
import { foreseenIn } from '../../src/plan/foreseen.ts';
import { forecastRisks } from '../../src/plan/forecast-risks.ts';
import type { Forecast } from '../../src/model/plan.ts';
import { FakeHost } from '../support/fake-host.ts';
import { readReply, replyTo } from '../support/replies.ts';
import { remoteNode } from '../support/specs.ts';

/**
 * Clusters of the lab (3.0.0, fencing on): d1 prefers h1, and runs on h2 as long as h1 is out. What crm_simulate prints was
 * recorded with the CIBs that are put before it here.
 */
const STATES = { stopped: 'its daemon was stopped', failed: 'its start has failed' } as const;

const read = (state: string, file: string): string =>
  readReply(new URL(`forecast/${state}/${file}`, import.meta.url));

function clusterIn(state: keyof typeof STATES, dcState: string): ClusterFacts {
  const cibText = read(state, 'cib.xml');
  const mon = readCrmMon(read(state, 'crm_mon.xml'));
  return { readFrom: 'c1', cibText, cib: readCib(cibText), mon, dcState };
}

async function forecastOf(
  state: keyof typeof STATES,
  dcState = 'S_IDLE',
  queryNode = new FakeHost('c1', {
    simulate: (request) => replyTo(request, read(state, 'simulate.txt')),
  }),
): Promise<Forecast | undefined> {
  const cluster = clusterIn(state, 'S_IDLE');
  const expected = remoteNode('h1', { server: '10.77.1.1', operations: {} });
  const cibItems = [connectionResourceItem(expected), nodeStateItem(expected)];
  const inCib = new Map(
    cibItems.flatMap((item) => {
      const difference = item.compare(cluster);
      return difference === undefined ? [] : [[item, difference] as const];
    }),
  );
  assert.deepEqual(
    [...inCib.keys()].map(({ kind }) => kind),
    ['connection-resource'],
  );
  const { forecast } = await forecastFor(
    queryNode,
    { ...cluster, dcState },
    {
      desired: { hostItems: [], cibItems },
      differences: { onHosts: new Map(), inCib, problems: [], stoppedGuests: [] },
      removals: NO_REMOVALS,
    },
  );
  return forecast;
}

describe('the forecast for a connection that is started again', () => {
  for (const [state, why] of Object.entries(STATES) as [keyof typeof STATES, string][])
    it(`shows what comes back with it (${why})`, async () => {
      const forecast = await forecastOf(state);
      assert.deepEqual(forecast?.effects.connectionStarts, [{ node: 'h1', on: 'c1' }]);
      assert.deepEqual(forecast.effects.moves, [{ resource: 'd1', from: 'h2', to: 'h1' }]);
      assert.deepEqual(forecast.fencedOnFailure, []);
      const cluster = clusterIn(state, 'S_IDLE');
      assert.deepEqual(
        forecastRisks({ forecast, cluster }).map(({ code, subjects }) => [code, subjects]),
        [['moves-resources', ['d1']]],
      );
      const isForeseen = foreseenIn({ forecast });
      const where = ['h1', 'h2', 'h3'].filter((node) => isForeseen('d1', node));
      assert.deepEqual([where, isForeseen('d2', 'h1')], [['h1', 'h2'], false]);
    });

  it('shows nothing of what is under way already', async () => {
    const forecast = await forecastOf('stopped', 'S_TRANSITION_ENGINE');
    assert.deepEqual([forecast?.effects.connectionStarts, forecast?.effects.moves], [[], []]);
  });
});
