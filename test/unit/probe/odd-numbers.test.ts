import assert from 'node:assert/strict';
import { readHost } from '../../../src/probe/readers/read-host.ts';
import { clusterOf } from '../../../src/probe/read-cluster.ts';
import { OutriggerError } from '../../../src/support/errors.ts';
import { readReply, sectionsOf } from '../../support/replies.ts';

const recorded = sectionsOf(
  readReply(new URL('../../golden/own-certificates/replies/c1.probe.txt', import.meta.url)),
);
const withSection = (name: string, text: string): ReadonlyMap<string, readonly string[]> =>
  new Map([...new Map(recorded).set(name, text)].map(([key, of]) => [key, of.split('\n')]));

const ODD = ['', 'x', '1e300', '-1', 'NaN', 'Infinity', '9'.repeat(400), '0x10', '12345678901234'];

const isRefused = (message: RegExp) => (thrown: unknown) =>
  thrown instanceof OutriggerError && thrown.host === 'c1' && message.test(thrown.message);

describe('a number of a host that is none, or that no calendar has', () => {
  for (const odd of ODD) {
    it(`as its clock is that host's fault: ${JSON.stringify(odd.slice(0, 20))}`, () => {
      assert.throws(
        () => readHost('c1', withSection('clock', odd), 0),
        isRefused(/the host did not report its time/),
      );
    });

    it(`as the time of a file is one that nobody knows: ${JSON.stringify(odd.slice(0, 20))}`, () => {
      const rights = `path=/etc/pacemaker/authkey\nrights=root haclient 640 ${odd}`;
      const { authkey } = readHost('c1', withSection('authkey', rights), 0);
      assert.equal(authkey.modifiedAt, 0);
      const own = `key blocks ${odd}\nca rights root root 644 ${odd} ${odd}`;
      const host = readHost('c1', withSection('own_certificates', own), 0);
      assert.ok(Number.isFinite(host.ownCertificates?.key.count));
      assert.ok(Number.isFinite(host.ownCertificates?.files.ca?.bytes));
      assert.equal(host.ownCertificates?.files.ca?.modifiedAt, 0);
    });

    it(`as a version of the CIB names its host: ${JSON.stringify(odd.slice(0, 20))}`, () => {
      if (/^\d{1,15}$/.test(odd)) return;
      const cib = (recorded.get('cib') ?? '').replace(/ epoch="\d+"/, ` epoch="${odd}"`);
      assert.throws(
        () => clusterOf('c1', withSection('cib', cib)),
        isRefused(/the CIB has no usable epoch/),
      );
    });
  }

  it('that is a moment is one, with or without a fraction', () => {
    for (const [text, clock] of [
      ['1795354772.747382123', 1795354772.747382],
      ['1795354772.', 1795354772],
      ['1795354772', 1795354772],
    ] as const) {
      const { clockAhead } = readHost('c1', withSection('clock', text), 0);
      assert.ok(Math.abs(clockAhead - clock) < 0.001);
    }
  });
});
