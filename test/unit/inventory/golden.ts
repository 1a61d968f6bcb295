import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import fc from 'fast-check';
import { loadSchema } from '../../../src/flows/load-document.ts';
import type { Diagnostic } from '../../../src/support/yaml/diagnostic.ts';
import type { JsonSchema } from '../../../src/support/yaml/json-schema.ts';
import { renderDiagnostics } from '../../../src/support/yaml/render-diagnostics.ts';

const root = new URL('../../../', import.meta.url);

/** A file of the project, as text. */
export const readProjectFile = (path: string): string => readFileSync(new URL(path, root), 'utf8');

/** The same object each time: a validator takes 0.2 s to make. */
export const readSchema = (name: 'inventory' | 'playbook'): JsonSchema => loadSchema(name);

/** A document in which one value, anywhere, is replaced by any other; as JSON, which is YAML too. */
export function anyDamage(document: unknown): fc.Arbitrary<string> {
  const pathsIn = (value: unknown): string[][] =>
    typeof value !== 'object' || value === null
      ? [[]]
      : [
          [],
          ...Object.entries(value).flatMap(([key, child]) =>
            pathsIn(child).map((path) => [key, ...path]),
          ),
        ];
  const replace = (value: unknown, [key, ...rest]: readonly string[], by: unknown): unknown => {
    if (key === undefined) return by;
    const copy = structuredClone(value) as Record<string, unknown>;
    copy[key] = replace(copy[key], rest, by);
    return copy;
  };
  return fc
    .tuple(fc.constantFrom(...pathsIn(document)), fc.jsonValue())
    .map(([path, by]) => JSON.stringify(replace(document, path, by)));
}

/** Every `*.yml` of a folder is a case; what is said of it stands in the `*.txt` beside it. UPDATE_GOLDEN=1 rewrites. */
export function describeGoldens(
  folder: string,
  diagnose: (file: string, text: string) => readonly Diagnostic[],
): void {
  for (const name of readdirSync(new URL(folder, root)).filter((file) => file.endsWith('.yml'))) {
    it(basename(name, '.yml').replaceAll('-', ' '), () => {
      const text = readProjectFile(`${folder}/${name}`);
      const rendered = renderDiagnostics(diagnose(name, text), new Map([[name, text]]));
      const golden = `${folder}/${name.replace(/\.yml$/, '.txt')}`;
      if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(new URL(golden, root), rendered);
      assert.equal(rendered, readProjectFile(golden));
    });
  }
}
