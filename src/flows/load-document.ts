import { isUtf8 } from 'node:buffer';
import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, resolve } from 'node:path';
import { readLocalFile } from '../host/files/local-file.ts';
import { readPlaybook, type ReadPlaybook } from '../playbook/read-playbook.ts';
import type { FileFacts } from '../inventory/files-named.ts';
import { readInventory, type ReadInventory } from '../inventory/read-inventory.ts';
import type { Spec } from '../inventory/spec.ts';
import { hasErrors, sortDiagnostics, type Diagnostic } from '../support/yaml/diagnostic.ts';
import { errnoOf, messageOf, OutriggerError } from '../support/errors.ts';
import type { JsonSchema } from '../support/yaml/json-schema.ts';
import { SourceText, type Position } from '../support/yaml/source-text.ts';

const ROOT = new URL('../../', import.meta.url);

/** An inventory as it was found in a file: the text is kept for messages that quote it. */
export interface LoadedInventory {
  readonly spec: Spec | undefined;
  /** The same when only files that it names are wrong. */
  readonly resolved: Spec | undefined;
  readonly diagnostics: readonly Diagnostic[];
  readonly text: string;
  readonly diagnoseCertificateFindings: ReadInventory['diagnoseCertificateFindings'];
}

/** Reads an inventory file and everything that can be checked about it without a network. Throws USAGE if unreadable. */
export function loadInventory(file: string): LoadedInventory {
  const text = read(file, 'inventory');
  const { spec, diagnostics, files, diagnoseFiles, diagnoseCertificateFindings } = readInventory({
    file,
    text,
    schema: loadSchema('inventory'),
    directory: dirname(resolve(file)),
    home: homedir(),
  });
  const all = sortDiagnostics([
    ...diagnostics,
    ...diagnoseFiles(new Map(files.map(({ path }) => [path, lookAt(path)]))),
  ]);
  return {
    spec: hasErrors(all) ? undefined : spec,
    resolved: spec,
    diagnostics: all,
    text,
    diagnoseCertificateFindings,
  };
}

/** Reads a playbook; without a name the one that does the main job. Throws USAGE if unreadable. */
export function loadPlaybook(
  file: string | undefined,
): ReadPlaybook & { readonly file: string; readonly text: string } {
  const path = file ?? new URL('playbooks/site.yml', ROOT).pathname;
  const text = read(path, 'playbook');
  return {
    ...readPlaybook({ file: path, text, schema: loadSchema('playbook') }),
    file: path,
    text,
  };
}

/** The documents that have a JSON Schema. */
export const SCHEMAS = [
  'inventory',
  'playbook',
  'plan',
  'drift',
  'doctor',
  'saved-plan',
  'history',
  'validate',
  'status',
  'run',
  'undo',
  'unlock',
  'trust',
  'import',
  'explain',
  'error',
] as const;

const schemas = new Map<string, JsonSchema>();

/** One of the published JSON Schemas; the same object each time, for which its validator is made once. */
export function loadSchema(name: (typeof SCHEMAS)[number]): JsonSchema {
  const known = schemas.get(name);
  if (known !== undefined) return known;
  const text = readFileSync(new URL(`schemas/${name}.schema.json`, ROOT), 'utf8');
  const schema = JSON.parse(text) as JsonSchema;
  schemas.set(name, schema);
  return schema;
}

/** What the YAML reader takes; beyond it nothing is even read. */
const MAX_BYTES = 4 * 1024 * 1024;

function read(file: string, what: string): string {
  const bytes = bytesOf(file, what);
  if (isUtf8(bytes)) return bytes.toString();
  const { line, column } = firstDamage(bytes);
  throw new OutriggerError('INPUT_INVALID', `${file}:${line}:${column}: error: not valid UTF-8`, {
    hint: `save the ${what} as UTF-8 text`,
  });
}

/** Where a byte stands that is no UTF-8: decoded and encoded again it is another. */
function firstDamage(bytes: Buffer): Position {
  const text = bytes.toString();
  const again = Buffer.from(text);
  const at = bytes.findIndex((byte, index) => byte !== again[index]);
  return new SourceText(text).positionAt(bytes.subarray(0, at).toString().length);
}

function bytesOf(file: string, what: string): Buffer {
  try {
    return readLocalFile(file, MAX_BYTES);
  } catch (thrown) {
    throw new OutriggerError('USAGE', `cannot read the ${what} ${file}: ${messageOf(thrown)}`, {
      hint: `specify a file with ${what === 'inventory' ? '-i' : '--playbook'} FILE`,
      cause: thrown,
    });
  }
}

function lookAt(path: string): FileFacts {
  try {
    const found = statSync(path);
    if (found.isFile()) accessSync(path, constants.R_OK);
    return { exists: true, isFile: found.isFile(), mode: found.mode, size: found.size };
  } catch (thrown) {
    const code = errnoOf(thrown);
    if (code === 'ENOENT' || code === 'ENOTDIR') return { exists: false };
    return { exists: true, unreadable: messageOf(thrown) };
  }
}
