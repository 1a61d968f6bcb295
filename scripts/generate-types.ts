/**
 * Writes the types of the raw documents from their schemas: `tsx scripts/generate-types.ts`.
 * With `--check` it writes nothing and fails when a file is stale.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { compile, type JSONSchema } from 'json-schema-to-typescript';
import { format, resolveConfig } from 'prettier';

const root = new URL('../', import.meta.url);
const check = process.argv.includes('--check');

let stale = 0;
for (const [name, folder] of [
  ['inventory', 'spec'],
  ['playbook', 'playbook'],
] as const) {
  const target = new URL(`src/${folder}/schema-types.ts`, root);
  const fresh = await generate(name, fileURLToPath(target));
  const existing = await readFile(target, 'utf8').catch(() => '');
  if (existing === fresh) continue;
  if (check) {
    stale += 1;
    console.error(`src/${folder}/schema-types.ts is stale: run tsx scripts/generate-types.ts`);
  } else {
    await writeFile(target, fresh);
    console.log(`wrote src/${folder}/schema-types.ts`);
  }
}
process.exitCode = stale === 0 ? 0 : 1;

async function generate(name: string, target: string): Promise<string> {
  const source = await readFile(new URL(`schemas/${name}.schema.json`, root), 'utf8');
  const types = await compile(JSON.parse(source, bareReference) as JSONSchema, name, {
    bannerComment: `// Generated from schemas/${name}.schema.json by scripts/generate-types.ts; do not edit.`,
    format: false,
    ignoreMinAndMaxItems: true,
  });
  return format(types, { ...(await resolveConfig(target)), parser: 'typescript' });
}

/** What is said beside a `$ref` is for editors; the generator would make a type of its own of it. */
function bareReference(_key: string, value: unknown): unknown {
  const isReference = typeof value === 'object' && value !== null && '$ref' in value;
  return isReference ? { $ref: value.$ref } : value;
}
