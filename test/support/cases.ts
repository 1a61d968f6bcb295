/** How many cases a property tries: few in the quick tests, whose seeds differ each time; many in `npm run test:nightly`. */
import fc from 'fast-check';

const SHARE = Number(process.env['OUTRIGGER_TEST_RUNS'] ?? 0.2);

/** Enough to meet each branch of a generator. */
const FEWEST = 5;

/** How often the numbers of cases below are multiplied, for time limits. */
export const TIMES_AS_MANY = Math.max(1, SHARE);

/** The number to try where `whole` would be thorough: a fifth of it, or what `OUTRIGGER_TEST_RUNS` says times as many. */
export const cases = (whole: number): number =>
  Math.min(Math.max(FEWEST, Math.ceil(whole * SHARE)), Math.max(whole, whole * SHARE));

// Properties that say no number.
fc.configureGlobal({ ...fc.readConfigureGlobal(), numRuns: cases(100) });
