import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  EXIT,
  exitCodeOf,
  exitCodeOfComparison,
  type Compared,
  gravest,
  type ExitCode,
} from '../../../src/cli/process/exit-code.ts';

/** From grave to harmless. */
const ORDER: readonly ExitCode[] = [130, 1, 4, 3, 5, 2, 0];

describe('the exit code', () => {
  it('is the gravest of all that hold, in whatever order they come', () => {
    assert.deepEqual([...ORDER].sort(), [...Object.values(EXIT)].sort());
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...ORDER), { minLength: 1 }), (codes) => {
        assert.equal(
          gravest(codes),
          ORDER.find((code) => codes.includes(code)),
        );
      }),
    );
    assert.equal(gravest([]), 0);
  });

  it('of a comparison tells who could not be compared before it tells that something differs', () => {
    const unreachable = { kind: 'unreachable' } as const;
    const refused = { kind: 'refused' } as const;
    const of = (problems: Compared['problems'], pending: readonly string[], differs: boolean) =>
      exitCodeOfComparison({ problems, pending }, differs);
    assert.equal(of([], [], false), 0);
    assert.equal(of([], [], true), 2);
    assert.equal(of([refused], [], true), 5);
    assert.equal(of([refused, unreachable], [], true), 3);
    assert.equal(of([], ['r1'], false), 3);
    assert.equal(of([], ['r1'], true), 3);
  });

  it('of an error tells its kind', () => {
    assert.equal(exitCodeOf('USAGE'), 1);
    assert.equal(exitCodeOf('INPUT_INVALID'), 1);
    assert.equal(exitCodeOf('HOST_UNREACHABLE'), 3);
    assert.equal(exitCodeOf('HOST_KEY_CHANGED'), 3);
    assert.equal(exitCodeOf('COMMAND_FAILED'), 4);
    assert.equal(exitCodeOf('CLUSTER_NOT_READY'), 4);
    assert.equal(exitCodeOf('REFUSED'), 5);
    assert.equal(exitCodeOf('INTERRUPTED'), 130);
  });
});
