/**
 * Programs of this repository as JavaScript, for tests that start them: a start takes a third of the time that it takes
 * where each module is compiled on its way.
 */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformSync } from 'esbuild';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What the code reads beside itself: below the root, or as packages. */
const BESIDE = ['package.json', 'node_modules', 'schemas', 'playbooks', 'docs'];

let folder: string | undefined;

/** The path of the JavaScript of a file of ours, `src/cli/main.ts` say. All of it is compiled once in a process. */
export function compiled(path: string): string {
  folder ??= compileAll();
  return join(folder, path.replace(/\.ts$/, '.js'));
}

function compileAll(): string {
  const made = mkdtempSync(join(tmpdir(), 'outrigger-compiled-'));
  process.once('exit', () => {
    rmSync(made, { recursive: true, force: true });
  });
  for (const name of BESIDE) symlinkSync(join(ROOT, name), join(made, name));
  for (const part of ['src', 'test/support'])
    for (const name of readdirSync(join(ROOT, part), { recursive: true, encoding: 'utf8' }))
      if (/\.(?:ts|[cm]js|sh)$/.test(name)) put(join(part, name), made);
  return made;
}

function put(path: string, made: string): void {
  const text = readFileSync(join(ROOT, path), 'utf8');
  const isOurs = path.endsWith('.ts');
  const to = join(made, path.replace(/\.ts$/, '.js'));
  mkdirSync(dirname(to), { recursive: true });
  writeFileSync(to, isOurs ? javascriptOf(text) : text);
}

const javascriptOf = (text: string): string =>
  transformSync(text, { loader: 'ts', format: 'esm', target: 'es2023' }).code.replaceAll(
    /(\bfrom |\bimport\(|^import )"(\.[^"]+)\.ts"/gm,
    '$1"$2.js"',
  );
