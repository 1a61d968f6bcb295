// The spec reporter, with one closing line that says how it went: `N passed, N failed`. A test that leaves something
// open would keep the run from ending: it is told what, and the run ends as its tests went. Why a test failed is said
// beside it as well: the end of a long run may be hours away. What was skipped is counted by what it needs.
const { reporters } = require('mocha');

const END_LIMIT_S = 30;

const REASON = / \((skipped: .*)\)$/;

module.exports = class extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    this.skipped = new Map();
    runner.on('pending', ({ title }) => {
      const reason = REASON.exec(title)?.[1] ?? `skipped without a reason: ${title}`;
      this.skipped.set(reason, (this.skipped.get(reason) ?? 0) + 1);
    });
    runner.on('fail', (_, { stack, message }) => {
      process.stdout.write(`${stack ?? message}\n`);
    });
  }

  epilogue() {
    super.epilogue();
    const { passes, failures, pending } = this.stats;
    for (const [reason, count] of this.skipped)
      process.stdout.write(`${reason} (${count} test${count === 1 ? '' : 's'})\n`);
    process.stdout.write(
      `${passes} passed, ${failures} failed${pending > 0 ? `, ${pending} skipped` : ''}\n`,
    );
    setTimeout(() => {
      const open = process.getActiveResourcesInfo().filter((kind) => !kind.startsWith('Pipe'));
      process.stdout.write(
        `The run does not end: ${END_LIMIT_S} s after the last test something is still open (${open.join(', ')}).\n`,
      );
      process.exit();
    }, END_LIMIT_S * 1000).unref();
  }
};
