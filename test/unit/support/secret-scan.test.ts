import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { secretsIn, secretsSeen } from '../../support/secret-scan.ts';
import { cases } from '../../support/cases.ts';

const seen = (text: string, content: Uint8Array): boolean =>
  secretsSeen(text, secretsIn('it', content)).length > 0;

describe('the search for secrets in outputs', () => {
  it('finds a password, as it is and in other spellings', () => {
    const password = Buffer.from(`pass "word"\n`);
    for (const text of [
      'sudo: pass "word" is wrong',
      JSON.stringify({ message: 'pass "word"' }),
      `x${Buffer.from('pass "word"').toString('hex')}`,
      Buffer.from('pass "word"').toString('base64'),
    ])
      assert.ok(seen(text, password), text);
    assert.equal(seen('pass word, "password" and pass', password), false);
  });

  it('finds any part of a key that is long enough, in every spelling', () => {
    const key = randomBytes(256);
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: key.length - 48 }),
        fc.constantFrom('hex', 'latin1', 'base64'),
        (start, encoding) => {
          // In base64 a part begins where three bytes begin.
          const from = encoding === 'base64' ? start - (start % 3) : start;
          const part = key.subarray(from, from + 48).toString(encoding);
          const text = encoding === 'latin1' ? Buffer.from(part, 'latin1').toString() : part;
          assert.ok(seen(`before ${text} after`, key));
        },
      ),
      { numRuns: cases(500) },
    );
    assert.equal(seen(randomBytes(4096).toString('hex'), key), false);
  });

  it('finds the body of a private key, and takes no other for it', () => {
    const pemOf = (): string =>
      generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
        type: 'pkcs8',
        format: 'pem',
      }) as string;
    const pem = pemOf();
    assert.ok(seen(`line\n${pem}`, Buffer.from(pem)));
    assert.ok(seen(JSON.stringify(pem), Buffer.from(pem)));
    for (let other = 0; other < 20; other += 1)
      assert.equal(seen(pemOf(), Buffer.from(pem)), false);
  });

  it('takes a certificate for no secret', () => {
    const pem = '-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUQ\n-----END CERTIFICATE-----\n';
    assert.equal(seen(pem, Buffer.from(pem)), false);
  });
});
