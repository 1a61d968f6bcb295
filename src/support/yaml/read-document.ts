import { errorAt, type Diagnostic, type Finding } from './diagnostic.ts';
import { childPointer } from './json-pointer.ts';
import { findSchemaFaults, type JsonSchema } from './json-schema.ts';
import { explainFault } from './schema-findings.ts';
import { withoutFaults, type Sound } from './sound.ts';
import { readYaml, type YamlDocument } from './yaml.ts';

/** A YAML text to read; `file` is its name as messages show it. */
export interface DocumentText {
  readonly file: string;
  readonly text: string;
  readonly schema: JsonSchema;
}

/** A document held against its schema: `sound` is what the schema finds right in it. */
export interface CheckedDocument<T> {
  readonly document: YamlDocument;
  readonly sound: Sound<T>;
  readonly findings: readonly Finding[];
}

/** Reads a YAML text and checks it against its schema; no document when the text is not even YAML. */
export function readDocument<T>({ file, text, schema }: DocumentText): {
  checked: CheckedDocument<T> | undefined;
  diagnostics: readonly Diagnostic[];
} {
  const { document, diagnostics } = readYaml(file, text);
  if (document === undefined) return { checked: undefined, diagnostics };
  const faults = findSchemaFaults(schema, document.value);
  const sound = withoutFaults(document.value, faults);
  const findings = [...faults.map(explainFault), ...findAmbiguous(document, sound, '')];
  return { checked: { document, sound: sound as Sound<T>, findings }, diagnostics: [] };
}

/** Numbers, `true` and `false` that would not come out as they are written, such as `007` or `0x10`. */
function findAmbiguous(document: YamlDocument, value: unknown, pointer: string): Finding[] {
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([key, child]) =>
      findAmbiguous(document, child, childPointer(pointer, key)),
    );
  }
  const written = document.writtenAt(pointer);
  if (typeof value !== 'number' && typeof value !== 'boolean') return [];
  if (written === undefined || written === String(value)) return [];
  const expected = `\`${value}\`, or \`'${written}'\` if a string is intended`;
  return [
    errorAt(pointer, 'ambiguous-value', `\`${written}\` would be read as \`${value}\``, {
      expected,
    }),
  ];
}
