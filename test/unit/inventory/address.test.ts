import assert from 'node:assert/strict';
import { isWithin, normalAddress } from '../../../src/support/values/address.ts';
import { durationMs } from '../../../src/support/values/duration.ts';

describe('normalAddress', () => {
  for (const [written, normal] of [
    ['192.0.2.1', '192.0.2.1'],
    ['Storage1.Example.NET.', 'storage1.example.net'],
    ['2001:DB8:0:0::1', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1%eth0'],
    ['::ffff:192.0.2.1', '::ffff:c000:201'],
  ] as const) {
    it(`makes ${normal} of ${written}`, () => {
      assert.equal(normalAddress(written), normal);
    });
  }
});

describe('isWithin', () => {
  for (const [network, address, expected] of [
    ['192.0.2.11', '192.0.2.11', true],
    ['192.0.2.11', '192.0.2.12', false],
    ['192.0.2.0/24', '192.0.2.255', true],
    ['192.0.2.0/24', '192.0.3.0', false],
    ['192.0.2.16/28', '192.0.2.15', false],
    ['192.0.2.16/28', '192.0.2.31', true],
    ['192.0.2.0/255.255.255.0', '192.0.2.7', true],
    ['192.0.2.0/255.255.255.0', '192.0.3.7', false],
    ['0.0.0.0/0', '203.0.113.1', true],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['2001:db8::/32', '2001:DB8:1::1', true],
    ['2001:db8::/32', '2001:db9::1', false],
    ['2001:db8:0:0:0:0:0:1', '2001:db8::1', true],
    ['ipset:cluster', '192.0.2.1', false],
    ['00:11:22:33:44:55', '192.0.2.1', false],
    ['192.0.2.0/x', '192.0.2.1', false],
  ] as const) {
    it(`${address} ${expected ? 'is' : 'is not'} in ${network}`, () => {
      assert.equal(isWithin(network, address), expected);
    });
  }
});

describe('durationMs', () => {
  for (const [text, ms] of [
    ['10', 10_000],
    ['500ms', 500],
    ['30s', 30_000],
    ['2m', 120_000],
    ['2min', 120_000],
    ['1h', 3_600_000],
  ] as const) {
    it(`reads ${text}`, () => {
      assert.equal(durationMs(text), ms);
    });
  }

  it('throws at what the schema does not let through', () => {
    assert.throws(() => durationMs('soon'));
    assert.throws(() => durationMs('3 days'));
  });
});
