import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash, generateKeyPairSync } from 'node:crypto';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hostScriptArgs } from '../../support/host-script.ts';
import { checkRequest } from '../../../src/credentials/x509/requests/check-request.ts';
import { needs } from '../../support/needs.ts';

const run = (name: string, ...args: string[]) =>
  spawnSync('/bin/sh', hostScriptArgs(`host/scripts/files/${name}.sh`, args), { encoding: 'utf8' });

describe('a key that is made on its host', function () {
  this.timeout(20_000);
  let folder = '';
  let key = '';

  before(needs('root', 'openssl'));
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'outrigger-make-request-'));
    key = join(folder, 'pacemaker', 'x509-key-new.pem');
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const requestFor = (node: string) => run('make-request', key, node);

  it('waits for root alone, and its request names the node and nobody else', async () => {
    const { status, stdout, stderr } = requestFor('h-1.example');
    assert.equal(status, 0, stderr);
    const checked = await checkRequest(stdout, 'h-1.example');
    assert.ok('pem' in checked, JSON.stringify(checked));
    assert.equal(statSync(key).mode & 0o777, 0o600);
    assert.equal(statSync(join(folder, 'pacemaker')).mode & 0o777, 0o755);
    assert.deepEqual(readdirSync(join(folder, 'pacemaker')), ['x509-key-new.pem']);
    const said = spawnSync('openssl', ['req', '-noout', '-text'], {
      input: stdout,
      encoding: 'utf8',
    });
    assert.match(said.stdout, /TLS Web Server Authentication, TLS Web Client Authentication/);
  });

  it('is the same when it is asked for again, and another one when that cannot be read', async () => {
    const digest = async (): Promise<string> => {
      const checked = await checkRequest(requestFor('h1').stdout, 'h1');
      return 'fault' in checked ? checked.fault : checked.publicDigest;
    };
    const first = await digest();
    assert.equal(await digest(), first);
    writeFileSync(key, readFileSync(key, 'utf8').slice(0, 90));
    writeFileSync(join(folder, 'pacemaker', '.x509-key-new.pem.outrigger.0123456789'), 'half of');
    const second = await digest();
    assert.match(second, /^[0-9a-f]{64}$/);
    assert.notEqual(second, first);
    assert.deepEqual(readdirSync(join(folder, 'pacemaker')), ['x509-key-new.pem']);
  });

  it('is not made through a link, or for a name that says more than a name', () => {
    mkdirSync(join(folder, 'elsewhere'));
    symlinkSync(join(folder, 'elsewhere'), join(folder, 'pacemaker'));
    assert.match(requestFor('h1').stderr, /leads elsewhere through a symbolic link\n$/);
    assert.deepEqual(readdirSync(join(folder, 'elsewhere')), []);
    for (const name of ['', 'h1,DNS:h2', 'h1\nCN = h2', '$(id)'])
      assert.match(requestFor(name).stderr, /^a certificate request cannot name /);
  });
});

describe('a key that was made on its host and is a link', function () {
  this.timeout(20_000);
  let folder = '';
  const path = (name: string): string => join(folder, name);
  const secret = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const digest = createHash('sha256').update(secret.publicKey).digest('hex');
  const takeIn = () => run('replace-key-link', path('key'), digest, 'root', 'root', '0640');

  before(needs('root', 'openssl'));
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'outrigger-link-'));
    writeFileSync(path('real'), secret.privateKey, { mode: 0o644 });
    symlinkSync(path('real'), path('key'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('becomes a file with the right content and rights; what it led to stays', () => {
    const written = new Date('2026-01-02T03:04:05Z');
    utimesSync(path('real'), written, written);
    const { status, stderr } = takeIn();
    assert.deepEqual([status, stderr], [0, '']);
    const now = lstatSync(path('key'));
    // Else the next plan would restart the daemon, as one that is older than its key.
    assert.equal(now.mtimeMs, written.getTime());
    assert.deepEqual([now.isFile(), now.mode & 0o777], [true, 0o640]);
    assert.equal(readFileSync(path('key'), 'utf8'), secret.privateKey);
    assert.equal(statSync(path('real')).mode & 0o777, 0o644);
    assert.deepEqual(readdirSync(folder).sort(), ['key', 'real']);
  });

  it('that leads to anything else stays a link, and nothing is copied', () => {
    writeFileSync(path('real'), 'root:secret');
    assert.match(takeIn().stderr, /does not lead to the key that is in use\n$/);
    assert.ok(lstatSync(path('key')).isSymbolicLink());
    assert.deepEqual(readdirSync(folder).sort(), ['key', 'real']);
  });
});

describe('a pair that waits', () => {
  let folder = '';
  const path = (name: string): string => join(folder, name);
  const names = ['key-new', 'key', 'cert-new', 'cert'];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'outrigger-pair-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('takes the place of the old one, and is as new as that', () => {
    for (const name of names) writeFileSync(path(name), name);
    const old = new Date(0);
    spawnSync('touch', ['-d', old.toISOString(), path('key-new')]);
    assert.equal(run('activate-pair', ...names.map(path)).status, 0);
    assert.deepEqual(readdirSync(folder), ['cert', 'key']);
    assert.equal(readFileSync(path('key'), 'utf8'), 'key-new');
    assert.equal(readFileSync(path('cert'), 'utf8'), 'cert-new');
    assert.ok(statSync(path('key')).mtimeMs > Date.now() - 60_000);
  });

  it('takes the place of links as well, and what they led to stays', () => {
    for (const name of ['key-new', 'cert-new', 'old-key']) writeFileSync(path(name), name);
    symlinkSync(path('old-key'), path('key'));
    symlinkSync(path('nowhere'), path('cert'));
    const { status, stderr } = run('activate-pair', ...names.map(path));
    assert.deepEqual([status, stderr], [0, '']);
    assert.deepEqual(readdirSync(folder), ['cert', 'key', 'old-key']);
    assert.ok(
      !lstatSync(path('key')).isSymbolicLink() && !lstatSync(path('cert')).isSymbolicLink(),
    );
    assert.equal(readFileSync(path('old-key'), 'utf8'), 'old-key');
  });

  it('stays where it is when one half is missing', () => {
    for (const name of ['key-new', 'key', 'cert']) writeFileSync(path(name), name);
    const { status, stderr } = run('activate-pair', ...names.map(path));
    assert.equal(status, 1);
    assert.match(stderr, /cert-new is not a regular file/);
    assert.equal(readFileSync(path('key'), 'utf8'), 'key');
  });
});
