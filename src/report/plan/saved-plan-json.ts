import { fingerprint } from '../../plan/saved/fingerprint.ts';
import type { SavedPlan, KnownPlaybook } from '../../plan/saved/saved-plan.ts';
import { OutriggerError } from '../../support/errors.ts';
import { withEscapes } from '../../support/text/json-escapes.ts';
import { findSchemaFaults, type JsonSchema } from '../../support/yaml/json-schema.ts';
import { withoutNulls } from '../text/without-nulls.ts';
import { printable } from '../../support/text/printable.ts';
import { planFrom, planObject } from './plan-json.ts';

/** By this the file is known to be one of ours. */
const KIND = 'outrigger-saved-plan';
const FORMAT_VERSION = '1.0';

/** Texts as they are, not made safe to show: whoever shows them does that. */
const written = (value: unknown): string => withEscapes(JSON.stringify(value, undefined, 2));

const sourceObject = ({ path, fingerprint: of }: KnownPlaybook) => ({
  path: path ?? null,
  fingerprint: of,
});

/** A saved plan as the document of `schemas/saved-plan.schema.json`. */
export function savedPlanAsJson(saved: SavedPlan): string {
  const document = {
    kind: KIND,
    formatVersion: FORMAT_VERSION,
    outrigger: saved.outrigger,
    savedAt: saved.savedAt,
    inventory: sourceObject(saved.inventory),
    playbook: sourceObject(saved.playbook),
    limit: saved.limit ?? null,
    key: saved.key,
    credentials: saved.credentials,
    objects: saved.objects.map(({ host, object, fingerprint: of }) => ({
      host: host ?? null,
      object,
      fingerprint: of,
    })),
    plan: planObject(saved.plan),
  };
  return `${written({ ...document, checksum: checksumOf(saved.key, document) })}\n`;
}

/** Against damage and edits by hand. It is no signature: what is carried out is never taken from the file. */
const checksumOf = (key: string, document: object): string =>
  fingerprint(key, 'checksum', document);

/** Whether a text is a saved plan of any version, whole or damaged: such a file may be written anew. */
export const isSavedPlan = (text: string): boolean =>
  new RegExp(`^\\{\\s*"kind": "${KIND}"`).test(text);

/** Reads a saved plan. Throws INPUT_INVALID with the one thing that is wrong with it. */
export function readSavedPlan(
  file: string,
  text: string,
  schemas: { readonly saved: JsonSchema; readonly plan: JsonSchema },
): SavedPlan {
  if (!isSavedPlan(text)) throw unusable(file, 'is not a saved plan');
  const found = parsed(file, text);
  const version = 'formatVersion' in found ? String(found.formatVersion) : '';
  if (version !== FORMAT_VERSION)
    throw unusable(
      file,
      `has format ${version}, but this version of outrigger reads format ${FORMAT_VERSION}`,
    );
  const [fault] = [
    ...findSchemaFaults(schemas.saved, found),
    ...('plan' in found ? findSchemaFaults(schemas.plan, found.plan) : []),
  ];
  if (fault !== undefined)
    throw unusable(file, `was damaged or edited (${fault.path} ${fault.message})`);
  const { checksum, ...document } = found as Document;
  if (checksum !== checksumOf(document.key, document))
    throw unusable(file, 'was damaged or edited (checksum mismatch)');
  const { outrigger, savedAt, inventory, playbook, limit, key, credentials, objects } =
    withoutNulls(document) as Document;
  const plan = planFrom(document.plan);
  return { outrigger, savedAt, inventory, playbook, limit, key, credentials, objects, plan };
}

type Document = Omit<SavedPlan, 'plan'> & { readonly plan: object; readonly checksum: string };

function parsed(file: string, text: string): object {
  try {
    return JSON.parse(text) as object;
  } catch {
    throw unusable(file, 'was truncated or damaged');
  }
}

const unusable = (file: string, why: string): OutriggerError =>
  new OutriggerError('INPUT_INVALID', printable(`${file} ${why}`), {
    hint: 'create one with `outrigger plan -i INVENTORY --out FILE`',
  });
