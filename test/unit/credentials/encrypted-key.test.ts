import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { encryptKey, isHardToGuess, openKey } from '../../../src/credentials/x509/encrypted-key.ts';
import { passphraseWeakness } from '../../../src/credentials/x509/passphrase.ts';
import { skipUnless } from '../../support/needs.ts';

const PASSPHRASE = 'correct horse battery stäple';
const bytes = (text: string): Buffer => Buffer.from(text);

describe('the encrypted key of an authority', function () {
  this.timeout(20_000);
  const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  let folder = '';

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'outrigger-key-'));
    writeFileSync(join(folder, 'passphrase'), `${PASSPHRASE}\n`);
    writeFileSync(join(folder, 'plain'), key.export({ type: 'pkcs8', format: 'pem' }));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  const ours = (): string =>
    encryptKey(key, bytes(PASSPHRASE), { salt: randomBytes(16), iv: randomBytes(16) });
  const openssl = (command: string, ...args: string[]): string =>
    execFileSync('openssl', [command, ...args], { encoding: 'utf8', stdio: 'pipe' });
  const secret = (): string => `file:${join(folder, 'passphrase')}`;
  const ofOpenssl = (...how: string[]): string =>
    openssl('pkcs8', '-topk8', '-in', join(folder, 'plain'), '-passout', secret(), ...how);

  it('is opened by openssl, and takes 600,000 rounds of SHA-256 and AES-256', function () {
    skipUnless(this, 'openssl');
    const path = join(folder, 'ca.key');
    writeFileSync(path, ours());
    const plain = openssl('pkey', '-in', path, '-passin', secret());
    assert.equal(plain, key.export({ type: 'pkcs8', format: 'pem' }));
    const shown = openssl('asn1parse', '-in', path);
    assert.match(
      shown,
      /:PBES2\n[^]*:PBKDF2\n[^]*:0927C0\n[^]*:hmacWithSHA256\n[^]*:aes-256-cbc\n/,
    );
    assert.throws(() => openssl('pkey', '-in', path, '-passin', 'pass:another'));
  });

  it('is opened by its passphrase and by no other', () => {
    const pem = ours();
    assert.equal(openKey(pem, bytes(PASSPHRASE))?.equals(key), true);
    assert.equal(openKey(pem, bytes('another')), undefined);
    assert.equal(openKey(pem.slice(0, 100), bytes(PASSPHRASE)), undefined);
  });

  const JUDGED: readonly (readonly [what: string, how: readonly string[], isHard: boolean])[] = [
    ['what openssl pkcs8 makes by default', [], false],
    [
      'too few rounds',
      ['-v2', 'aes-256-cbc', '-v2prf', 'hmacWithSHA256', '-iter', '599999'],
      false,
    ],
    ['enough rounds', ['-v2', 'aes-256-cbc', '-v2prf', 'hmacWithSHA256', '-iter', '600000'], true],
    ['SHA-1', ['-v2', 'aes-256-cbc', '-v2prf', 'hmacWithSHA1', '-iter', '600000'], false],
    ['SHA-512', ['-v2', 'aes-256-cbc', '-v2prf', 'hmacWithSHA512', '-iter', '210000'], true],
    ['scrypt', ['-scrypt'], true],
    ['scrypt that costs little', ['-scrypt', '-scrypt_N', '1024'], false],
    ['PKCS#5 1.5 or PKCS#12', ['-v1', 'PBE-SHA1-3DES'], false],
  ];
  for (const [what, how, isHard] of JUDGED)
    it(`of openssl is ${isHard ? 'left' : 'encrypted anew'}: ${what}`, function () {
      skipUnless(this, 'openssl');
      assert.equal(isHardToGuess(ofOpenssl(...how)), isHard);
    });

  it('of ours is left, that of an earlier version of outrigger is not', () => {
    assert.equal(isHardToGuess(ours()), true);
    const passphrase = PASSPHRASE;
    const earlier = key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase });
    assert.equal(isHardToGuess(String(earlier)), false);
  });

  it('is judged, or not hard to guess, whatever bytes it holds', () => {
    const der = Buffer.from(ours().split('\n').slice(1, -2).join(''), 'base64');
    fc.assert(
      fc.property(fc.nat(der.length - 1), fc.nat(255), (at, byte) => {
        const other = Buffer.from(der);
        other[at] = byte;
        const pem = `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${other.toString('base64')}\n-----END ENCRYPTED PRIVATE KEY-----\n`;
        assert.equal(typeof isHardToGuess(pem), 'boolean');
      }),
      { examples: [[0, 30]] }, // a BMPString of odd length
    );
    assert.equal(isHardToGuess('rubbish'), false);
  });
});

describe('the passphrase of an authority', () => {
  it('has twelve characters and five different ones, whatever they are', () => {
    for (const good of [PASSPHRASE, 'äöüßéèàçñøåœ', 'aaaaaaaaabcde'])
      assert.equal(passphraseWeakness(bytes(good)), undefined, good);
    for (const short of ['', 'x', 'elevenchars', 'äöüßéèàçñøå'])
      assert.match(passphraseWeakness(bytes(short)) ?? '', /^it has fewer than 12 characters$/);
    assert.match(passphraseWeakness(bytes('abababababababab')) ?? '', /fewer than 5 different/);
  });
});
