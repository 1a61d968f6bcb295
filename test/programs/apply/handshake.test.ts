import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { issue, makeAuthority, type Issued } from '../../support/pki.ts';
import { unusedPort } from '../../support/ports.ts';
import { needs } from '../../support/needs.ts';

const SCRIPT = new URL('../../../src/host/scripts/services/handshake.sh', import.meta.url).pathname;

const time = {
  notBefore: new Date(Date.now() - 3_600_000),
  notAfter: new Date(Date.now() + 3_600_000),
};

describe('the handshake that is tried before a node is connected', function () {
  this.timeout(30_000);
  let folder = '';
  let server: ChildProcess | undefined;
  let root: Issued;
  let issuing: Issued;

  before(needs('openssl'));
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'outrigger-handshake-'));
    root = await makeAuthority(time);
    issuing = await issue({ ...time, name: 'issuing', isAuthority: true }, root);
  });
  afterEach(() => server?.kill('SIGKILL'));
  after(() => {
    if (folder !== '') rmSync(folder, { recursive: true });
  });

  const put = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };

  async function listening(port: number): Promise<void> {
    for (let tried = 0; tried < 50; tried += 1) {
      const socket = connect(port, '127.0.0.1');
      const isThere = await Promise.race([
        once(socket, 'connect').then(() => true),
        once(socket, 'error').then(() => false),
      ]).catch(() => false);
      socket.destroy();
      if (isThere) return;
      await sleep(100);
    }
    assert.fail('the server does not listen');
  }

  /** What a client with this CA file finds at a server whose certificate the issuing authority has made. */
  async function stateFor(ca: string): Promise<string> {
    const port = await unusedPort();
    const [h1, c1] = [
      await issue({ ...time, name: 'h1' }, issuing),
      await issue({ ...time, name: 'c1' }, issuing),
    ];
    const own = ['-cert', put('h1.pem', h1.pem), '-key', put('h1.key', h1.key)];
    const trust = ['-partial_chain', '-CAfile', put('server-ca.pem', issuing.pem), '-Verify', '3'];
    server = spawn(
      'openssl',
      [
        's_server',
        '-accept',
        `127.0.0.1:${port}`,
        '-quiet',
        '-verify_return_error',
        ...own,
        ...trust,
      ],
      { stdio: 'ignore' },
    );
    await listening(port);
    const files = [put('ca.pem', ca), put('c1.pem', c1.pem), put('c1.key', c1.key)];
    const { stdout } = spawnSync('/bin/sh', [SCRIPT, ...files], {
      encoding: 'utf8',
      input: `127.0.0.1 ${port}\n`,
    });
    return stdout.trim().split(' ')[2] ?? '';
  }

  it('trusts an authority below another that stands alone in the CA file, as GnuTLS does', async () => {
    assert.equal(await stateFor(issuing.pem), 'accepted');
  });

  it('trusts nobody else', async () => {
    assert.equal(
      await stateFor((await makeAuthority({ ...time, name: 'other' })).pem),
      'untrusted',
    );
  });
});
