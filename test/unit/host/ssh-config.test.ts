import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { Connection } from '../../../src/host/host.ts';
import { UNRESTRICTED } from '../../../src/host/ssh/route/restrictions.ts';
import { type Route, RouteFinder } from '../../../src/host/ssh/route/route.ts';
import { AGREEMENTS } from './ssh-config-agreements.ts';
import { needs } from '../../support/needs.ts';

/** What `ssh -G` makes of the same file; the user is given, since ours defaults to root. */
interface Expected {
  readonly file: string;
  readonly host: string;
  readonly args?: readonly string[];
}

describe('ssh_config', () => {
  let folder: string;
  let home: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'outrigger-ssh-config-'));
    home = join(folder, 'home');
    mkdirSync(join(home, '.ssh'), { recursive: true, mode: 0o700 });
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  const file = (text: string, name = 'config'): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  const to = (address: string, more: Partial<Connection> = {}): Connection => ({
    address,
    port: undefined,
    user: undefined,
    become: 'none',
    identityFile: undefined,
    becomePassword: undefined,
    hostKeys: { kind: 'strict' },
    knownHostsFile: undefined,
    proxyJump: undefined,
    sshConfig: join(folder, 'config'),
    connectTimeoutMs: 5000,
    ...more,
  });
  const route = (address: string, more: Partial<Connection> = {}): Route =>
    new RouteFinder({ env: { KEYS: '/keys', SSH_AUTH_SOCK: '/agent' }, home }).routeTo(
      to(address, more),
    );
  /** `~` in what ssh prints is the home of the one who runs us. */
  const asked = ({ file: path, host, args = [] }: Expected): ReadonlyMap<string, string[]> => {
    const printed = execFileSync('ssh', ['-G', '-F', path, ...args, host], {
      encoding: 'utf8',
      stdio: 'pipe',
    });
    const values = new Map<string, string[]>();
    for (const line of printed.trimEnd().split('\n')) {
      const [key = '', ...rest] = line.split(' ');
      values.set(key, [...(values.get(key) ?? []), rest.join(' ')]);
    }
    return values;
  };

  describe('says the same as ssh -G:', () => {
    before(needs('ssh'));
    for (const [what, text, hosts] of AGREEMENTS) {
      it(what, () => {
        const path = file(text);
        for (const host of hosts) {
          const expected = asked({ file: path, host, args: ['-l', 'admin'] });
          const { target } = new RouteFinder({ env: {}, home: userInfo().homedir }).routeTo(
            to(host, { user: 'admin' }),
          );
          const tilde = (name: string): string => name.replace(/^~/, userInfo().homedir);
          assert.equal(target.address, expected.get('hostname')?.[0], host);
          assert.equal(String(target.port), expected.get('port')?.[0], host);
          const alias = expected.get('hostkeyalias')?.[0];
          if (alias !== undefined) assert.equal(target.knownHosts.name, alias);
          if (target.identities.files.length > 0) {
            const files = expected
              .get('identityfile')
              ?.map((name) => expanded(tilde(name), host, target));
            assert.deepEqual(target.identities.files, files, host);
          }
          const known = expected.get('userknownhostsfile')?.[0]?.split(' ') ?? [];
          assert.deepEqual(
            target.knownHosts.files.slice(0, -2),
            known
              .map((name) => expanded(tilde(name), host, target))
              .filter((name) => name !== 'none'),
            host,
          );
        }
      });
    }
  });

  /** ssh -G prints these two unexpanded. */
  const expanded = (
    name: string,
    alias: string,
    { address, port, user, knownHosts }: Route['target'],
  ) =>
    name
      .replaceAll('%h', address)
      .replaceAll('%p', String(port))
      .replaceAll('%r', user)
      .replaceAll('%n', alias)
      .replaceAll('%k', knownHosts.name);

  it('comes after the inventory and before the defaults', () => {
    file('Host web\n  User admin\n  Port 2222\n  IdentityFile ${KEYS}/web\n');
    const { user, port, identities } = route('web').target;
    assert.deepEqual([user, port], ['admin', 2222]);
    assert.deepEqual(identities, {
      files: ['/keys/web'],
      only: false,
      agent: '/agent',
      certificates: [],
    });
    const own = route('web', { user: 'me', port: 22, identityFile: '/my/key' }).target;
    assert.deepEqual([own.user, own.port], ['me', 22]);
    assert.deepEqual(own.identities, {
      files: ['/my/key'],
      only: true,
      agent: '/agent',
      certificates: [],
    });
    const other = route('other').target;
    assert.deepEqual([other.user, other.port, other.address], ['root', 22, 'other']);
  });

  it('is not there for `none`, and the usual files are read without it', () => {
    writeFileSync(join(home, '.ssh/config'), 'Host web\n  Port 2022\n', { mode: 0o600 });
    assert.equal(route('web', { sshConfig: undefined }).target.port, 2022);
    assert.equal(route('web', { sshConfig: 'none' }).target.port, 22);
  });

  it('includes files: relative, by wildcard, in a block, and inside each other', () => {
    mkdirSync(join(home, '.ssh/config.d'), { recursive: true });
    writeFileSync(
      join(home, '.ssh/config.d/10-a.conf'),
      'Host a\n  Port 1001\nHost *\n  User from-a\n',
    );
    writeFileSync(join(home, '.ssh/config.d/20-b.conf'), 'Host b\n  Port 1002\n');
    writeFileSync(join(home, '.ssh/config.d/.hidden.conf'), 'Port 1\n');
    writeFileSync(join(folder, 'inner'), 'Host *\n  HostName inner.example.net\n');
    file(
      `Include config.d/*.conf nothing/there/*\nHost b\n  Include ${folder}/inner\n  HostKeyAlias after\n`,
    );
    const [a, b] = [route('a').target, route('b').target];
    assert.deepEqual([a.port, a.user, a.address], [1001, 'from-a', 'a']);
    assert.deepEqual([b.port, b.address, b.knownHosts.name], [1002, 'inner.example.net', 'after']);
  });

  it('stops where files include each other for ever', () => {
    file(`Include ${folder}/config\n`);
    assert.throws(() => route('web'), { code: 'INPUT_INVALID', message: /include each other/ });
  });

  it('files an address as known_hosts does: in lower case, IPv6 in its short form, with another port in brackets', () => {
    const name = (address: string, port?: number): string =>
      route(address, { port, sshConfig: 'none' }).target.knownHosts.name;
    assert.equal(name('Web.Example.NET'), 'web.example.net');
    assert.equal(name('web', 2222), '[web]:2222');
    assert.equal(name('FD00:77:0:0::1'), 'fd00:77::1');
    assert.equal(name('fd00:77::1', 2222), '[fd00:77::1]:2222');
  });

  describe('jump hosts', () => {
    const way = (address: string, more: Partial<Connection> = {}): string[] =>
      route(address, more).jumps.map(({ user, address: to_, port }) => `${user}@${to_}:${port}`);

    it('have settings of their own; only the first may have a jump host itself', () => {
      file(`Host far
  ProxyJump me@outer:2222,inner
Host outer
  HostName outer.example.net
  ProxyJump gate
Host inner
  HostName inner.example.net
  User worker
  ProxyJump ignored
Host gate
  Port 443
`);
      const me = userInfo().username;
      assert.deepEqual(way('far'), [
        `${me}@gate:443`,
        'me@outer.example.net:2222',
        'worker@inner.example.net:22',
      ]);
      assert.deepEqual(way('far', { proxyJump: 'none' }), []);
      assert.deepEqual(way('far', { proxyJump: 'x@[fd00::1]:24' }), ['x@fd00::1:24']);
    });

    it('take over the key and the known hosts of the inventory, not its user', () => {
      const { jumps } = route('web', {
        sshConfig: 'none',
        proxyJump: 'bastion',
        user: 'admin',
        identityFile: '/key',
        knownHostsFile: '/known',
      });
      assert.deepEqual(jumps[0], {
        alias: 'bastion',
        address: 'bastion',
        port: 22,
        user: userInfo().username,
        identities: { files: ['/key'], only: true, agent: '/agent', certificates: [] },
        knownHosts: { name: 'bastion', files: ['/known'] },
        hostKeys: { kind: 'strict' },
        restrictions: UNRESTRICTED,
        notices: [],
      });
    });

    for (const [text, expected] of [
      ['Host *\n  ProxyJump bastion\n', /form a loop: bastion occurs twice/],
      ['Host a\n  ProxyJump a\n', /form a loop: a occurs twice/],
      ['Host a\n  ProxyJump b:c\n', /not a jump host/],
      ['Host a\n  ProxyCommand ssh -W %h:%p gw\n', /config:2: a is reached through a ProxyCommand/],
      ['Host a\n  ProxyJump b%x\n', /config:2: `%x` cannot be used/],
    ] as const) {
      it(`INPUT_INVALID: ${JSON.stringify(text)}`, () => {
        file(text);
        assert.throws(() => route('a'), { code: 'INPUT_INVALID', message: expected });
      });
    }

    it('win over a ProxyCommand that comes later, or that the inventory overrides', () => {
      file('Host a\n  ProxyJump b\n  ProxyCommand nc %h %p\nHost c\n  ProxyCommand nc %h %p\n');
      assert.equal(way('a').length, 1);
      assert.deepEqual(way('c', { proxyJump: 'none' }), []);
    });
  });

  describe('what only ssh can judge', () => {
    const ran = (): string => join(folder, 'ran');

    it('is never run, and an error where something depends on it', () => {
      file(`Match host web exec "touch ${ran()}"\n  User admin\n`);
      assert.throws(() => route('web'), {
        code: 'INPUT_INVALID',
        message: /config:2: whether `user` applies depends on `Match exec` \(\S+config:1\)/,
      });
      assert.throws(() => execFileSync('test', ['-e', ran()]));
    });

    it('is no matter where nothing depends on it', () => {
      file(
        `Match exec "touch ${ran()}"\n  ForwardAgent yes\nMatch exec true host other\n  User admin\nMatch tagged x\n  Port 1\n`,
      );
      assert.equal(route('web', { port: 22 }).target.user, 'root');
      file('Match exec true\n  User admin\n');
      assert.equal(route('web', { user: 'me' }).target.user, 'me');
      assert.throws(() => execFileSync('test', ['-e', ran()]));
    });
  });

  for (const [text, expected] of [
    ['Host\n  Port 22\n', /config:1: `Host` cannot be parsed: a value is missing/],
    ['Host web\n  Port\n', /config:2: `Port` cannot be parsed/],
    ['Host "web\n', /config:1: /],
    ['Host a\n  Port many\n', /config:2: `Port many` is not a port/],
    ['IdentityFile ${NOT_SET}/x\n', /config:1: the variable NOT_SET is not set/],
    ['IdentityFile /%z\n', /config:1: `%z` cannot be used here/],
  ] as const) {
    it(`INPUT_INVALID: ${JSON.stringify(text)}`, () => {
      file(text);
      assert.throws(() => route('a'), { code: 'INPUT_INVALID', message: expected });
    });
  }

  describe('includes', () => {
    const refused = (message: RegExp): void => {
      assert.throws(() => route('a'), { code: 'INPUT_INVALID', message });
    };

    it('of itself, of too many, of too much and of no file are errors', () => {
      file(`Include ${join(folder, 'config')}\n`);
      refused(/config:1: more than 16 files include each other/);
      mkdirSync(join(folder, 'many'));
      for (let index = 0; index < 8; index += 1) {
        writeFileSync(join(folder, `many/${index}`), `Include ${folder}/many/*\n`);
      }
      file(`Include ${folder}/many/*\n`);
      refused(/more than 16 files include each other|more than 500 files/);
      for (let index = 0; index < 600; index += 1) {
        writeFileSync(join(folder, `many/${index}`), `Port ${index + 1}\n`);
      }
      refused(/cannot read \S+\/many\/\d+: more than 500 files/);
      file(`Include ${folder}/huge\n`);
      writeFileSync(join(folder, 'huge'), '# nothing\n'.repeat(200_000));
      refused(/huge: it is larger than 1 MiB/);
      execFileSync('mkfifo', [join(folder, 'fifo')]);
      file(`Include ${folder}/fif?\n`);
      refused(/fifo: it is not a regular file/);
      mkdirSync(join(folder, 'maze'));
      for (let index = 0; index < 30; index += 1) symlinkSync('.', join(folder, `maze/${index}`));
      file(`Include ${folder}/maze/*/*/*/*/*/*\n`);
      refused(/config:1: more than 20000 names would have to be checked/);
    });

    it('of folders, nobody and /dev/null are none; a class of letters is one', () => {
      mkdirSync(join(folder, 'd/folder'), { recursive: true });
      writeFileSync(join(folder, 'd/b1.conf'), 'Port 1001\n');
      writeFileSync(join(folder, 'd/[.conf'), 'User bracket\n');
      file(
        ['[z-a]', 'folder', '*x*x*x*x*', '[!a-c]*.conf', '[]', '[a-c][0-9].c*', '[.conf']
          .map((pattern) => `Include ${folder}/d/${pattern}\n`)
          .join('') + 'Include /dev/null\n',
      );
      assert.equal(route('a').target.port, 1001);
      assert.equal(route('a').target.user, 'bracket');
    });

    it('a megabyte of short lines is read in a moment', () => {
      file('Host b\n'.repeat(140_000));
      const began = process.cpuUsage();
      assert.equal(route('a').target.port, 22);
      const { user } = process.cpuUsage(began);
      assert.ok(user < 20e6, `${user / 1e6} s`);
    });
  });

  it('INPUT_INVALID: a file of ours that others can write, or one that is not there', () => {
    writeFileSync(join(home, '.ssh/config'), '');
    execFileSync('chmod', ['666', join(home, '.ssh/config')]);
    assert.throws(() => route('a', { sshConfig: undefined }), {
      message: /writable by other users/,
    });
    execFileSync('chmod', ['600', join(home, '.ssh/config')]);
    assert.throws(() => route('a', { sshConfig: join(folder, 'absent') }), {
      code: 'INPUT_INVALID',
    });
  });
});
