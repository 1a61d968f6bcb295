import assert from 'node:assert/strict';
import {
  failedResource,
  failuresOf,
  failureTexts,
} from '../../../src/pacemaker/status/failures.ts';
import type { Failure } from '../../../src/pacemaker/status/crm-mon.ts';

const failure = (operationKey: string, task: string, more: Partial<Failure> = {}): Failure => ({
  operationKey,
  task,
  node: 'c1',
  exitStatus: 'error',
  exitReason: '',
  status: 'Done',
  ...more,
});

describe('a failed operation', () => {
  for (const [key, task, resource] of [
    ['r1_start_0', 'start', 'r1'],
    ['r1_db_monitor_10000', 'monitor', 'r1_db'],
    ['r1_start_monitor_0', 'monitor', 'r1_start'],
    ['vm_migrate_to_0', 'migrate_to', 'vm'],
    ['db_promote_0', 'promote', 'db'],
    ['db_promote_0', '', 'db'],
    ['r1_reload-agent_0', '', 'r1'],
    ['an-id-of-its-own', '', 'an-id-of-its-own'],
  ] as const)
    it(`${key} is of ${resource}`, () => {
      assert.equal(failedResource(failure(key, task)), resource);
    });

  it('counts for its resource alone, and each is told once', () => {
    const failures = [
      failure('r1_start_0', 'start', { exitReason: 'Key was rejected by service' }),
      failure('r1_start_0', 'start', { exitReason: 'Key was rejected by service' }),
      failure('r1_db_start_0', 'start'),
      failure('r1_monitor_0', 'monitor'),
    ];
    assert.deepEqual(failureTexts(failuresOf({ failures }, ['r1'])), [
      'monitor on c1: error',
      'start on c1: Key was rejected by service',
    ]);
  });
});
