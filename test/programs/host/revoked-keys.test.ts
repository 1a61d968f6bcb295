import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { isRevokedIn } from '../../../src/host/known-hosts/revoked-keys.ts';
import { newKeyFile } from '../../support/sshd.ts';
import { cases } from '../../support/cases.ts';
import { needs } from '../../support/needs.ts';

describe('files of revoked keys', () => {
  before(needs('ssh-keygen'));
  let folder = '';
  const at = (name: string): string => join(folder, name);
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'outrigger-revoked-'));
    for (const name of ['bad', 'good']) newKeyFile(at(name), 'ed25519');
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const textOf = (name: string): string => readFileSync(at(`${name}.pub`), 'utf8');
  const blobOf = (name: string): Buffer => Buffer.from(textOf(name).split(' ')[1] ?? '', 'base64');
  const krl = (name: string, specification: string): string => {
    writeFileSync(at('specification'), specification);
    execFileSync('ssh-keygen', ['-q', '-k', '-f', at(name), at('specification')]);
    return at(name);
  };
  const judged = (file: string): readonly boolean[] =>
    ['bad', 'good'].map((name) => isRevokedIn(file, blobOf(name)));

  it('may be a list of public keys', () => {
    writeFileSync(at('list'), `# stolen\n\n  ${textOf('bad')}`);
    assert.deepEqual(judged(at('list')), [true, false]);
    writeFileSync(at('empty'), '');
    assert.deepEqual(judged(at('empty')), [false, false]);
  });

  for (const kind of ['key', 'sha1', 'sha256']) {
    it(`may be a KRL that names them by ${kind}, as ssh-keygen -Q reads it`, () => {
      const file = krl(`krl-${kind}`, `${kind}: ${textOf('bad')}`);
      assert.deepEqual(judged(file), [true, false]);
      execFileSync('ssh-keygen', ['-Q', '-f', file, at('good.pub')], { stdio: 'ignore' });
      assert.throws(() =>
        execFileSync('ssh-keygen', ['-Q', '-f', file, at('bad.pub')], { stdio: 'ignore' }),
      );
    });
  }

  it('passes over what a KRL says about certificates', () => {
    newKeyFile(at('ca'), 'ed25519');
    writeFileSync(at('specification'), `serial: 1-5\nid: someone\n`);
    const args = ['-q', '-k', '-f', at('certs'), '-s', at('ca.pub'), at('specification')];
    execFileSync('ssh-keygen', args);
    assert.deepEqual(judged(at('certs')), [false, false]);
  });

  it('is an error where it cannot be parsed or understood', () => {
    assert.throws(() => judged(at('absent')), /ENOENT/);
    assert.throws(() => judged(folder), /directory/);
    writeFileSync(at('odd'), `${textOf('good')}no key\n`);
    assert.throws(() => judged(at('odd')), /line 2 is not a public key/);
    const whole = readFileSync(krl('whole', `key: ${textOf('bad')}`));
    writeFileSync(at('cut'), whole.subarray(0, -3));
    assert.throws(() => judged(at('cut')), /truncated/);
    const future = Buffer.from(whole);
    future.writeUInt32BE(2, 8);
    writeFileSync(at('future'), future);
    assert.throws(() => judged(at('future')), /unknown format 2/);
    writeFileSync(at('section'), Buffer.concat([whole, Buffer.from([9, 0, 0, 0, 0])]));
    assert.throws(() => judged(at('section')), /unknown type 9/);
    const critical = Buffer.from([255, 0, 0, 0, 6, 0, 0, 0, 1, 0x78, 1]);
    writeFileSync(at('critical'), Buffer.concat([whole, critical]));
    assert.throws(() => judged(at('critical')), /critical extension x/);
  });

  it('never takes a KRL that is cut for one that revokes nothing', () => {
    const whole = readFileSync(krl('to-cut', `key: ${textOf('bad')}`));
    fc.assert(
      fc.property(fc.integer({ min: 45, max: whole.length - 1 }), (length) => {
        writeFileSync(at('part'), whole.subarray(0, length));
        assert.throws(() => judged(at('part')));
      }),
      { numRuns: cases(60) },
    );
  });
});
