/** Texts of one entry that advance together; a key whose text is not given stays away. */
export type Fields<Key extends string> = Readonly<Partial<Record<Key, string>>>;

/** Why the ranges of an entry cannot be expanded, and in which of its texts. */
export interface RangeFault<Key extends string> {
  readonly field: Key;
  readonly message: string;
}

interface Range {
  readonly first: number;
  readonly length: number;
  /** The number of digits where zeros are kept; 0 where they are not. */
  readonly width: number;
}

/** Literal texts and the ranges between them, alternating. */
type Template = readonly (string | Range)[];

/** Number of digits that surely stays an exact number. */
const MAX_DIGITS = 9;

/**
 * Expands `compute[001-480]` in several texts of one entry. All ranges of the entry advance together, so they must be
 * equally long, and a text without a range would be the same for all.
 */
export function expandTogether<Key extends string>(
  fields: Fields<Key>,
  limit: number,
): { entries: Fields<Key>[] } | { fault: RangeFault<Key> } {
  const templates: [Key, Template][] = [];
  for (const [field, text] of entriesOf(fields)) {
    const template = parseTemplate(text);
    if (typeof template === 'string') return { fault: { field, message: template } };
    templates.push([field, template]);
  }
  const lengths = templates.flatMap(([, template]) =>
    rangesOf(template).map(({ length }) => length),
  );
  const length = lengths[0] ?? 1;
  if (length > limit) {
    const field = templates.find(([, template]) => rangesOf(template).length > 0)?.[0];
    const message = `this range makes ${length} nodes, but only ${limit} more are allowed`;
    if (field !== undefined) return { fault: { field, message } };
  }
  const fault = lengths.length === 0 ? undefined : findUneven(templates, length);
  if (fault !== undefined) return { fault };
  return { entries: Array.from({ length }, (_, index) => entryAt(templates, index)) };
}

function findUneven<Key extends string>(
  templates: readonly [Key, Template][],
  length: number,
): RangeFault<Key> | undefined {
  for (const [field, template] of templates) {
    const ranges = rangesOf(template);
    if (ranges.length === 0) {
      return {
        field,
        message: `\`${field}\` has no range, so ${length} nodes would share one value`,
      };
    }
    const uneven = ranges.find((range) => range.length !== length);
    if (uneven !== undefined) {
      const message = `ranges must have equal length: ${length} and ${uneven.length}`;
      return { field, message };
    }
  }
  return undefined;
}

/** Takes a text apart; a string says what is wrong with it. */
function parseTemplate(text: string): Template | string {
  const parts = text.split(/(\[[^[\]]*\])/);
  const template: (string | Range)[] = [];
  for (const [index, part] of parts.entries()) {
    const parsed = index % 2 === 1 ? parseRange(part) : part;
    if (parsed === undefined || (typeof parsed === 'string' && /[[\]]/.test(parsed))) {
      const meant = meantRange(part);
      const hint =
        meant === undefined
          ? 'a range looks like `[1-20]` or `[001-480]`'
          : `did you mean \`${meant}\`?`;
      return `\`${part}\` is not a range: ${hint}`;
    }
    template.push(parsed);
  }
  return template;
}

/** As Ansible, shells, and word processors (which make the hyphen a dash) write it. */
function meantRange(part: string): string | undefined {
  const [, from, to] =
    /^\[\s*(\d+)\s*(?:-|:|\.\.|[\u2010-\u2015\u2212])\s*(\d+)\s*\]$/.exec(part) ?? [];
  const meant = `[${from ?? ''}-${to ?? ''}]`;
  return parseRange(meant) === undefined ? undefined : meant;
}

function parseRange(part: string): Range | undefined {
  const [, from, to] = /^\[(\d+)-(\d+)\]$/.exec(part) ?? [];
  if (from === undefined || to === undefined) return undefined;
  if (from.length > MAX_DIGITS || to.length > MAX_DIGITS) return undefined;
  const padded = from.length > 1 && from.startsWith('0');
  if (padded && from.length !== to.length) return undefined;
  const first = Number(from);
  const length = Number(to) - first + 1;
  return length < 1 ? undefined : { first, length, width: padded ? from.length : 0 };
}

const entryAt = <Key extends string>(
  templates: readonly [Key, Template][],
  index: number,
): Fields<Key> =>
  Object.fromEntries(
    templates.map(([field, template]) => [
      field,
      template.map((part) => textAt(part, index)).join(''),
    ]),
  ) as Record<Key, string>;

const textAt = (part: string | Range, index: number): string =>
  typeof part === 'string' ? part : String(part.first + index).padStart(part.width, '0');

const rangesOf = (template: Template): Range[] =>
  template.filter((part) => typeof part !== 'string');

const entriesOf = <Key extends string>(fields: Fields<Key>): [Key, string][] =>
  Object.entries(fields) as [Key, string][];
