import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, createPrivateKey, createPublicKey } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readOwnCertificates } from '../../../src/probe/readers/read-own-certificates.ts';
import { linesOf, splitSections, type Sections } from '../../../src/probe/readers/sections.ts';
import type { OwnCertificateFacts } from '../../../src/model/facts.ts';
import { hostScriptArgs } from '../../support/host-script.ts';
import { issue, makeAuthority, revoke, type Issued } from '../../support/pki.ts';
import { needs } from '../../support/needs.ts';

const NONCE = '0123456789abcdef';

/** The second line of a PEM block: enough to recognise it by. */
const inside = (pem: string): string => pem.split('\n')[1] ?? '';

describe('what a host tells of the certificates that it has already', function () {
  this.timeout(60_000);
  before(needs('openssl'));
  let folder = '';
  let authority: Issued;
  let host: Issued;

  before(async () => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'outrigger-own-')));
    authority = await makeAuthority();
    host = await issue({ name: 'h1' }, authority);
  });

  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const put = (name: string, content: string): string => {
    const path = join(folder, name);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  };

  /** Runs the probe on this machine; its whole answer, and what is read from it. */
  function ask(...paths: readonly string[]): { said: string; own: OwnCertificateFacts } {
    const said = execFileSync(
      'sh',
      [...hostScriptArgs('probe/probe.sh', [NONCE, 'remote', ...paths])],
      {
        encoding: 'utf8',
        input: '',
        stdio: ['pipe', 'pipe', 'ignore'],
      },
    );
    const sections: Sections = splitSections(said, NONCE, 'h1');
    const own = readOwnCertificates(sections, Number(linesOf(sections, 'clock')[0]));
    assert.ok(own);
    return { said, own };
  }

  it('is what is public, and of a key its public half', async () => {
    const crl = await revoke(authority, []);
    const key = put('host.key', host.key);
    symlinkSync(key, join(folder, 'link.key'));
    const { said, own } = ask(
      put('ca.pem', `# our authority\n${authority.pem}`),
      put('host.pem', host.pem.replaceAll('\n', '\r\n')),
      join(folder, 'link.key'),
      put('crl.pem', crl),
    );
    assert.equal(own.files.ca?.pem, authority.pem);
    assert.equal(own.files.certificate?.pem, host.pem);
    assert.equal(own.files.crl?.pem, crl);
    assert.ok(!said.includes(inside(host.key)), 'the key left its host');
    assert.ok(!said.includes(createHash('sha256').update(host.key).digest('hex')));
    const publicHalf = createPublicKey(host.key).export({ type: 'spki', format: 'pem' });
    const reported = own.files.key;
    assert.equal(reported?.digest, createHash('sha256').update(publicHalf).digest('hex'));
    assert.deepEqual([reported.pem, reported.realPath, reported.rights.mode], ['', key, '600']);
    assert.deepEqual(own.key, { count: 1, isEncrypted: false });
    assert.equal(reported.above.at(-1)?.path, folder);
    assert.equal(reported.above[0]?.path, '/');
  });

  it('is never a private key, whatever file that is in and however it is damaged', () => {
    const cut = host.pem.slice(0, 150);
    const files = [
      put('both.pem', host.pem + host.key),
      put('cut-both.pem', `${cut}\n${host.key}`),
      put('one-line.pem', (host.pem + host.key).replaceAll('\n', '\r')),
    ];
    for (const file of files) {
      const { said, own } = ask(file, file, file, file);
      assert.ok(!said.includes(inside(host.key)), file);
      assert.equal(own.files.certificate?.holdsKey, true, file);
    }
  });

  it('is that a key is encrypted, or that there are two, or none that can be read', () => {
    const encrypted = createPrivateKey(host.key).export({
      type: 'pkcs8',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase: 'x',
    });
    const cases = [
      [String(encrypted), 1, true, false],
      [host.key + authority.key, 2, false, true],
      [host.pem, 0, false, false],
      [`${host.key.slice(0, 80)}\n-----END PRIVATE KEY-----\n`, 1, false, false],
    ] as const;
    for (const [content, count, isEncrypted, isRead] of cases) {
      const { own } = ask('/nowhere/ca.pem', '/nowhere/host.pem', put('odd.key', content), '');
      assert.deepEqual(own.key, { count, isEncrypted });
      assert.equal(own.files.key?.digest !== '', isRead, content);
      assert.deepEqual([own.files.ca?.state, own.files.crl], ['missing', undefined]);
    }
  });

  it('is that there is something else in the place of a file', () => {
    mkdirSync(join(folder, 'directory'));
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    const { own } = ask(join(folder, 'directory'), join(folder, 'pipe'), '/dev/zero', '');
    assert.deepEqual(
      [own.files.ca?.state, own.files.certificate?.state, own.files.key?.state],
      ['other', 'other', 'other'],
    );
  });

  it('is when a file was written by its own clock, whatever time came with the file', () => {
    const begin = Date.now() / 1000;
    const ahead = put('ahead.pem', host.pem);
    utimesSync(ahead, begin + 86_400, begin + 86_400);
    const past = put('past.pem', authority.pem);
    utimesSync(past, begin - 86_400, begin - 86_400);
    const { ca, certificate } = ask(past, ahead, ahead, '').own.files;
    const written = certificate?.modifiedAt ?? 0;
    assert.ok(Math.abs(written - begin) < 60, `${written} is not ${begin}`);
    assert.ok(Math.abs((ca?.modifiedAt ?? 0) - (begin - 86_400)) < 1);
  });

  it('is damage where there is damage', () => {
    const damaged = put('damaged.pem', host.pem.replace(/\n([A-Za-z0-9+/]{4})/, '\n"$(id)"'));
    assert.match(ask(damaged, damaged, damaged, '').own.files.ca?.pem ?? '', /\n!\n/);
  });
});
