import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { exitCodeOf } from '../../src/cli/process/exit-code.ts';
import { runCommandLine } from '../../src/cli/program.ts';
import { importCluster } from '../../src/flows/import-cluster.ts';
import type { ImportTarget } from '../../src/import/draft-of.ts';
import type { Imported } from '../../src/import/import-inventory.ts';
import { OutriggerError } from '../../src/support/errors.ts';
import { FakeHost, fakeNetwork } from '../support/fake-host.ts';
import { replyTo } from '../support/replies.ts';
import { fixture } from '../unit/pacemaker/fixtures.ts';

/** As `corosync-cmapctl` 3.1.9 prints it. */
const COROSYNC = `nodelist.node.0.nodeid (u32) = 1
nodelist.node.0.ring0_addr (str) = 10.77.0.11
nodelist.node.1.nodeid (u32) = 2
nodelist.node.1.ring0_addr (str) = fd00:77::12
totem.cluster_name (str) = lab`;

const reply = (uname: string, cib: string, corosync: string): string =>
  `@NONCE uname\n${uname}\n\n@NONCE corosync\n${corosync}\n\n@NONCE environment\nPCMK_logfile=/var/log/x\n\n@NONCE cib\n${cib}\n@NONCE end\n`;

const said = async (work: Promise<unknown>): Promise<string> => {
  const thrown: unknown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  assert.ok(thrown instanceof OutriggerError, String(thrown));
  return `${thrown.code}: ${thrown.message}`;
};

describe('import', () => {
  const asking = (uname: string, cib: string, corosync = COROSYNC) => {
    const host = new FakeHost('c2.example.net', {
      'read-import': (request) => replyTo(request, reply(uname, cib, corosync)),
    });
    const network = fakeNetwork([host]);
    const asked: ImportTarget = { address: 'c2.example.net', connection: { become: 'sudo' } };
    const { signal } = new AbortController();
    const run = (): Promise<Imported> => importCluster(asked, network.connect, signal);
    return { host, network, run };
  };

  it('as one cluster node reports it', async () => {
    const { host, network, run } = asking('c2', fixture('cib.xml'));
    const { text } = await run();
    assert.deepEqual([host.ran, network.connections], [['read-import'], ['c2.example.net']]);
    assert.ok(host.isClosed);
    assert.match(text, /- name: c1\n {4}address: 10\.77\.0\.11\n/);
    assert.match(text, /- name: c2\n {4}address: c2\.example\.net\n/);
    assert.match(text, /connection:\n {2}become: sudo\n/);
  });

  it('takes the lowest link that a node has, where that is not the first', async () => {
    const later = `nodelist.node.0.ring7_addr (str) = 192.0.2.7\n${COROSYNC.replaceAll('ring0', 'ring1')}`;
    const { text } = await asking('c2', fixture('cib.xml'), later).run();
    assert.match(text, /- name: c1\n {4}address: 10\.77\.0\.11\n/);
    const both = `${COROSYNC}\nnodelist.node.0.ring1_addr (str) = 192.0.2.1`;
    const first = await asking('c2', fixture('cib.xml'), both).run();
    assert.match(first.text, /- name: c1\n {4}address: 10\.77\.0\.11\n/);
  });

  it('tells a host that is no cluster node, or has no cluster, from one that is', async () => {
    const remote = asking('r1', fixture('cib.xml'));
    assert.equal(await said(remote.run()), 'CLUSTER_NOT_READY: it is not a cluster node');
    assert.ok(remote.host.isClosed);
    const down = await said(asking('', '').run());
    assert.equal(down, 'CLUSTER_NOT_READY: Pacemaker does not respond there');
  });

  for (const code of [
    'COMMAND_FAILED',
    'TIMED_OUT',
    'REPLY_INVALID',
    'PRIVILEGE_MISSING',
  ] as const) {
    it(`ends as a plan and a status do, where its host gives no answer: ${code}`, async () => {
      const host = new FakeHost('c2.example.net', {
        'read-import': () =>
          Promise.reject(new OutriggerError(code, 'm', { host: 'c2.example.net', hint: 'h' })),
      });
      const { connect } = fakeNetwork([host]);
      const { signal } = new AbortController();
      const asked: ImportTarget = { address: 'c2.example.net', connection: undefined };
      const thrown = await importCluster(asked, connect, signal).catch((error: unknown) => error);
      assert.ok(thrown instanceof OutriggerError);
      assert.deepEqual([thrown.code, exitCodeOf(thrown.code)], ['HOST_UNREACHABLE', 3]);
      assert.deepEqual(
        thrown.problems.map((problem) => [problem.host, problem.code, problem.message]),
        [['c2.example.net', code, 'm']],
      );
      assert.ok(host.isClosed);
    });
  }

  describe('as a command', () => {
    let folder = '';
    before(() => {
      folder = mkdtempSync(join(tmpdir(), 'outrigger-import-'));
    });
    after(() => {
      rmSync(folder, { recursive: true });
    });

    const run = (...args: string[]): Promise<string> => {
      const stream = Object.assign(new PassThrough(), {
        isTTY: false,
      }) as unknown as NodeJS.WriteStream;
      return said(
        runCommandLine(['import', '--ssh-config', 'none', '--port', '1', ...args], {
          out: () => undefined,
          err: () => undefined,
          outStream: stream,
          errStream: stream,
          inIsTerminal: false,
          env: {},
          signal: new AbortController().signal,
        }),
      );
    };

    it('refuses a file that is there, be it a link to nothing, before it asks anybody', async () => {
      writeFileSync(join(folder, 'there.yml'), 'mine\n');
      symlinkSync('nowhere', join(folder, 'link.yml'));
      for (const name of ['there.yml', 'link.yml']) {
        assert.match(
          await run('--from', '127.0.0.1', '--out', join(folder, name)),
          /^USAGE: .* already exists: import overwrites no file$/,
        );
      }
      assert.deepEqual(readdirSync(folder).sort(), ['link.yml', 'there.yml']);
    });

    it('leaves no file where nobody answers', async () => {
      const out = join(folder, 'new.yml');
      assert.match(
        await run('--from', '127.0.0.1', '-o', out),
        /^(HOST_UNREACHABLE|AUTHENTICATION_FAILED): /,
      );
      assert.ok(!readdirSync(folder).includes('new.yml'));
    });

    it('says what is wrong with how to connect', async () => {
      for (const [from, what] of [
        ['a b@127.0.0.1', '`user` cannot be `a b`; expected the name of a user'],
        ['-oProxyCommand=x', '`address` cannot be `-oProxyCommand=x`; expected a host name or'],
        ['c[1-3]', 'has no range'],
      ] as const) {
        const error = await run(`--from=${from}`);
        assert.ok(error.startsWith('USAGE: cannot connect with these options: '), error);
        assert.ok(error.includes(what), error);
      }
    });
  });
});
