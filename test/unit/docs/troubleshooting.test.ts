import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadExplanations } from '../../../src/flows/explain.ts';
import { CODE_KINDS, CODES } from '../../../src/model/codes.ts';
import { readExplanations } from '../../../src/report/explanations.ts';

const SOURCE = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => readFileSync(join('src', path), 'utf8'))
  .join('\n')
  .replaceAll(/`\s*\+\s*`|'\s*\+\s*'/g, '')
  .replaceAll(/\$\{[^{}]*\}/g, '…');

/** Runs of words of a message: of few words, where that is short. */
const runsOf = (text: string): readonly string[] => {
  const words = text.split(/\s+/);
  const length = words.length > 6 ? 3 : 2;
  return words
    .map((_word, index) => words.slice(index, index + length).join(' '))
    .slice(0, Math.max(1, words.length - length + 1));
};

describe('docs/troubleshooting.md', () => {
  const entries = loadExplanations();
  for (const kind of CODE_KINDS) {
    it(`has an entry for each code, and no other (${CODES[kind].title})`, () => {
      const described = entries.filter((entry) => entry.kind === kind).map(({ code }) => code);
      assert.deepEqual(described.toSorted(), [...CODES[kind].codes].sort());
    });
  }

  it('has no entry outside of a section of codes', () => {
    const text = readFileSync('docs/troubleshooting.md', 'utf8');
    assert.equal(text.match(/^### /gm)?.length, entries.length);
  });

  it('says of each what it means, with a message, and what to do', () => {
    for (const { code, summary, message, details } of entries) {
      assert.match(summary, /^[A-Z].*[.)]$/s, code);
      assert.ok(message.length > 3 && !message.includes('?\n'), code);
      assert.match(details, /^- /m, `${code}: what to do`);
    }
  });

  it('quotes messages that the source has', () => {
    for (const { code, kind, message } of entries) {
      if (!['error', 'problem'].includes(kind)) continue;
      const found = runsOf(message).some((run) => SOURCE.includes(run));
      assert.ok(found, `${code}: ${message}`);
    }
    for (const { code, message } of entries.filter(({ kind }) => kind === 'diagnostic'))
      assert.ok(message.endsWith(` [${code}]`), code);
  });

  it('is read entry by entry, and refused where one has no message', () => {
    const [entry] = readExplanations(
      '\n## Errors\n\n### USAGE\n\nIt is\nwrong.\n\n```text\nno\n```\n\n- Do\n  this.\n\n## Else\n',
    );
    assert.deepEqual(entry, {
      code: 'USAGE',
      kind: 'error',
      summary: 'It is wrong.',
      message: 'no',
      details: '- Do\n  this.',
    });
    assert.throws(() => readExplanations('\n## Errors\n\n### USAGE\n\nNo message.\n'), /no code/);
  });
});
