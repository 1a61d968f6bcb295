import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readRunRecord } from '../../../src/model/run-record.ts';
import { historyAsJson, renderHistory } from '../../../src/report/run/history.ts';

const ID = '20260102T030405678Z-4711';
const START = { type: 'run', time: '2026-01-02T03:04:05.678Z', user: 'ada', host: 'seat' };
const PLAN = {
  type: 'plan',
  plays: [
    {
      name: 'Connect',
      changes: [
        change('r1', 'fence-device', 'update', { 'pcmk_host_map of pdu': 'r1:7' }),
        change('r1', 'connection-resource', 'create', { server: '192.0.2.1', port: '3121' }),
        change('r1', 'node-state', 'update', { state: 'online', rack: 'a1' }),
        change('r2', 'connection-resource', 'create', { server: '192.0.2.2', port: '3121' }),
        change('r3', 'connection-resource', 'update', { port: '3122' }),
        change('g1', 'guest-node', 'create', { VM: 'vm1', 'remote-addr': '192.0.2.9' }),
      ],
    },
  ],
};

function change(host: string, item: string, action: string, after: Record<string, string>) {
  const attributes = Object.entries(after).map(([name, value]) => ({ name, after: value }));
  return { host, item, action, attributes };
}
const verdict = (host: string, item: string, kind = 'changed') => ({
  type: 'verdict',
  host,
  item,
  verdict: { kind, because: 'x' },
});
const text = (...entries: object[]): string =>
  entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
const joined = (name: string, desired: Record<string, string>, entry = {}) => ({
  name,
  vm: undefined,
  desired,
  entry,
  hasFailed: false,
});
const read = (...entries: object[]) => readRunRecord('prod', ID, text(...entries));

describe('the record of a run, read back', () => {
  const whole = [
    START,
    PLAN,
    verdict('r1', 'package'),
    verdict('r1', 'fence-device'),
    ...['r1', 'r2', 'r3'].map((host) => verdict(host, 'connection-resource')),
    verdict('g1', 'guest-node'),
  ];
  const end = { type: 'end', failed: {}, interrupted: false };

  it('tells whom the run joined, and what it added for them', () => {
    const record = read(...whole, end);
    assert.deepEqual(record.joined, [
      joined('r1', { server: '192.0.2.1', port: '3121' }, { state: 'online', rack: 'a1' }),
      joined('r2', { server: '192.0.2.2', port: '3121' }),
      { ...joined('g1', { VM: 'vm1', 'remote-addr': '192.0.2.9' }), vm: 'vm1' },
    ]);
    assert.deepEqual(record.listed, [
      { node: 'r1', device: 'pdu', parameter: 'pcmk_host_map', entry: 'r1:7' },
    ]);
    assert.deepEqual([record.changed, record.changedHosts, record.end.kind], [6, 4, 'done']);
  });

  it('leaves out who was not joined: taken back by the run itself, overtaken, never begun', () => {
    const names = (...more: object[]) =>
      read(START, PLAN, ...more, end).joined.map(({ name }) => name);
    assert.deepEqual(names(), []);
    assert.deepEqual(
      names(verdict('r1', 'connection-resource'), { type: 'taken-back', nodes: ['r1'] }),
      [],
    );
    assert.deepEqual(names(verdict('r2', 'connection-resource', 'failed')), []);
  });

  it('counts a join as one that was begun when the run died over it', () => {
    const record = read(START, PLAN, {
      type: 'action',
      host: 'r1',
      item: 'connection-resource',
      action: 'write-cib',
    });
    assert.deepEqual(
      [record.joined.map(({ name }) => name), record.end.kind, record.hasActed],
      [['r1'], 'unknown', true],
    );
  });

  for (const [what, last, kind] of [
    ['failed', { ...end, failed: { r1: 'no route' } }, 'failed'],
    ['was interrupted', { ...end, interrupted: true }, 'interrupted'],
    ['was stopped', { ...end, stopped: 'a gate\nstayed closed' }, 'stopped'],
  ] as const) {
    it(`tells that the run ${what}`, () => {
      assert.equal(read(...whole, last).end.kind, kind);
      assert.equal(renderHistory([read(...whole, last)]).split('\n').length, 3);
    });
  }

  it('reads any text, truncated or damaged, without throwing, and shows it on one line', () => {
    const good = text(...whole, end);
    fc.assert(
      fc.property(
        fc.oneof(
          fc.nat(good.length).map((length) => good.slice(0, length)),
          fc.string({ unit: 'binary' }),
          fc.array(fc.json()).map((lines) => `${lines.join('\n')}\n`),
          fc
            .tuple(fc.nat(good.length), fc.string())
            .map(([at, noise]) => good.slice(0, at) + noise + good.slice(at + noise.length)),
        ),
        (damaged) => {
          const record = readRunRecord('prod', ID, damaged);
          assert.equal(renderHistory([record]).trimEnd().split('\n').length, 2);
          JSON.parse(historyAsJson([record]));
        },
      ),
    );
  });

  it('says so of a record of which nothing is left, or of which a line in the middle is damaged', () => {
    assert.ok(readRunRecord('prod', ID, '').isDamaged);
    assert.ok(readRunRecord('prod', ID, `${text(START)}garbage\n${text(end)}`).isDamaged);
    assert.ok(!readRunRecord('prod', ID, `${text(START)}{"type":"en`).isDamaged);
  });
});
