/** What tests need of a machine. Where it is missing they are skipped and say so in their title; in CI, where it must not be missing, they fail. */
import { accessSync, constants } from 'node:fs';
import { delimiter, resolve } from 'node:path';

/** What is no program, by the name under which it is needed. */
const OTHERS: ReadonlyMap<string, () => boolean> = new Map([
  ['root', () => process.getuid?.() === 0],
  [
    'OUTRIGGER_TEST_CHANGES_SYSTEM=yes',
    () => process.env['OUTRIGGER_TEST_CHANGES_SYSTEM'] === 'yes',
  ],
]);

/** For `before`, `beforeEach` and `it`: skips unless all of these are here: programs by name or path, and `root`. */
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

const isHere = (name: string): boolean =>
  OTHERS.get(name)?.() ?? folders().some((folder) => isProgram(resolve(folder, name)));

/** Servers lie where only root looks for them. */
const folders = (): readonly string[] => [
  ...(process.env['PATH'] ?? '').split(delimiter),
  '/usr/sbin',
  '/sbin',
];

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
