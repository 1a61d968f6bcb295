/** What is looked at after each test. Also in parallel, where a module that is loaded already could add no hook of its own. */

/** Longer than any check takes on a busy machine. */
const LIMIT_MS = 120_000;

/** Whoever wants to look adds itself. */
export const checksAfterEach = new Set<() => Promise<void>>();

export const mochaHooks = {
  async afterEach(this: Mocha.Context): Promise<void> {
    if (checksAfterEach.size > 0) this.timeout(LIMIT_MS);
    for (const check of checksAfterEach) await check();
  },
};
