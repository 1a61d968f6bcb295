import { Session, type Profiler } from 'node:inspector';
import { setFlagsFromString } from 'node:v8';

/** The code whose work is counted. */
const OURS = /\/(?:src|dist)\/.*\.(?:ts|js)$|\/node_modules\/saxes\//;

let elements = 0;

/** Lets each element count that a built-in function visits, which is no code of ours and shows in no coverage. */
function counting(): () => void {
  const undo = [
    ...iterators().map((prototype) => patched(prototype, 'next', () => 1)),
    ...ARRAY_METHODS.map((name) =>
      patched(Array.prototype, name, (self) => (self as unknown[]).length),
    ),
    ...STRING_METHODS.map((name) =>
      patched(String.prototype, name, (self) => (self as string).length),
    ),
    patched(Buffer, 'concat', (_self, [list]) => sizeOf(list)),
  ];
  return () => {
    for (const one of undo) one();
  };
}

const ARRAY_METHODS = [
  'includes',
  'indexOf',
  'lastIndexOf',
  'concat',
  'slice',
  'join',
  'splice',
  'shift',
  'unshift',
];
const STRING_METHODS = ['includes', 'split', 'trim', 'replaceAll', 'toLowerCase'];

const iterators = (): object[] =>
  [[][Symbol.iterator](), new Map()[Symbol.iterator](), new Set()[Symbol.iterator]()].map(
    (iterator) => Object.getPrototypeOf(iterator) as object,
  );

const sizeOf = (list: unknown): number =>
  (list as readonly Uint8Array[]).reduce((sum, { length }) => sum + length, 0);

type Work = (self: unknown, parameters: readonly unknown[]) => number;

function patched(owner: object, name: string, work: Work): () => void {
  const known = Object.getOwnPropertyDescriptor(owner, name);
  const original = known?.value as (...parameters: unknown[]) => unknown;
  Object.defineProperty(owner, name, {
    ...known,
    value(this: unknown, ...parameters: unknown[]): unknown {
      elements += work(this, parameters);
      return Reflect.apply(original, this, parameters);
    },
  });
  return () => {
    Object.defineProperty(owner, name, known ?? {});
  };
}

/**
 * How much a piece of work does: how often V8 ran each block of our code (its precise coverage, which is exact and does not
 * depend on the machine), and how many elements or characters the built-in functions went through. What a regular
 * expression does is in neither.
 */
export async function operationsOf(work: () => unknown): Promise<number> {
  // Optimized code counts no calls.
  for (const flag of ['--no-opt', '--no-maglev']) setFlagsFromString(flag);
  const session = new Session();
  session.connect();
  try {
    session.post('Profiler.enable');
    session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
    elements = 0;
    const stop = counting();
    try {
      await work();
    } finally {
      stop();
    }
    return elements + runsOfBlocks(session);
  } finally {
    session.post('Profiler.stopPreciseCoverage');
    session.disconnect();
    setFlagsFromString('--opt');
  }
}

function runsOfBlocks(session: Session): number {
  let scripts: readonly Profiler.ScriptCoverage[] = [];
  session.post('Profiler.takePreciseCoverage', (failure, { result }) => {
    if (failure !== null) throw failure;
    scripts = result;
  });
  return scripts
    .filter(({ url }) => OURS.test(url))
    .flatMap(({ functions }) => functions.flatMap(({ ranges }) => ranges))
    .reduce((sum, { count }) => sum + count, 0);
}
