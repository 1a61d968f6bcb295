/** Relative links lead to files and headings that exist; the pages about decisions and of the guide are complete and listed. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import type { Node } from 'commonmark';
import { DOCUMENTS, nodesOf as parse } from '../../support/documents.ts';

const HAS_SCHEME = /^[a-z][a-z+.-]*:/i;

const parsed = new Map<string, readonly Node[]>();

function nodesOf(file: string): readonly Node[] {
  const known = parsed.get(file) ?? parse(file);
  parsed.set(file, known);
  return known;
}

function textOf(parent: Node): string {
  let text = parent.literal ?? '';
  for (let child = parent.firstChild; child !== null; child = child.next) text += textOf(child);
  return text;
}

/** The anchor that GitHub derives from a heading: lower case, without punctuation, blanks as hyphens. */
const slugOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-');

const anchors = new Map<string, ReadonlySet<string>>();

function anchorsOf(file: string): ReadonlySet<string> {
  const known = anchors.get(file) ?? readAnchors(file);
  anchors.set(file, known);
  return known;
}

function readAnchors(file: string): ReadonlySet<string> {
  const seen = new Map<string, number>();
  const found = new Set<string>();
  for (const node of nodesOf(file)) {
    if (node.type === 'html_block' || node.type === 'html_inline')
      for (const [, id = ''] of (node.literal ?? '').matchAll(/\b(?:id|name)="([^"]+)"/g))
        found.add(id);
    if (node.type !== 'heading') continue;
    const slug = slugOf(textOf(node));
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    found.add(count === 0 ? slug : `${slug}-${count}`);
  }
  return found;
}

const linksIn = (file: string): readonly string[] =>
  nodesOf(file)
    .filter(({ type }) => type === 'link' || type === 'image')
    .map(({ destination }) => decodeURI(destination ?? ''))
    .filter((to) => !HAS_SCHEME.test(to));

/** What is wrong with a relative link; undefined: it leads to a file, and to an anchor in it. */
function faultOf(from: string, to: string): string | undefined {
  const [path = '', anchor] = to.split('#');
  const target = path === '' ? from : normalize(join(dirname(from), path));
  if (!existsSync(target)) return 'no such file';
  if (anchor === undefined || !statSync(target).isFile() || !target.endsWith('.md'))
    return undefined;
  return anchorsOf(target).has(anchor) ? undefined : 'no such heading';
}

describe('the links of the documentation', () => {
  let count = 0;
  for (const file of DOCUMENTS)
    it(`lead to files and headings: ${file}`, () => {
      const links = linksIn(file);
      count += links.length;
      const faults = links.flatMap((to) => {
        const fault = faultOf(file, to);
        return fault === undefined ? [] : [`${to}: ${fault}`];
      });
      assert.deepEqual(faults, []);
    });

  after(() => {
    assert.ok(count > 50, String(count));
  });
});

describe('the pages about decisions', () => {
  const pages = readdirSync('docs/decisions').filter((name) => /^\d{3}-/.test(name));

  for (const index of ['docs/decisions/README.md', 'docs/architecture.md'])
    it(`are all in ${index}, under their titles, in order`, () => {
      const listed = nodesOf(index)
        .filter(({ type, destination }) => type === 'link' && /\d{3}-/.test(destination ?? ''))
        .map((link) => `${(link.destination ?? '').replace(/^.*\//, '')} ${textOf(link)}`);
      const expected = pages.sort().map((name) => {
        const title = nodesOf(join('docs/decisions', name)).find(({ type }) => type === 'heading');
        return `${name} ${name.slice(0, 3)}: ${title === undefined ? '' : textOf(title)}`;
      });
      assert.deepEqual(listed, expected);
    });

  it('have the same sections', () => {
    for (const name of pages)
      assert.deepEqual(
        nodesOf(join('docs/decisions', name))
          .filter(({ type, level }) => type === 'heading' && level === 2)
          .map(textOf),
        ['Context', 'Decision', 'Consequences', 'Evidence'],
        name,
      );
  });
});

describe('the pages of the guide', () => {
  const MOST_LINES = 250;
  const pages = readdirSync('docs/guide').filter((name) => name !== 'README.md');

  it('are all in its index, once', () => {
    const listed = linksIn('docs/guide/README.md').filter((to) => pages.includes(to));
    assert.deepEqual(listed.toSorted(), pages.toSorted());
  });

  for (const name of pages)
    it(`are short: ${name}`, () => {
      const lines = readFileSync(join('docs/guide', name), 'utf8').split('\n').length;
      assert.ok(lines <= MOST_LINES, String(lines));
    });
});
