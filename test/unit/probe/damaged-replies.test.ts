import assert from 'node:assert/strict';
import fc from 'fast-check';
import { clusterOf } from '../../../src/probe/read-cluster.ts';
import { readHost } from '../../../src/probe/readers/read-host.ts';
import { readMembership, readRoutes } from '../../../src/probe/readers/read-member.ts';
import { splitSections } from '../../../src/probe/readers/sections.ts';
import { OutriggerError } from '../../../src/support/errors.ts';
import { printable } from '../../../src/support/text/printable.ts';
import { replyOf } from '../../support/replies.ts';
import { changed, factsOf, FIXTURES, framed, NONCE, recorded, sections } from './fixtures.ts';
import { cases } from '../../support/cases.ts';

describe('a reply that is not whole', () => {
  const invalid = (run: () => unknown): void => {
    assert.throws(run, (error) => {
      assert.ok(error instanceof OutriggerError, String(error));
      assert.equal(error.code, 'REPLY_INVALID');
      return true;
    });
  };

  it('is an error that names the host, wherever it was cut', () => {
    for (const name of FIXTURES) {
      const whole = framed(recorded(name));
      const end = whole.indexOf(`@${NONCE} end`) + `@${NONCE} end`.length;
      for (let at = 0; at < end; at += 1 + Math.floor(whole.length / 97)) {
        assert.throws(() => splitSections(whole.slice(0, at), NONCE, 'h1'), {
          code: 'REPLY_INVALID',
          host: 'h1',
        });
      }
    }
  });

  it('is an error without a clock', () => {
    invalid(() => factsOf(changed('bare-host', { clock: undefined })));
    invalid(() => factsOf(changed('bare-host', { clock: 'date: not found' })));
  });

  it('is a host of an unknown kind without anything else', () => {
    const facts = factsOf(
      replyOf(
        new Map([
          ['clock', '1795354770.5\n'],
          ['end', ''],
        ]),
      ),
    );
    assert.equal(facts.osId, '');
    assert.equal(facts.authkey.digest, undefined);
    assert.deepEqual(facts.listening, []);
    assert.deepEqual(facts.firewall, { kind: 'none' });
  });

  it('is not taken for the frame when a section holds something like it', () => {
    const other = `${framed(recorded('bare-host'))}@fedcba9876543210 platform\nid=evil\n`;
    const facts = readHost('h1', splitSections(other, NONCE, 'h1'), 0);
    assert.equal(facts.osId, 'debian');
  });

  it('tells no cluster where Pacemaker is down, and an error where its answer is broken', () => {
    assert.equal(clusterOf('c1', sections(changed('query-node', { cib: '' }))), undefined);
    assert.equal(
      clusterOf('c1', sections(changed('query-node', { crm_mon: undefined }))),
      undefined,
    );
    assert.equal(readMembership(sections(changed('query-node', { membership: '' }))), undefined);
    invalid(() => clusterOf('c1', sections(changed('query-node', { cib: '<cib epoch="1"><' }))));
    invalid(() => clusterOf('c1', sections(changed('query-node', { crm_mon: '<html/>' }))));
    invalid(() =>
      readMembership(sections(changed('query-node', { membership: 'Connection refused' }))),
    );
  });

  it('is facts or one clear error, whatever somebody does to it', () => {
    const garbage = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '\u001b[31mred\u001b[0m',
        '\u0000',
        '\r\n',
        '__proto__=x',
        '<a>',
        '\n\n',
        '=',
        `@${NONCE} end`,
      ),
    );
    const damage = fc.record({
      name: fc.constantFrom(...FIXTURES),
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      length: fc.nat({ max: 400 }),
      by: garbage,
    });
    fc.assert(
      fc.property(damage, ({ name, at, length, by }) => {
        const whole = framed(recorded(name));
        const from = Math.floor(at * whole.length);
        const text = whole.slice(0, from) + by + whole.slice(from + length);
        try {
          const split = splitSections(text, NONCE, 'h1');
          const facts = readHost('h1', split, 0);
          assert.ok(facts.listening.every((port) => port >= 0 && port <= 65535));
          assert.equal(typeof facts.osId, 'string');
          readMembership(split);
          readRoutes(split);
          clusterOf('h1', split);
        } catch (thrown) {
          assert.ok(thrown instanceof OutriggerError, String(thrown));
          assert.equal(thrown.code, 'REPLY_INVALID');
          assert.equal(thrown.message, printable(thrown.message));
        }
      }),
      { numRuns: cases(600) },
    );
  });
});
