/**
 * Writes the lists of kinds of items in the schemas from playbook/item-kinds.ts, and the types of the raw documents from
 * their schemas: `tsx scripts/generate-types.ts`.
 * With `--check` it writes nothing and fails when a file is stale.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { compile, type JSONSchema } from 'json-schema-to-typescript';
import { format, resolveConfig } from 'prettier';
import { FINDING_KINDS } from '../src/model/finding.ts';
import { ITEM_KINDS } from '../src/playbook/item-kinds.ts';

const root = new URL('../', import.meta.url);
const check = process.argv.includes('--check');

/** In the schemas kinds of items stand first, then what only findings are about. */
const LISTED_DRIFT = [...new Set([...Object.keys(ITEM_KINDS), ...Object.keys(FINDING_KINDS)])];

/** What the list of kinds in each schema holds: what a playbook can name, or everything that can drift. */
const LISTS = [
  ['playbook', Object.keys(ITEM_KINDS)],
  ['plan', Object.keys(ITEM_KINDS)],
  ['drift', LISTED_DRIFT],
  ['inventory', LISTED_DRIFT],
] as const;

const LIST = /"enum": \[[^\]]*"firewall-port"[^\]]*\]/g;

let stale = 0;
for (const [name, kinds] of LISTS) {
  const target = new URL(`schemas/${name}.schema.json`, root);
  const existing = await readFile(target, 'utf8');
  const text = existing.replaceAll(LIST, `"enum": ${JSON.stringify(kinds)}`);
  const options = { ...(await resolveConfig(fileURLToPath(target))), parser: 'json' };
  await put(target, existing, await format(text, options));
}
for (const [name, folder] of [
  ['inventory', 'inventory'],
  ['playbook', 'playbook'],
] as const) {
  const target = new URL(`src/${folder}/schema-types.ts`, root);
  const fresh = await generate(name, fileURLToPath(target));
  const existing = await readFile(target, 'utf8').catch(() => '');
  await put(target, existing, fresh);
}
process.exitCode = stale === 0 ? 0 : 1;

async function put(target: URL, existing: string, fresh: string): Promise<void> {
  if (existing === fresh) return;
  const name = target.pathname.slice(root.pathname.length);
  if (check) {
    stale += 1;
    console.error(`${name} is stale: run npm run generate`);
  } else {
    await writeFile(target, fresh);
    console.log(`wrote ${name}`);
  }
}

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
