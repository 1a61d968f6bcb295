import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { mock } from 'node:test';
import fc from 'fast-check';
import { entriesFor, type KnownHost } from '../../../src/host/known-hosts/known-hosts.ts';

const entry = (names: string, line: number): KnownHost => ({
  marker: 'none',
  names,
  keyType: 'ssh-ed25519',
  blob: new Uint8Array(),
  file: 'known_hosts',
  line,
});

const hashed = (name: string, salt: string): string => {
  const digest = crypto.createHmac('sha1', salt).update(name).digest('base64');
  return `|1|${Buffer.from(salt).toString('base64')}|${digest}`;
};

const linesFor = (entries: readonly KnownHost[], name: string): readonly number[] =>
  entriesFor(entries, name).map(({ line }) => line);

describe('looking up names in many known hosts', () => {
  it('looks at a line with plain names once, whoever is asked for', () => {
    let looks = 0;
    const entries = Array.from({ length: 1000 }, (_, line) => ({
      ...entry('', line),
      get names() {
        looks += 1;
        return `h${String(line)},10.0.0.${String(line)}`;
      },
    }));
    for (let line = 0; line < 1000; line += 1)
      assert.deepEqual(linesFor(entries, `H${String(line)}`), [line]);
    assert.equal(looks, 1000);
  });

  it('tries a hashed name once for each name that is asked for', () => {
    const entries = Array.from({ length: 50 }, (_, line) =>
      entry(hashed(`h${String(line)}`, `salt ${String(line)}`), line),
    );
    const hmac = mock.method(crypto, 'createHmac');
    syncBuiltinESMExports();
    try {
      for (const name of ['h7', 'h9', 'h7', 'H9'])
        assert.deepEqual(linesFor(entries, name), [Number(name.slice(1))]);
      assert.equal(hmac.mock.callCount(), 2 * entries.length);
    } finally {
      hmac.mock.restore();
      syncBuiltinESMExports();
    }
  });

  it('finds what each line alone says, in the order of the lines', () => {
    const name = fc.constantFrom('a', 'b', 'A', 'ab', '[a]:23');
    const pattern = fc.oneof(name, fc.constantFrom('*', 'a*', '?', '!a', '!b*', ''));
    const names = fc.oneof(
      fc.array(pattern, { minLength: 1, maxLength: 4 }).map((list) => list.join(',')),
      name.map((plain) => hashed(plain.toLowerCase(), 'salt')),
    );
    fc.assert(
      fc.property(fc.array(names), name, (lines, asked) => {
        const entries = lines.map(entry);
        const alone = entries.flatMap((one) => linesFor([one], asked));
        assert.deepEqual(linesFor(entries, asked), alone);
      }),
    );
  });
});
