import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  entriesFor,
  fingerprint,
  keyTypeOf,
  knownHostName,
  loadKnownHosts,
  parseKnownHosts,
} from '../../../src/host/known-hosts/known-hosts.ts';
import { recordKnownHosts } from '../../../src/host/known-hosts/known-hosts-writer.ts';
import { newKey } from '../../support/fake-sshd.ts';
import { skipUnless } from '../../support/needs.ts';

const [one, two] = [newKey('ed25519'), newKey('ecdsa')].map((key) => {
  const [type = '', base64 = ''] = key.public.split(' ');
  return { line: `${type} ${base64}`, type, blob: Buffer.from(base64, 'base64') };
}) as [PublicKey, PublicKey];

interface PublicKey {
  readonly line: string;
  readonly type: string;
  readonly blob: Buffer;
}

const linesFor = (text: string, address: string, port = 22): readonly number[] =>
  entriesFor(parseKnownHosts(text, 'known_hosts'), knownHostName(address, port)).map(
    ({ line }) => line,
  );

describe('known_hosts', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'outrigger-known-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('reads plain names and comma lists, in any case', () => {
    const text = `# the cluster\n\nalpha,10.0.0.1 ${one.line} a comment\n  beta\t${two.line}\n`;
    assert.deepEqual(linesFor(text, 'alpha'), [3]);
    assert.deepEqual(linesFor(text, '10.0.0.1'), [3]);
    assert.deepEqual(linesFor(text, 'BETA'), [4]);
    assert.deepEqual(linesFor(text, 'gamma'), []);
  });

  it('holds a port other than 22 apart', () => {
    const text = `alpha ${one.line}\n[alpha]:2222 ${two.line}\n`;
    assert.deepEqual(linesFor(text, 'alpha'), [1]);
    assert.deepEqual(linesFor(text, 'alpha', 2222), [2]);
    assert.deepEqual(linesFor(text, 'alpha', 2223), []);
  });

  it('understands wildcards, and negation that wins over them', () => {
    const text = `*.example.com,!bad.example.com ${one.line}\nnode-?? ${one.line}\n[*]:2222 ${one.line}\n`;
    assert.deepEqual(linesFor(text, 'a.example.com'), [1]);
    assert.deepEqual(linesFor(text, 'bad.example.com'), []);
    assert.deepEqual(linesFor(text, 'aXexample.com'), []);
    assert.deepEqual(linesFor(text, 'node-01'), [2]);
    assert.deepEqual(linesFor(text, 'node-1'), []);
    assert.deepEqual(linesFor(text, 'any', 2222), [3]);
  });

  it('tells revoked keys and authorities apart', () => {
    const text = `@revoked * ${one.line}\n@cert-authority alpha ${two.line}\n@unheard-of alpha ${one.line}\n`;
    const found = entriesFor(parseKnownHosts(text, 'f'), 'alpha');
    assert.deepEqual(
      found.map(({ marker, line }) => [marker, line]),
      [
        ['revoked', 1],
        ['cert-authority', 2],
      ],
    );
  });

  it('passes over damaged lines', () => {
    const text = `alpha\nalpha ssh-ed25519\nalpha ssh-rsa ${one.line.split(' ')[1] ?? ''}\nalpha ssh-ed25519 AAAA\n`;
    assert.deepEqual(linesFor(text, 'alpha'), []);
  });

  it('finds hosts in a file that ssh-keygen -H has hashed', function () {
    skipUnless(this, 'ssh-keygen');
    const file = join(folder, 'known_hosts');
    writeFileSync(file, `alpha ${one.line}\n[10.0.0.1]:2222 ${two.line}\n`);
    execFileSync('ssh-keygen', ['-H', '-f', file], { stdio: 'ignore' });
    const text = readFileSync(file, 'utf8');
    assert.match(text, /^\|1\|/);
    assert.deepEqual(linesFor(text, 'alpha'), [1]);
    assert.deepEqual(linesFor(text, '10.0.0.1', 2222), [2]);
    assert.deepEqual(linesFor(text, '10.0.0.1'), []);
  });

  it('prints fingerprints as ssh-keygen does', function () {
    skipUnless(this, 'ssh-keygen');
    const file = join(folder, 'key.pub');
    writeFileSync(file, `${two.line} comment\n`);
    const printed = execFileSync('ssh-keygen', ['-l', '-f', file], { encoding: 'utf8' });
    assert.equal(fingerprint(two.blob), printed.split(' ')[1]);
  });

  it('knows nobody without a file, and fails on one that cannot be read', async () => {
    assert.deepEqual(await loadKnownHosts(join(folder, 'absent')), []);
    await assert.rejects(loadKnownHosts(folder), { code: 'HOST_KEY_UNKNOWN' });
  });

  it('notices that a file has changed', async () => {
    const file = join(folder, 'known_hosts');
    writeFileSync(file, `alpha ${one.line}\n`);
    assert.equal((await loadKnownHosts(file)).length, 1);
    writeFileSync(file, `alpha ${one.line}\nbeta ${two.line}\n`);
    assert.equal((await loadKnownHosts(file)).length, 2);
  });

  it('reads the type of a key, and none from a fragment', () => {
    assert.equal(keyTypeOf(one.blob), 'ssh-ed25519');
    assert.equal(keyTypeOf(Buffer.from([0, 0, 1])), undefined);
    assert.equal(keyTypeOf(Buffer.from([0, 0, 1, 0, 65])), undefined);
  });

  describe('recording', () => {
    const keys = [
      { name: 'alpha', blob: one.blob },
      { name: '[10.0.0.1]:2222', blob: two.blob },
    ];

    it('writes lines that ssh-keygen finds, in a private file in a private folder', async function () {
      skipUnless(this, 'ssh-keygen');
      const file = join(folder, 'ssh', 'known_hosts');
      assert.equal(await recordKnownHosts(keys, file), 2);
      assert.equal(statSync(file).mode & 0o777, 0o600);
      assert.equal(statSync(join(folder, 'ssh')).mode & 0o777, 0o700);
      for (const name of ['alpha', '[10.0.0.1]:2222']) {
        assert.match(
          execFileSync('ssh-keygen', ['-F', name, '-f', file], { encoding: 'utf8' }),
          /found: line/,
        );
      }
    });

    it('never writes a key twice, and keeps what is there', async () => {
      const file = join(folder, 'known_hosts');
      const before = `# mine\nalpha ${one.line}`;
      writeFileSync(file, before);
      assert.equal(await recordKnownHosts([...keys, ...keys], file), 1);
      assert.equal(await recordKnownHosts(keys, file), 0);
      assert.equal(readFileSync(file, 'utf8'), `${before}\n[10.0.0.1]:2222 ${two.line}\n`);
    });

    it('records many at once without losing any', async () => {
      const file = join(folder, 'known_hosts');
      const many = Array.from({ length: 50 }, (_, index) => ({
        name: `h${index}`,
        blob: one.blob,
      }));
      await Promise.all(many.map((key) => recordKnownHosts([key], file)));
      assert.equal(parseKnownHosts(readFileSync(file, 'utf8'), file).length, 50);
    });

    it('refuses a revoked key, and a name that would break the line', async () => {
      const file = join(folder, 'known_hosts');
      writeFileSync(file, `@revoked * ${one.line}\n`);
      await assert.rejects(recordKnownHosts(keys, file), { code: 'HOST_KEY_CHANGED' });
      const odd = [{ name: 'a b', blob: two.blob }];
      await assert.rejects(recordKnownHosts(odd, file), { code: 'INPUT_INVALID' });
    });
  });
});
