import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const PATH = /(?<![\w./-])[a-z0-9-]+(?:\/[a-z0-9-]+)*\/[a-z0-9-]+\.(?:ts|sh|mjs)\b/g;
const IS_COMMENT = /^\s*(?:\/\/|\/?\*|#)|\s\/\/\s/;

const filesBelow = (folder: string, ends: RegExp): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => ends.test(path))
    .map((path) => join(folder, path));

const exists = (path: string): boolean =>
  ['src', '.', 'test'].some((root) => existsSync(join(root, path)));

const missingIn = (file: string, lines: readonly string[]): readonly string[] =>
  lines.flatMap((line, index) =>
    [...line.matchAll(PATH)]
      .filter(([path]) => !exists(path))
      .map(([path]) => `${file}:${index + 1}: ${path}`),
  );

describe('the files that are named', () => {
  it('exist, in comments', () => {
    const missing = filesBelow('src', /\.(?:ts|sh|mjs)$/).flatMap((file) =>
      missingIn(
        file,
        readFileSync(file, 'utf8')
          .split('\n')
          .map((line) => (IS_COMMENT.test(line) ? line : '')),
      ),
    );
    assert.deepEqual(missing, []);
  });

  it('exist, in the documentation', () => {
    const missing = ['README.md', ...filesBelow('docs', /\.md$/)].flatMap((file) =>
      missingIn(file, readFileSync(file, 'utf8').split('\n')),
    );
    assert.deepEqual(missing, []);
  });
});
