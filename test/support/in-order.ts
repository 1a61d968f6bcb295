import { skip } from './needs.ts';

/** Steps that stand on each other: mocha's own `bail` looks at the whole run, and leaves out other suites in silence. */

/** Leaves out what comes after a failed test of this suite, and says so; other suites go on. */
export function inOrder(suite: Mocha.Suite): void {
  suite.beforeEach(function () {
    let failed: string | undefined;
    suite.eachTest(({ state, title }) => {
      if (state === 'failed') failed ??= title;
    });
    if (failed === undefined) return;
    skip(this, `a step before it failed: ${failed}`);
  });
}
