import 'reflect-metadata';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { listValidity } from '../../../src/credentials/x509/authority.ts';
import {
  readRevocationList,
  signAuthority,
  signRevocationList,
} from '../../../src/credentials/x509/library.ts';
import { newKey } from '../../../src/credential-sources/authority-key.ts';
import { pemBlocks } from '../../../src/credentials/x509/pem.ts';
import { DAY_MS } from '../../../src/credentials/x509/time-left.ts';
import { inDays, NOW } from '../../support/pki.ts';
import { skipUnless } from '../../support/needs.ts';

const YEAR = { validityMs: 365 * DAY_MS };
const UNTIL = inDays(3000);

const read = (pem: string) => {
  const blocks = pemBlocks(pem);
  assert.ok(!('fault' in blocks) && blocks[0] !== undefined);
  return readRevocationList(blocks[0].der);
};

describe('the number of a revocation list', () => {
  it('grows with each list, whatever the clock does, and so does its time', () => {
    const clock = fc.array(fc.integer({ min: -100_000, max: 100_000 }), { minLength: 2 });
    fc.assert(
      fc.property(clock, (seconds) => {
        let before: ReturnType<typeof listValidity> | undefined;
        for (const offset of seconds) {
          const now = new Date(NOW.getTime() + offset * 1000);
          const next = listValidity(YEAR, UNTIL, now, before);
          if (before !== undefined) {
            assert.ok(next.number > before.number);
            assert.ok(next.thisUpdate >= before.thisUpdate);
          }
          before = next;
        }
      }),
    );
  });

  it('grows also where the list before was put back from an older copy', () => {
    const first = listValidity(YEAR, UNTIL, NOW);
    const second = listValidity(YEAR, UNTIL, inDays(1), first);
    const third = listValidity(YEAR, UNTIL, inDays(2), first);
    assert.ok(third.number > second.number);
  });

  it('is what openssl reads, and what the next one is counted from', async function () {
    skipUnless(this, 'openssl');
    const key = newKey();
    const dates = { notBefore: inDays(-2), notAfter: UNTIL };
    const certificate = await signAuthority({ name: 'a', serial: '4711', key, ...dates });
    for (const number of [0n, 127n, 128n, 0x6a57_0000n, 2n ** 63n, 2n ** 64n - 1n, 2n ** 70n]) {
      const terms = { number, thisUpdate: NOW, nextUpdate: inDays(9), revoked: new Map() };
      const pem = await signRevocationList(terms, { certificate, key });
      const args = ['crl', '-noout', '-crlnumber'];
      const said = execFileSync('openssl', args, { input: pem, encoding: 'utf8' });
      assert.equal(BigInt(said.trim().replace('crlNumber=', '')), number);
      const before = read(pem);
      assert.equal(before.number, number);
      const next = listValidity(YEAR, UNTIL, new Date(1000), before);
      assert.deepEqual([next.number, next.thisUpdate], [number + 1n, NOW]);
    }
  });
});
