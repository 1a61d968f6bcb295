/** docs/glossary.md has the terms that are used; these are the words that they replaced. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What is not written any more, and what is written instead. */
const RETIRED: readonly (readonly [former: RegExp, instead: string])[] = [
  [/\btruly[ -]in\b/i, 'online and verified, node-online'],
  [/\bhomeless\b|\bonly-home\b/i, 'no eligible node'],
  [/\bleavers?\b|\bdepartures?\b/i, 'removed node, removal'],
  [/\bdebris\b/i, 'leftovers'],
  [/\bcarrier(Of)?\b/, 'managed resource'],
  [/\b(const|let|readonly|context\.|, )lead\b|\bwithLead\b/, 'query node'],
  [/\banother ?try\b/i, 'retry'],
  [/\bobjections?\b/i, 'blocker'],
  [/\binto shape\b|\bbringIntoShape\b/i, 'converge, desired state'],
  [/\bpinned[- ]change\b|\bpinnedChange\b|\bpinned-(restart|credential-change)\b/i, 'node by node'],
  [/\bdetached-restart\b|\bisDetached\b/, 'maintenance-mode restart'],
  [/\bgive[ns]? back\b|\bgiving back\b/i, 'release'],
  [/\brevocation lists?\b/i, 'CRL'],
  [/\brun (that|which) died\b/i, 'interrupted run'],
  [/\bwants? a password\b/i, 'requires a password'],
];

/** Where former words are quoted: what names them to users, and the definition of a term. */
const QUOTED = [
  'src/model/renamed-codes.ts',
  'docs/glossary.md',
  'test/unit/docs/vocabulary.test.ts',
  'test/unit/playbook/invalid/former-names',
];

const files = ['src', 'schemas', 'playbooks', 'inventories', 'docs', 'scripts']
  .flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
  )
  .concat(readdirSync('.').filter((name) => name.endsWith('.md')))
  .filter((file) => /\.(ts|mts|mjs|cjs|sh|json|yml|md|1)$/.test(file))
  .filter((file) => file !== 'CHANGELOG.md' && !QUOTED.some((quoted) => file.startsWith(quoted)));

describe('the vocabulary', () => {
  it('has no word that was replaced', () => {
    assert.ok(files.length > 300, String(files.length));
    const found = files.flatMap((file) =>
      readFileSync(file, 'utf8')
        .split('\n')
        .flatMap((line, index) =>
          line.includes('x-renamed')
            ? []
            : RETIRED.filter(([former]) => former.test(line)).map(
                ([former, instead]) =>
                  `${file}:${index + 1}: ${former.exec(line)?.[0] ?? ''}: say ${instead}`,
              ),
        ),
    );
    assert.deepEqual(found, []);
  });
});
