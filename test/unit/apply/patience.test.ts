/** A wait ends when nothing moves any more, not while connections still start; and at last in any case. */
import assert from 'node:assert/strict';
import { patience } from '../../../src/apply/cluster/patience.ts';
import type { ClusterFacts } from '../../../src/model/facts.ts';
import { readCib } from '../../../src/pacemaker/cib/cib.ts';
import { readCrmMon } from '../../../src/pacemaker/status/crm-mon.ts';
import { crmMonXml, type Reported } from '../../support/crm-mon.ts';

const LIMIT_MS = 150_000;

interface Seen extends Reported {
  /** How many results of operations the cluster knows (default: 2). */
  readonly results?: number;
  readonly numUpdates?: number;
  readonly dcState?: string;
}

function clusterWith({
  results = 2,
  numUpdates = 0,
  dcState = '',
  ...reported
}: Seen): ClusterFacts {
  const history = Array.from({ length: results }, (_, at) => `<lrm_rsc_op id="op-${at}"/>`);
  const cibText = `<cib admin_epoch="0" epoch="1" num_updates="${numUpdates}"><configuration><crm_config/><nodes/><resources/><constraints/></configuration><status><node_state id="1" uname="c1"><lrm id="1"><lrm_resources><lrm_resource id="d1">${history.join('')}</lrm_resource></lrm_resources></lrm></node_state></status></cib>`;
  const cib = readCib(cibText);
  const mon = readCrmMon(crmMonXml(reported));
  return { cib, cibText, mon, dcState, readFrom: 'c1' };
}

const off = { connections: { r1: { role: 'Stopped' }, r2: { role: 'Stopped' } } };
const oneOn = { connections: { r1: { on: 'c1' }, r2: { role: 'Stopped' } } };

/** When a wait ends, in seconds, and why, where the cluster is read every 10 s. */
function endOf(readAt: (seconds: number) => Seen): string {
  const isOver = patience(LIMIT_MS, 0);
  for (let seconds = 0; seconds <= 3600; seconds += 10) {
    const why = isOver(clusterWith(readAt(seconds)), seconds * 1000);
    if (why !== undefined) return `${seconds} s: ${why}`;
  }
  return 'never';
}

describe('how long a wait lasts', () => {
  it('ends where nothing has moved for its limit', () => {
    assert.equal(
      endOf(() => off),
      '150 s: no progress for 150 s',
    );
  });

  for (const [what, moved] of [
    ['a connection started', oneOn],
    ['a probe was answered', { ...off, results: 3 }],
    ['a node went down', { ...off, down: ['c2'] }],
    ['a connection was released', { connections: { ...off.connections, r1: { managed: false } } }],
  ] as const)
    it(`goes on from the moment when ${what}`, () => {
      assert.equal(
        endOf((seconds) => (seconds < 100 ? off : moved)),
        '250 s: no progress for 150 s',
      );
    });

  it('takes new versions of the CIB and a busy DC for no progress', () => {
    assert.equal(
      endOf((seconds) => ({
        ...off,
        numUpdates: seconds,
        dcState: seconds % 20 === 0 ? 'S_IDLE' : 'S_TRANSITION_ENGINE',
      })),
      '150 s: no progress for 150 s',
    );
  });

  it('ends in the end although something moves, later where there are more nodes', () => {
    const flapping = (nodes: number) =>
      endOf((seconds) => ({
        connections: Object.fromEntries(
          Array.from({ length: nodes }, (_, at) => [
            `r${at}`,
            seconds % 20 === 0 ? { on: 'c1' } : { role: 'Stopped' },
          ]),
        ),
      }));
    assert.equal(flapping(1), '350 s: not done after 345 s');
    assert.equal(flapping(38), '900 s: not done after 900 s');
  });
});
