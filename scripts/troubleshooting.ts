import { readdirSync, readFileSync } from 'node:fs';
import { CODE_KINDS, CODES, type CodeKind } from '../src/model/codes.ts';
import { CHECKS } from '../src/model/diagnosis.ts';
import { DRIFT_ITEMS } from '../src/model/finding.ts';
import { RISKS } from '../src/model/risk.ts';
import { kindsOf } from '../src/plan/drift/drift.ts';
import { driftWords } from '../src/report/drift/drift-words.ts';
import { readExplanations, type Explanation } from '../src/report/explanations.ts';

const root = new URL('../', import.meta.url);

/** docs/troubleshooting.md with its list of codes, and with the messages that code or recorded output decides. */
export function troubleshootingOf(text: string): string {
  const fresh = readExplanations(text).reduce(withMessage, text);
  return fresh.replace(
    /(<!-- codes: .* -->\n)[^]*?(<!-- \/codes -->)/,
    (_all, begin: string, end: string) => `${begin}\n${listOf(readExplanations(fresh))}\n\n${end}`,
  );
}

const listOf = (entries: readonly Explanation[]): string =>
  CODE_KINDS.map((kind) => {
    const rows = entries
      .filter((entry) => entry.kind === kind)
      .map(
        ({ code, summary }) => `| [\`${code}\`](#${anchorOf(entries, code, kind)}) | ${summary} |`,
      );
    return [
      `**${CODES[kind].title}**\n`,
      '| code | what it means |',
      '| --- | --- |',
      ...rows,
    ].join('\n');
  }).join('\n\n');

/** As GitHub makes it: a heading that is there already gets a number; a title of a section counts as well. */
function anchorOf(entries: readonly Explanation[], code: string, kind: CodeKind): string {
  const before = entries.filter((entry) => entry.code.toLowerCase() === code.toLowerCase());
  const index = before.findIndex((entry) => entry.kind === kind);
  return index > 0 ? `${code.toLowerCase()}-${index}` : code.toLowerCase();
}

function withMessage(text: string, { code, kind, message }: Explanation): string {
  const fresh = MESSAGES[kind](code, message);
  const start = text.indexOf(`\n### ${code}\n`, text.indexOf(`\n## ${CODES[kind].title}\n`));
  const begin = text.indexOf('```text\n', start) + '```text\n'.length;
  return `${text.slice(0, begin)}${fresh}${text.slice(text.indexOf('\n```', begin))}`;
}

const asWritten = (_code: string, written: string): string => written;

const MESSAGES: Readonly<Record<CodeKind, (code: string, written: string) => string>> = {
  error: asWritten,
  problem: asWritten,
  risk: (code) => `${code}: ${RISKS[code as keyof typeof RISKS]}`,
  diagnostic: (code, written) => recorded(code, written),
  drift: (code) => titleOf(DRIFT_ITEMS.filter((item) => item === code)),
  'drift-kind': (code) => `"kind": "${code}"${itemsOf(code)}`,
  check: (code) => checkLine(CHECKS[code as keyof typeof CHECKS]),
};

const titleOf = (items: typeof DRIFT_ITEMS): string =>
  items
    .map(driftWords)
    .map(({ title, meaning }) => `${title}\n${meaning}`)
    .join('\n');

const itemsOf = (kind: string): string => {
  const items = DRIFT_ITEMS.filter((item) => kindsOf(item).some((each) => each === kind));
  return items.length === 1 ? `, "item": "${items.join()}"` : '';
};

const FAULTS = ['test/unit/inventory/invalid/', 'test/unit/playbook/invalid/'].flatMap((folder) =>
  readdirSync(new URL(folder, root))
    .filter((name) => name.endsWith('.txt'))
    .flatMap((name) => linesOf(`${folder}${name}`)),
);

/** The fault as the tests have recorded it: the written one as long as it is among them. */
function recorded(code: string, written: string): string {
  const lines = FAULTS.filter((line) => line.endsWith(` [${code}]`));
  return lines.length === 0 || lines.includes(written) ? written : (lines[0] ?? written);
}

const DOCTOR = linesOf('test/unit/report/golden/doctor.txt');

const checkLine = (title: string): string =>
  DOCTOR.find((line) => line.slice(8).startsWith(title))?.trim() ?? title;

function linesOf(path: string): readonly string[] {
  return readFileSync(new URL(path, root), 'utf8').split('\n');
}
