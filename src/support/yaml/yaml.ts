import {
  constructFromEvents,
  CORE_SCHEMA,
  dump,
  EVENT_ID,
  getScalarValue,
  NOT_RESOLVED,
  parseEvents,
  SCALAR_STYLE,
  YAMLException,
  type Event,
} from 'js-yaml';
import {
  sortDiagnostics,
  type Diagnostic,
  type DiagnosticCode,
  type Finding,
} from './diagnostic.ts';
import { childPointer, parentPointer } from './json-pointer.ts';
import { isPrintable, printable } from '../text/printable.ts';
import { SourceText, type Position } from './source-text.ts';
import { lookalikeInPlain, mistakeAt, templateAt, type Mistake } from './yaml-mistakes.ts';

const MAX_ALIASES = 100;
const MAX_DEPTH = 32;
const MAX_LENGTH = 4 * 1024 * 1024;
/** Ten thousand nodes, each with fifty settings. */
const MAX_VALUES = 500_000;
/** A file with more problems is no inventory with mistakes but something else. */
const MAX_PROBLEMS = 1000;

type NodeEvent = Exclude<Event, { type: typeof EVENT_ID.DOCUMENT | typeof EVENT_ID.POP }>;

/** Offsets of a value and of the key it stands under; `end` only for scalars. */
interface Place {
  readonly key: number | undefined;
  readonly value: number;
  readonly end: number | undefined;
}

interface Problem extends Mistake {
  readonly code: DiagnosticCode;
}

/** A YAML text as plain data, and where in the text each value came from. */
export class YamlDocument {
  readonly value: unknown;
  readonly #file: string;
  readonly #source: SourceText;
  readonly #places: ReadonlyMap<string, Place>;

  constructor(
    file: string,
    source: SourceText,
    value: unknown,
    places: ReadonlyMap<string, Place>,
  ) {
    this.#file = file;
    this.#source = source;
    this.value = value;
    this.#places = places;
  }

