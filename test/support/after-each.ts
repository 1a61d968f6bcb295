/** What is looked at after each test. Also in parallel, where a module that is loaded already could add no hook of its own. */

/** Longer than any check takes on a busy machine. */
const LIMIT_MS = 120_000;

/** No test is about its time limit, which ends what hangs: it is never less than this, for machines that are slow and busy. */
const LEAST_LIMIT_MS = 300_000;

/** Whoever wants to look adds itself. */
export const checksAfterEach = new Set<() => Promise<void>>();

// What was covered is written when a process ends, which takes longer than mocha waits before it ends its workers by force.
if (process.env['NODE_V8_COVERAGE'] !== undefined) process.on('SIGTERM', () => undefined);

export const mochaHooks = {
  beforeEach(this: Mocha.Context): void {
    const test = this.currentTest;
    if (test !== undefined && test.timeout() > 0)
      test.timeout(Math.max(test.timeout(), LEAST_LIMIT_MS));
  },
  async afterEach(this: Mocha.Context): Promise<void> {
    if (checksAfterEach.size > 0) this.timeout(LIMIT_MS);
    for (const check of checksAfterEach) await check();
  },
};
