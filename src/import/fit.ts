import { readInventory } from '../inventory/read-inventory.ts';
import type { Inventory } from '../inventory/schema-types.ts';
import type { Finding } from '../support/yaml/diagnostic.ts';
import { OutriggerError } from '../support/errors.ts';
import type { JsonSchema } from '../support/yaml/json-schema.ts';
import { childPointer, pointerSegments } from '../support/yaml/json-pointer.ts';
import { isPrintable, shorten } from '../support/text/printable.ts';
import { writeYaml } from '../support/yaml/yaml.ts';
import { inventoryOf, type Draft, type DraftEntry, type DraftList } from './draft.ts';

/** Something that no inventory may say, by its place. */
type Fault = Pick<Finding, 'path' | 'message'>;

/** What is wrong with an inventory, as `validate` finds it; first what YAML itself may not hold, whose place it does not tell. */
function faultsIn(inventory: Inventory, schema: JsonSchema): readonly Fault[] {
  const unreadable = unreadableIn(inventory, '');
  return unreadable.length > 0 ? unreadable : errorsIn(writeYaml(inventory), schema);
}

/** More than anybody reads in an inventory. */
const LONGEST = 1000;

const isReadable = (text: string): boolean => isPrintable(text) && text.length <= LONGEST;

function unreadableIn(value: unknown, path: string): readonly Fault[] {
  if (typeof value === 'string') {
    const message = `\`${shorten(value, 40)}\` is not valid in an inventory`;
    return isReadable(value) ? [] : [{ path, message }];
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const message = `the name \`${shorten(key, 40)}\` is not valid in an inventory`;
    const at = childPointer(path, key);
    return isReadable(key) && key !== '__proto__'
      ? unreadableIn(inner, at)
      : [{ path: at, message }];
  });
}

const errorsIn = (text: string, schema: JsonSchema): readonly Fault[] =>
  readInventory({ file: 'inventory', text, schema, directory: '/', home: '/' })
    .diagnostics.filter(({ severity }) => severity === 'error')
    // The lines are not those of the inventory that will be written.
    .map((error) => ({ ...error, message: error.message.replaceAll(/ \(line \d+\)/g, '') }));

const LISTS: readonly string[] = [
  'clusterNodes',
  'remoteNodes',
  'guestNodes',
] satisfies DraftList[];

/** What a node can do without; the rest of an entry stands and falls with it. */
const SPARE: readonly string[] = [
  'reconnectInterval',
  'operations',
  'meta',
  'attributes',
  'connectTimeout',
];

/**
 * Takes out of a draft what no inventory may say, and notes it: a setting where the node can do without, else the node. The
 * judge is the one that reads inventories. Throws REPLY_INVALID where no inventory is left.
 */
export function fitted(draft: Draft, schema: JsonSchema): Draft {
  let current = draft;
  for (;;) {
    const errors = faultsIn(inventoryOf(current), schema);
    if (errors.length === 0) return current;
    const next = without(current, errors);
    if (next === undefined) {
      throw new OutriggerError(
        'REPLY_INVALID',
        `the cluster cannot be described by an inventory: ${errors[0]?.message ?? ''}`,
      );
    }
    current = next;
  }
}

/** The draft without what these errors are about; undefined: they are about something else. */
function without(draft: Draft, errors: readonly Fault[]): Draft | undefined {
  const ofEntries = new Map<string, { readonly keys: string[]; readonly message: string }[]>();
  let { authentication } = draft;
  const notes: string[] = [];
  for (const { path, message } of errors) {
    const [section = '', index = '', ...keys] = pointerSegments(path);
    if (LISTS.includes(section) && index !== '') {
      const place = `${section} ${index}`;
      ofEntries.set(place, [...(ofEntries.get(place) ?? []), { keys, message }]);
    } else if (section === 'authentication' && authentication.method === 'x509') {
      authentication = {};
      notes.push(`the certificates are left out: ${message}`);
    }
  }
  if (ofEntries.size === 0 && notes.length === 0) return undefined;
  const thinned = <Entry extends { readonly name: string }>(
    section: DraftList,
    list: readonly DraftEntry<Entry>[],
  ): readonly DraftEntry<Entry>[] =>
    list.flatMap((one, index) => {
      const faults = ofEntries.get(`${section} ${index}`) ?? [];
      const grave = faults.find(({ keys: [first = ''] }) => !SPARE.includes(first));
      if (grave === undefined) return [faults.reduce(withoutSetting, one)];
      notes.push(`${one.entry.name}: left out: ${grave.message}`);
      return [];
    });
  const lists = {
    clusterNodes: thinned('clusterNodes', draft.clusterNodes),
    remoteNodes: thinned('remoteNodes', draft.remoteNodes),
    guestNodes: thinned('guestNodes', draft.guestNodes),
  };
  return { ...draft, ...lists, authentication, notes: [...draft.notes, ...notes] };
}

/** An entry without one of its settings, and without what would be empty then. */
function withoutSetting<Entry extends { readonly name: string }>(
  { entry, notes }: DraftEntry<Entry>,
  { keys, message }: { readonly keys: readonly string[]; readonly message: string },
): DraftEntry<Entry> {
  return {
    entry: removed(entry, keys) as Entry,
    notes: [...notes, `${entry.name}: left out: ${message}`],
  };
}

function removed(from: unknown, [key = '', ...below]: readonly string[]): unknown {
  if (typeof from !== 'object' || from === null || !Object.hasOwn(from, key)) return from;
  const { [key]: inner, ...others } = from as Record<string, unknown>;
  const left = below.length === 0 ? undefined : removed(inner, below);
  const isEmpty = left === undefined || (typeof left === 'object' && left !== null && isBare(left));
  return isEmpty ? others : { ...from, [key]: left };
}

const isBare = (value: object): boolean => Object.keys(value).length === 0;