  /** Where a value (or its key) stands; for what is not written, where its nearest ancestor stands. */
  positionOf(pointer: string, at: 'key' | 'value' = 'value'): Position {
    let known: string | undefined = pointer;
    while (known !== undefined && !this.#places.has(known)) known = parentPointer(known);
    const place = known === undefined ? undefined : this.#places.get(known);
    const offset = at === 'key' && known === pointer ? place?.key : undefined;
    return this.#source.positionAt(offset ?? place?.value ?? 0);
  }

  /** A plain scalar exactly as it was written; undefined for everything else. */
  writtenAt(pointer: string): string | undefined {
    const place = this.#places.get(pointer);
    return place?.end === undefined ? undefined : this.#source.text.slice(place.value, place.end);
  }

  /** A finding, with its place in this file. */
  place({ at, ...finding }: Finding): Diagnostic {
    return { file: this.#file, ...this.positionOf(finding.path, at), ...finding };
  }
}

/**
 * Reads one YAML 1.2 document (core schema) that may come from an untrusted hand: bounded in size, depth and aliases,
 * no tags, no keys given twice, no control characters. What is wrong comes as diagnostics, never as an exception.
 */
export function readYaml(
  file: string,
  text: string,
): { document: YamlDocument | undefined; diagnostics: Diagnostic[] } {
  const source = new SourceText(text.startsWith('\uFEFF') ? text.slice(1) : text);
  const refuse = (problems: readonly Problem[]) => ({
    document: undefined,
    diagnostics: sortDiagnostics(problems.map((problem) => diagnose(file, source, problem))),
  });
  if (text.length > MAX_LENGTH) {
    return refuse([{ offset: 0, code: 'too-large', message: 'this file is larger than 4 MiB' }]);
  }
  try {
    const events = parseEvents(source.text, { maxDepth: MAX_DEPTH });
    const walk = new Walk(source.text);
    walk.take(events);
    if (walk.problems.length > 0) return refuse(walk.problems);
    const options = { source: source.text, schema: CORE_SCHEMA, maxAliases: MAX_ALIASES };
    const [value] = constructFromEvents(events, options);
    return { document: new YamlDocument(file, source, value, walk.places), diagnostics: [] };
  } catch (thrown) {
    if (!(thrown instanceof YAMLException)) throw thrown;
    const offset = thrown.mark?.position ?? 0;
    const mistake = mistakeAt(source.text, offset, thrown.reason);
    return refuse([{ code: 'yaml-syntax', ...(mistake ?? { offset, message: thrown.reason }) }]);
  }
}

/** Writes plain data as YAML that `readYaml` reads back as it was: one line a value, whatever is special in quotes. */
export const writeYaml = (value: unknown): string => dump(value, { lineWidth: -1, noRefs: true });

const diagnose = (file: string, source: SourceText, problem: Problem): Diagnostic => ({
  file,
  ...source.positionAt(problem.offset),
  severity: 'error',
  code: problem.code,
  path: '',
  message: problem.message,
  ...(problem.expected === undefined ? {} : { expected: problem.expected }),
});

/** A collection that is being walked through. */
interface Frame {
  readonly pointer: string;
  readonly start: number;
  readonly anchor: string | undefined;
  /** The keys seen so far; undefined for a sequence. */
  readonly keys: Set<string> | undefined;
  /** The key whose value comes next; undefined while a key is awaited. */
  key: { readonly name: string; readonly offset: number } | undefined;
  length: number;
}

/** Goes once through the parser's events, notes where everything is and what js-yaml would let pass. */
class Walk {
  readonly places = new Map<string, Place>();
  readonly problems: Problem[] = [];
  readonly #text: string;
  readonly #stack: Frame[] = [];
  #documents = 0;

  constructor(text: string) {
    this.#text = text;
  }

  take(events: readonly Event[]): void {
    for (const event of events) {
      if (event.type === EVENT_ID.DOCUMENT) this.#documents += 1;
      else if (event.type === EVENT_ID.POP) this.#stack.pop();
      else if (this.#documents > 1) {
        this.#problem(
          startOf(event),
          'yaml-documents',
          'a file must contain only one document; another one starts here',
        );
        return;
      } else if (!this.#takeNode(event) || this.problems.length >= MAX_PROBLEMS) return;
    }
    if (this.places.size === 0) this.#problem(0, 'yaml-empty', 'this file is empty');
  }

  /** Takes a key or a value; false when the rest cannot be understood. */
  #takeNode(event: NodeEvent): boolean {
    const frame = this.#stack.at(-1);
    if (this.places.size >= MAX_VALUES) {
      const message = `this file contains more than ${MAX_VALUES} values`;
      this.#problem(startOf(event), 'too-large', message);
      return false;
    }
    if (event.type !== EVENT_ID.ALIAS && event.tagStart >= 0) {
      this.#problem(event.tagStart, 'yaml-tag', 'tags (`!...`) have no meaning here');
    }
    if (event.type === EVENT_ID.SCALAR) this.#refuseCharacters(event, isKeyNext(frame));
    if (frame !== undefined && isKeyNext(frame)) return this.#takeKey(frame, event);
    this.#takeValue(frame, event);
    return true;
  }

  #takeKey(frame: Frame, event: NodeEvent): boolean {
    if (event.type !== EVENT_ID.SCALAR) {
      const offset = startOf(event) ?? frame.start;
      const message = 'a key must be a plain word, not a collection or an alias';
      this.problems.push({
        code: 'yaml-key',
        offset,
        message,
        ...(this.#text.charAt(offset) === '{' ? templateAt(this.#text, offset) : {}),
      });
      return false;
    }
    const name = getScalarValue(this.#text, event);
    const offset = startOf(event) ?? frame.start;
    if (name === '__proto__')
      this.#problem(offset, 'yaml-key', 'the key `__proto__` is not allowed');
    const read = event.style === SCALAR_STYLE.PLAIN ? keyAsRead(name) : name;
    if (read !== name) {
      const message = `the key \`${printable(name)}\` would be read as \`${read}\`: quote it`;
      this.#problem(offset, 'ambiguous-key', message);
    }
    if (frame.keys?.has(name) === true) {
      this.#problem(offset, 'duplicate-key', `the key \`${printable(name)}\` is duplicated`);
    }
    frame.keys?.add(name);
    frame.key = { name, offset };
    return true;
  }

  #takeValue(frame: Frame | undefined, event: NodeEvent): void {
    const pointer = this.#note(frame, event);
    if (frame !== undefined) {
      frame.length += 1;
      frame.key = undefined;
    }
    if (event.type === EVENT_ID.ALIAS) this.#refuseCycle(event);
    else if (event.type !== EVENT_ID.SCALAR) this.#open(event, pointer);
  }

  /** Notes where a value stands and gives its pointer. */
  #note(frame: Frame | undefined, event: NodeEvent): string {
    const key = frame?.key;
    const pointer =
      frame === undefined ? '' : childPointer(frame.pointer, key?.name ?? frame.length);
    const value = startOf(event) ?? key?.offset ?? frame?.start ?? 0;
    this.places.set(pointer, { key: key?.offset, value, end: endOfPlain(event) });
    return pointer;
  }

