import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { runCommandLine } from '../../../src/cli/program.ts';
import { newKey } from '../../support/fake-sshd.ts';
import { type RealSshd, sshdFolder, type SshdFolder, FOR_SSHD } from '../../support/sshd.ts';
import { needs } from '../../support/needs.ts';

describe('outrigger trust', () => {
  let servers: SshdFolder;
  let known: string;

  before(needs(...FOR_SSHD));
  beforeEach(async () => {
    servers = await sshdFolder();
    known = join(servers.path, 'new_known_hosts');
  });
  afterEach(() => servers.remove());

  const trust = async (connection: object, { port }: RealSshd) => {
    const inventory = join(servers.path, 'inventory.yml');
    const { identityFile } = servers;
    const document = {
      apiVersion: 'outrigger/v1',
      cluster: { name: 'prod' },
      connection: { identityFile, knownHostsFile: known, sshConfig: 'none', ...connection },
      clusterNodes: [{ name: 'c1', address: '127.0.0.1', connection: { port } }],
    };
    writeFileSync(inventory, JSON.stringify(document));
    let out = '';
    const stream = new PassThrough() as unknown as NodeJS.WriteStream;
    const code = await runCommandLine(['trust', '--yes', '-i', inventory], {
      outStream: stream,
      errStream: stream,
      inIsTerminal: false,
      env: {},
      out: (text) => (out += text),
      err: () => undefined,
      signal: new AbortController().signal,
    });
    return { code, out };
  };

  it('records the keys of a jump host before it goes through it, and each once', async () => {
    const [bastion, target] = [await servers.start(), await servers.start()];
    const proxyJump = `root@127.0.0.1:${bastion.port}`;
    const { code, out } = await trust({ proxyJump }, target);
    assert.equal(code, 0, out);
    assert.match(
      out,
      /^127\.0\.0\.1 {2}127\.0\.0\.1\n {2}ssh-ed25519 .*\nc1 {2}127\.0\.0\.1, behind 127/,
    );
    assert.match(out, /2 new host keys recorded/);
    const expected = [bastion, target].map((server) =>
      readFileSync(server.connection.knownHostsFile ?? '', 'utf8')
        .split(' ')
        .slice(0, 3)
        .join(' '),
    );
    assert.equal(readFileSync(known, 'utf8'), `${expected.join('\n')}\n`);
    assert.match((await trust({ proxyJump }, target)).out, /0 new host keys recorded/);
    assert.ok(!existsSync(`${known}.outrigger-lock`));
  });

  it('never records a key that has changed beside the old one', async () => {
    const server = await servers.start();
    const line = `[127.0.0.1]:${server.port} ${newKey('ed25519').public}\n`;
    writeFileSync(known, line);
    const { code, out } = await trust({}, server);
    assert.equal(code, 3, out);
    assert.ok(out.includes(`${known}:1 contains SHA256:`), out);
    assert.equal(readFileSync(known, 'utf8'), line);
  });
});
