import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { loadSchema } from '../../../src/flows/load-document.ts';
import { fingerprint } from '../../../src/host/known-hosts/known-hosts.ts';
import { findSchemaFaults } from '../../../src/support/yaml/json-schema.ts';
import { newKey } from '../../support/fake-sshd.ts';
import { type RealSshd, sshdFolder, type SshdFolder, FOR_SSHD } from '../../support/sshd.ts';
import { inventoryOf, runCommand } from '../../support/trust-bench.ts';
import { needs } from '../../support/needs.ts';

const ALL = ['ed25519', 'ecdsa', 'rsa'];

describe('outrigger trust and a stranger', () => {
  let servers: SshdFolder;
  let known: string;

  before(needs(...FOR_SSHD));
  beforeEach(async () => {
    servers = await sshdFolder();
    known = join(servers.path, 'new_known_hosts');
  });
  afterEach(() => servers.remove());

  const nameOf = ({ port }: RealSshd): string => `[127.0.0.1]:${port}`;
  const keyLine = (server: RealSshd, type: string): string =>
    `${nameOf(server)} ${publicKey(server, type)}\n`;
  const publicKey = ({ folder }: RealSshd, type: string): string =>
    readFileSync(join(folder, `host_${type}.pub`), 'utf8')
      .split(' ')
      .slice(0, 2)
      .join(' ');
  const printOf = (line: string): string =>
    fingerprint(Buffer.from(line.split(' ')[1] ?? '', 'base64'));
  const trust = (of: readonly RealSshd[], ...args: string[]) =>
    runCommand('trust', '-i', inventoryOf(servers, of), ...args);

  it('records no key beside one of another type that the host does not show', async () => {
    const undeclared = await servers.start([], { kinds: ['ecdsa'] });
    const line = `${nameOf(undeclared)} ${newKey('ed25519').public}\n`;
    writeFileSync(known, line);
    const { code, out } = await trust([undeclared], '--yes');
    assert.equal(code, 3, out);
    assert.equal(readFileSync(known, 'utf8'), line);
    assert.match(out, /:1 contains SHA256:.* \(ssh-ed25519\)/);
    assert.match(out, /--replace c1 --fingerprint/);
    const status = await runCommand('status', '-i', join(servers.path, 'inventory.yml'));
    assert.equal(status.code, 3, status.out);
    assert.equal(undeclared.logins(), 0);
  });

  it('records no further key of a host that is known, even where it shows a known one', async () => {
    const server = await servers.start([], { kinds: ALL });
    writeFileSync(known, keyLine(server, 'rsa'));
    const { code, out } = await trust([server], '--yes');
    assert.equal(code, 0, out);
    assert.match(out, /^already known: c1$/m);
    assert.equal(readFileSync(known, 'utf8'), keyLine(server, 'rsa'));
  });

  it('refuses another key of a known type, also beside a known key', async () => {
    const server = await servers.start([], { kinds: ['ed25519', 'ecdsa'] });
    const before = `${keyLine(server, 'ed25519')}${nameOf(server)} ${newKey('ecdsa').public}\n`;
    writeFileSync(known, before);
    const { code, out } = await trust([server], '--yes');
    assert.equal(code, 3, out);
    assert.match(out, /ssh-ed25519 {2}SHA256:.* {2}known$/m);
    assert.equal(readFileSync(known, 'utf8'), before);
  });

  it('asks nothing where all hosts are known, and folds them', async () => {
    const three = [await servers.start([], { kinds: ALL }), await servers.start()];
    assert.equal((await trust(three, '--yes')).code, 0);
    const before = readFileSync(known, 'utf8');
    assert.equal(before.trimEnd().split('\n').length, 4);
    const { code, out } = await trust(three);
    assert.equal(code, 0, out);
    assert.equal(out, 'already known: c[1-2]\n0 new host keys recorded: all hosts are known.\n');
    assert.equal(readFileSync(known, 'utf8'), before);
  });

  it('asks for new hosts only', async () => {
    const [first, second] = [await servers.start(), await servers.start()];
    assert.equal((await trust([first], '--yes')).code, 0);
    const { code, out } = await trust([first, second]);
    assert.equal(code, 5, out);
    assert.match(out, /^c2 {2}127.0.0.1\n {2}ssh-ed25519 .*\nalready known: c1\n$/);
    assert.equal(readFileSync(known, 'utf8'), keyLine(first, 'ed25519'));
  });

  it('warns of hosts that share a key', async () => {
    const first = await servers.start();
    const clone = await servers.start([`HostKey ${first.folder}/host_ed25519`], { kinds: [] });
    const { code, out } = await trust([first, clone], '--yes');
    assert.equal(code, 0, out);
    assert.ok(
      out.includes(`c[1-2] show the same host key ${printOf(publicKey(first, 'ed25519'))}`),
      out,
    );
  });

  it('says that a server without a usable host key has none', async () => {
    const server = await servers.start(['HostKeyAlgorithms ssh-rsa'], { kinds: ['rsa'] });
    const { code, out } = await trust([server], '--yes');
    assert.equal(code, 3, out);
    assert.match(out, /no host key of a type that outrigger accepts/);
  });

  it('goes by the fingerprints where the inventory pins them', async () => {
    const server = await servers.start([], { kinds: ['ecdsa'] });
    const pinning = (print: string) =>
      runCommand(
        'trust',
        '--yes',
        '-i',
        inventoryOf(servers, [server], { hostKeys: { pinned: [print] } }),
      );
    const right = await pinning(printOf(publicKey(server, 'ecdsa')));
    assert.equal(right.code, 0, right.out);
    assert.match(right.out, /^already known: c1$/m);
    const wrong = await pinning(printOf(newKey('ed25519').public));
    assert.equal(wrong.code, 3, wrong.out);
    assert.match(wrong.out, /the inventory pins/);
    assert.ok(!existsSync(known));
  });

  describe('--replace', () => {
    const replace = (of: readonly RealSshd[], print: string, ...more: string[]) =>
      trust(of, '--replace', 'c1', '--fingerprint', print, ...more);

    it('removes the old lines of the host and records the key that is named', async () => {
      const [server, other] = [await servers.start([], { kinds: ALL }), await servers.start()];
      const hashed = join(servers.path, 'hashed');
      writeFileSync(hashed, `${nameOf(server)} ${newKey('rsa').public}\n`);
      execFileSync('ssh-keygen', ['-q', '-H', '-f', hashed], { stdio: 'ignore' });
      const kept = `# mine\n${keyLine(other, 'ed25519')}@revoked * ${newKey('rsa').public}\n`;
      const shared = newKey('ed25519').public;
      const before = `${kept}${nameOf(server)} ${newKey('ecdsa').public}\nother.example,${nameOf(server)} ${shared} a comment\n${readFileSync(hashed, 'utf8')}`;
      writeFileSync(known, before);
      const { code, out, err } = await replace(
        [server, other],
        printOf(publicKey(server, 'ecdsa')),
      );
      assert.equal(code, 0, out + err);
      assert.equal(
        readFileSync(known, 'utf8'),
        `${kept}other.example ${shared} a comment\n${keyLine(server, 'ecdsa')}`,
      );
      assert.equal(readFileSync(`${known}.old`, 'utf8'), before);
      assert.match(out, /removed .*new_known_hosts:4/);
      assert.match(out, /:5 .*other\.example/);
      assert.equal((await trust([server, other])).code, 0);
    });

    it('prints the same as JSON', async () => {
      const server = await servers.start();
      writeFileSync(known, `${nameOf(server)} ${newKey('ed25519').public}\n`);
      const print = printOf(publicKey(server, 'ed25519'));
      for (const { code, out } of [
        await replace([server], print, '--json'),
        await trust([server], '--json', '--yes'),
      ]) {
        assert.equal(code, 0, out);
        assert.deepEqual(findSchemaFaults(loadSchema('trust'), JSON.parse(out)), [], out);
        assert.ok(out.includes(print), out);
      }
      rmSync(known);
      const { out } = await trust([server], '--json', '--yes');
      const { recorded, hosts } = JSON.parse(out) as {
        readonly recorded: number;
        readonly hosts: readonly { readonly state: string }[];
      };
      assert.deepEqual([recorded, hosts.map(({ state }) => state)], [1, ['recorded']]);
    });

    it('refuses a host that shows another key, and changes nothing', async () => {
      const server = await servers.start();
      const line = `${nameOf(server)} ${newKey('ed25519').public}\n`;
      writeFileSync(known, line);
      const { code, err } = await replace([server], printOf(line.split(' ').slice(1).join(' ')));
      assert.equal(code, 5, err);
      assert.ok(err.includes(printOf(publicKey(server, 'ed25519'))), err);
      assert.equal(readFileSync(known, 'utf8'), line);
      assert.ok(!existsSync(`${known}.old`));
    });

    it('leaves a line with wildcards whole, and refuses rather than believe both keys', async () => {
      const server = await servers.start();
      const line = `[127.0.0.*]:${server.port} ${newKey('ed25519').public}\n`;
      writeFileSync(known, line);
      const { code, err } = await replace([server], printOf(publicKey(server, 'ed25519')));
      assert.equal(code, 5, err);
      assert.match(err, /new_known_hosts:1 matches it with a pattern that includes other hosts/);
      assert.equal(readFileSync(known, 'utf8'), line);
    });

    it('refuses a revoked key', async () => {
      const server = await servers.start();
      const line = `@revoked * ${publicKey(server, 'ed25519')}\n`;
      writeFileSync(known, line);
      const { code, err } = await replace([server], printOf(publicKey(server, 'ed25519')));
      assert.equal(code, 3, err);
      assert.equal(readFileSync(known, 'utf8'), line);
    });

    it('writes through a symbolic link', async () => {
      const server = await servers.start();
      const real = join(servers.path, 'real');
      writeFileSync(real, `${nameOf(server)} ${newKey('ed25519').public}\n`);
      symlinkSync(real, known);
      const { code, err } = await replace([server], printOf(publicKey(server, 'ed25519')));
      assert.equal(code, 0, err);
      assert.equal(readFileSync(real, 'utf8'), keyLine(server, 'ed25519'));
    });

    it('is not to be had without a fingerprint, nor for a host that is not there', async () => {
      const server = await servers.start();
      const usage = async (...args: string[]) => {
        const { code, err } = await trust([server], ...args);
        assert.equal(code, 1, err);
        return err;
      };
      assert.match(await usage('--replace', 'c1', '--yes'), /--fingerprint/);
      assert.match(await usage('--fingerprint', `SHA256:${'A'.repeat(43)}`), /--replace/);
      assert.match(await usage('--replace', 'c1', '--fingerprint', 'MD5:00'), /SHA256:/);
      const print = `SHA256:${'A'.repeat(43)}`;
      assert.match(await usage('--replace', 'c9', '--fingerprint', print), /c9/);
      const both = ['--replace', 'c1', '--fingerprint', print, '--limit', 'c1'];
      assert.match(await usage(...both), /--limit/);
    });
  });
});
