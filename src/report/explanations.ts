import { CODE_KINDS, CODES, type CodeKind } from '../model/codes.ts';
import { jsonText } from './text/json.ts';
import { alignColumns, wrapText } from './text/layout.ts';
import { plainStyle, type Style } from './text/style.ts';

/** The entry of one code in docs/troubleshooting.md. */
export interface Explanation {
  readonly code: string;
  readonly kind: CodeKind;
  /** The first paragraph: what it means. */
  readonly summary: string;
  /** An example of the message. */
  readonly message: string;
  /** Causes and what to do, as Markdown. */
  readonly details: string;
}

const ENTRY =
  /^### (?:`)?(?<code>[^`\n]+)(?:`)?\n\n(?<summary>[^]*?)\n\n```text\n(?<message>[^]*?)\n```\n(?<details>[^]*)$/;

/** Reads the entries of docs/troubleshooting.md: a section for each kind of code, a heading for each code. */
export function readExplanations(markdown: string): readonly Explanation[] {
  return CODE_KINDS.flatMap((kind) =>
    entriesOf(markdown, CODES[kind].title).map((text) => entryOf(text, kind)),
  );
}

/** The entries of a section, as they stand in the document. */
function entriesOf(markdown: string, title: string): readonly string[] {
  const [, section = ''] = markdown.split(`\n## ${title}\n`);
  const [own = ''] = section.split('\n## ');
  return own
    .split(/\n(?=### )/)
    .slice(1)
    .map((entry) => entry.trim());
}

function entryOf(text: string, kind: CodeKind): Explanation {
  const { code, summary, message, details } = ENTRY.exec(`${text}\n`)?.groups ?? {};
  if (code === undefined || summary === undefined || message === undefined)
    throw new Error(`this entry has no code, summary or message: ${text.slice(0, 80)}`);
  return {
    code,
    kind,
    message,
    summary: onOneLine(summary),
    details: (details ?? '').trim(),
  };
}

const onOneLine = (text: string): string => text.replace(/\s*\n\s*/g, ' ');

/** The entries of one code, as text for a terminal. */
export const renderExplanations = (
  entries: readonly Explanation[],
  style: Style = plainStyle,
): string => entries.map((entry) => renderOne(entry, style)).join('\n');

const renderOne = ({ code, kind, summary, message, details }: Explanation, style: Style): string =>
  [
    style.heading(`${code} (${CODES[kind].title})`),
    '',
    ...wrapText(withoutMarks(summary), 0),
    '',
    ...message.split('\n').map((line) => `    ${line}`),
    ...(details === '' ? [] : ['', ...plainLines(details)]),
    '',
  ].join('\n');

/** Markdown of the entries (paragraphs, lists, blocks of code) as lines that fit. */
function plainLines(markdown: string): readonly string[] {
  return markdown
    .split('\n\n')
    .flatMap((block, index) => [
      ...(index === 0 ? [] : ['']),
      ...(block.startsWith('```') ? codeLines(block) : textLines(block)),
    ]);
}

const codeLines = (block: string): readonly string[] =>
  block
    .split('\n')
    .slice(1, -1)
    .map((line) => `    ${line}`);

/** A paragraph, or the entries of a list; lines that are indented go on with the entry before. */
const textLines = (block: string): readonly string[] =>
  block
    .split(/\n(?=- )/)
    .flatMap((part) => wrapText(withoutMarks(onOneLine(part)), 0, part.startsWith('- ') ? 2 : 0));

/** Emphasis and links are for Markdown; what is quoted stays quoted. */
const withoutMarks = (text: string): string =>
  text
    .replace(/\*\*([^*\n]{1,100})\*\*/g, '$1')
    .replace(/\[([^\]\n]{1,200})\]\([^)\n]{1,200}\)/g, '$1');

/** One line for each code. */
export const renderCodes = (entries: readonly Explanation[], style: Style = plainStyle): string =>
  CODE_KINDS.map((kind) => {
    const rows = entries
      .filter((entry) => entry.kind === kind)
      .map(({ code, summary }) => [code, withoutMarks(summary)]);
    return `${style.heading(CODES[kind].title)}\n${alignColumns(rows, 2).join('\n')}\n`;
  }).join('\n');

/** What `explain --json` prints: the document of `schemas/explain.schema.json`. */
export const explanationsAsJson = (entries: readonly Explanation[]): string =>
  jsonText(
    {
      formatVersion: '1.0',
      entries: entries.map(({ message, details, ...entry }) => ({
        ...entry,
        message: message.split('\n'),
        details: details.split('\n'),
      })),
    },
    2,
  );
