import assert from 'node:assert/strict';
import { exitCodeFor } from '../../../src/cli/process/exit-code-of-run.ts';

const ended = (failed: readonly string[], wasInterrupted = false) => ({
  failed: new Map(failed.map((host) => [host, 'no space left'])),
  wasInterrupted,
});
const none = { problems: [] };

describe('the exit code of apply', () => {
  it('is the gravest of what stopped it and of what became of the hosts', () => {
    assert.equal(exitCodeFor(none, ended([])), 0);
    assert.equal(exitCodeFor(none, ended(['h1'])), 4);
    assert.equal(exitCodeFor(none, ended([]), 'CLUSTER_NOT_READY'), 4);
    assert.equal(exitCodeFor(none, ended([]), 'HOST_UNREACHABLE'), 3);
    assert.equal(exitCodeFor(none, ended(['h1']), 'HOST_UNREACHABLE'), 4);
    assert.equal(exitCodeFor(none, ended([]), 'REFUSED'), 5);
    assert.equal(exitCodeFor(none, ended(['h1'], true), 'CLUSTER_NOT_READY'), 130);
  });
});
