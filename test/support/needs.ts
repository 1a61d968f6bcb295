/** What tests need of a machine. Where it is missing they are skipped and say so in their title; in CI, where it must not be missing, they fail. */
import { accessSync, constants } from 'node:fs';
import { delimiter, isAbsolute, resolve } from 'node:path';

/** What is no program, by the name under which it is needed. */
const OTHERS: ReadonlyMap<string, () => boolean> = new Map([
  ['root', () => process.getuid?.() === 0],
  [
    'OUTRIGGER_TEST_CHANGES_SYSTEM=yes',
    () => process.env['OUTRIGGER_TEST_CHANGES_SYSTEM'] === 'yes',
  ],
]);

/** For `before`, `beforeEach` and `it`: skips unless all of these are here: programs by name, files by their path, and `root`. */
export const needs = (...names: readonly string[]) =>
  function (this: Mocha.Context): void {
    skipUnless(this, ...names);
  };

/** The same in the middle of a test or hook. */
export function skipUnless(context: Mocha.Context, ...names: readonly string[]): void {
  const missing = names.filter((name) => !isHere(name));
  if (missing.length === 0) return;
  const reason = `needs ${missing.join(', ')}`;
  if (process.env['CI'] === 'true') throw new Error(`${reason}: in CI no test may be skipped`);
  skip(context, reason);
}

/** Skips a test, or all tests below a hook `before`, with a reason in their titles. */
export function skip(context: Mocha.Context, reason: string): never {
  const { test, currentTest } = context;
  const mark = (one: Mocha.Runnable): void => {
    one.title += ` (skipped: ${reason})`;
  };
  if (test?.title.startsWith('"before all"') === true) test.parent?.eachTest(mark);
  else if (test?.title.startsWith('"before each"') === true && currentTest) mark(currentTest);
  else if (test !== undefined) mark(test);
  return context.skip();
}

function isHere(name: string): boolean {
  const other = OTHERS.get(name);
  if (other !== undefined) return other();
  if (isAbsolute(name)) return isUsable(name, constants.R_OK);
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.some((folder) => isUsable(resolve(folder, name), constants.X_OK));
}

function isUsable(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}