  #open(
    event: Extract<NodeEvent, { type: typeof EVENT_ID.MAPPING | typeof EVENT_ID.SEQUENCE }>,
    pointer: string,
  ): void {
    this.#stack.push({
      pointer,
      start: event.start,
      anchor: this.#anchorOf(event),
      keys: event.type === EVENT_ID.MAPPING ? new Set() : undefined,
      key: undefined,
      length: 0,
    });
  }

  #refuseCycle(alias: Extract<NodeEvent, { type: typeof EVENT_ID.ALIAS }>): void {
    const name = this.#anchorOf(alias);
    if (this.#stack.some(({ anchor }) => anchor === name)) {
      this.#problem(
        alias.anchorStart - 1,
        'yaml-alias',
        'an alias cannot occur inside its own anchor',
      );
    }
  }

  /** Keys and values alike go to terminals, command lines and the CIB; none of them needs a control character. */
  #refuseCharacters(
    scalar: Extract<NodeEvent, { type: typeof EVENT_ID.SCALAR }>,
    isKey: boolean,
  ): void {
    const text = getScalarValue(this.#text, scalar);
    const offset = startOf(scalar) ?? scalar.valueStart;
    const isPlain = scalar.style === SCALAR_STYLE.PLAIN;
    const lookalike = isPlain ? lookalikeInPlain(text, offset, isKey) : undefined;
    if (lookalike !== undefined) this.problems.push({ code: 'yaml-syntax', ...lookalike });
    if (isPrintable(text)) return;
    const shown = printable(text).slice(0, 80);
    const message = `control characters and line breaks are not allowed: \`${shown}\``;
    this.#problem(offset, 'control-character', message);
  }

  #anchorOf(event: { anchorStart: number; anchorEnd: number }): string | undefined {
    return event.anchorStart < 0 ? undefined : this.#text.slice(event.anchorStart, event.anchorEnd);
  }

  #problem(offset: number | undefined, code: DiagnosticCode, message: string): void {
    this.problems.push({ offset: offset ?? 0, code, message });
  }
}

const isKeyNext = (frame: Frame | undefined): boolean =>
  frame?.keys !== undefined && frame.key === undefined;

/** A key that is not quoted, as the schema reads it: `0o17` is 15, and `~` is null. */
function keyAsRead(name: string): string {
  for (const { resolve, tagName } of CORE_SCHEMA.implicitScalarTags) {
    const read = resolve(name, false, tagName);
    if (read !== NOT_RESOLVED) return String(read);
  }
  return name;
}

/** Where a node begins, its quote included; undefined for one that is not written or stands on the lines below. */
function startOf(event: NodeEvent): number | undefined {
  if (event.type === EVENT_ID.ALIAS) return event.anchorStart - 1;
  if (event.type !== EVENT_ID.SCALAR) return event.start;
  switch (event.style) {
    case SCALAR_STYLE.PLAIN:
      return event.valueStart < 0 ? undefined : event.valueStart;
    case SCALAR_STYLE.SINGLE_QUOTED:
    case SCALAR_STYLE.DOUBLE_QUOTED:
      return event.valueStart - 1;
    case SCALAR_STYLE.LITERAL_BLOCK:
    case SCALAR_STYLE.FOLDED_BLOCK:
      return undefined;
  }
}

/** Where a plain scalar ends; undefined for everything that is not written plainly. */
const endOfPlain = (event: NodeEvent): number | undefined =>
  event.type === EVENT_ID.SCALAR && event.style === SCALAR_STYLE.PLAIN && event.valueEnd >= 0
    ? event.valueEnd
    : undefined;
