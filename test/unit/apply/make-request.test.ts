import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkRequest } from '../../../src/x509/check-request.ts';

const scriptAt = (name: string): string =>
  new URL(`../../../src/apply/scripts/${name}.sh`, import.meta.url).pathname;

const run = (name: string, ...args: string[]) =>
  spawnSync('/bin/sh', [scriptAt(name), ...args], { encoding: 'utf8' });

describe('a key that is made on its host', function () {
  this.timeout(20_000);
  let folder = '';
  let key = '';

  before(function () {
    if (process.getuid?.() !== 0 || spawnSync('openssl', ['version']).status !== 0) this.skip();
  });
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
    writeFileSync(join(folder, 'pacemaker', '.x509-key-new.pem.outrigger'), 'half of');
    const second = await digest();
    assert.match(second, /^[0-9a-f]{64}$/);
    assert.notEqual(second, first);
    assert.deepEqual(readdirSync(join(folder, 'pacemaker')), ['x509-key-new.pem']);
  });

  it('is not made through a link, or for a name that says more than a name', () => {
    mkdirSync(join(folder, 'elsewhere'));
    symlinkSync(join(folder, 'elsewhere'), join(folder, 'pacemaker'));
    assert.match(requestFor('h1').stderr, /is not a directory, or a link\n$/);
    assert.deepEqual(readdirSync(join(folder, 'elsewhere')), []);
    for (const name of ['', 'h1,DNS:h2', 'h1\nCN = h2', '$(id)'])
      assert.match(requestFor(name).stderr, /^a certificate request cannot name /);
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
    assert.equal(run('take-up-pair', ...names.map(path)).status, 0);
    assert.deepEqual(readdirSync(folder), ['cert', 'key']);
    assert.equal(readFileSync(path('key'), 'utf8'), 'key-new');
    assert.equal(readFileSync(path('cert'), 'utf8'), 'cert-new');
    assert.ok(statSync(path('key')).mtimeMs > Date.now() - 60_000);
  });

  it('stays where it is when one half is missing', () => {
    for (const name of ['key-new', 'key', 'cert']) writeFileSync(path(name), name);
    const { status, stderr } = run('take-up-pair', ...names.map(path));
    assert.equal(status, 1);
    assert.match(stderr, /cert-new is not a regular file/);
    assert.equal(readFileSync(path('key'), 'utf8'), 'key');
  });
});
