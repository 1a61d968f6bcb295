import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { issue, makeAuthority, type Issued } from '../../support/pki.ts';
import { needs } from '../../support/needs.ts';

const SCRIPT = new URL('../../../src/host/scripts/files/verify-certificates.sh', import.meta.url)
  .pathname;

const time = {
  notBefore: new Date(Date.now() - 3_600_000),
  notAfter: new Date(Date.now() + 3_600_000),
};

describe('verify-certificates', function () {
  this.timeout(20_000);
  let folder = '';
  let authority: Issued;
  let node: Issued;

  before(needs('root', 'openssl', 'setpriv'));
  before(async () => {
    authority = await makeAuthority(time);
    node = await issue({ ...time, name: 'h1' }, authority);
    folder = mkdtempSync(join(tmpdir(), 'outrigger-verify-'));
    chmodSync(folder, 0o755);
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    for (const program of ['sh', 'setpriv', 'id', 'cat'])
      symlinkSync(
        spawnSync('which', [program], { encoding: 'utf8' }).stdout.trim(),
        join(bin, program),
      );
  });
  after(() => {
    if (folder !== '') rmSync(folder, { recursive: true });
  });

  const put = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text, { mode: 0o644 });
    return path;
  };

  function verify(
    key: string,
    path = process.env['PATH'],
    { ca, certificate } = { ca: authority.pem, certificate: node.pem },
  ) {
    const files = [put('ca.pem', ca), put('h1.pem', certificate), put('h1.key', key)];
    return spawnSync('/bin/sh', [SCRIPT, ...files, '', 'nobody'], {
      encoding: 'utf8',
      env: { PATH: path },
    });
  }

  it('says that it has verified them, or why not', async () => {
    assert.equal(verify(node.key).stdout, 'verified\n');
    const { status, stderr } = verify((await issue()).key);
    assert.deepEqual([status, /h1\.key is not the key of .*h1\.pem/.test(stderr)], [1, true]);
  });

  it('trusts whatever stands in the CA file, as GnuTLS does: also an authority below another', async () => {
    const issuing = await issue({ ...time, name: 'issuing', isAuthority: true }, authority);
    const { key, pem: certificate } = await issue({ ...time, name: 'h1' }, issuing);
    const said = verify(key, undefined, { ca: issuing.pem, certificate });
    assert.equal(said.stdout, 'verified\n', said.stderr);
    const other = verify(key, undefined, { ca: (await makeAuthority(time)).pem, certificate });
    assert.equal(other.status, 1);
  });

  it('says that it has not, where there is no openssl', () => {
    const { status, stdout, stderr } = verify(node.key, join(folder, 'bin'));
    assert.deepEqual([status, stdout], [0, 'no-openssl\n'], stderr);
  });
});
