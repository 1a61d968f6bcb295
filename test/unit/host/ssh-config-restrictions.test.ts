import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ALL_ALGORITHMS } from '../../../src/host/ssh/route/algorithms.ts';
import { type Route, RouteFinder } from '../../../src/host/ssh/route/route.ts';
import { HONORED, NOTICED, PASSED_OVER, REFUSED } from '../../../src/host/ssh-config/directives.ts';
import { needs, skipUnless } from '../../support/needs.ts';

describe('what ssh_config forbids', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'outrigger-restrictions-'));
    mkdirSync(join(folder, '.ssh'), { mode: 0o700 });
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  const target = (text: string, address = 'web'): Route['target'] => {
    const sshConfig = join(folder, 'config');
    writeFileSync(sshConfig, text);
    const finder = new RouteFinder({ env: { SSH_AUTH_SOCK: '/agent' }, home: folder });
    return finder.routeTo({
      address,
      port: undefined,
      user: 'admin',
      become: 'none',
      identityFile: undefined,
      becomePassword: undefined,
      hostKeys: { kind: 'strict' },
      sshConfig,
      knownHostsFile: undefined,
      proxyJump: undefined,
      connectTimeoutMs: 5000,
    }).target;
  };
  const restrictions = (text: string, address?: string) => target(text, address).restrictions;
  const invalid = (text: string, message: RegExp, address?: string): void => {
    assert.throws(() => target(text, address), { code: 'INPUT_INVALID', message });
  };

  describe('algorithms', () => {
    before(needs('ssh'));
    /** What ssh makes of the same lines. */
    const asked = (text: string, keyword: string): readonly string[] => {
      const path = join(folder, 'asked');
      writeFileSync(path, text);
      const printed = execFileSync('ssh', ['-G', '-F', path, 'web'], {
        encoding: 'utf8',
        stdio: 'pipe',
      });
      const line = printed.split('\n').find((one) => one.startsWith(`${keyword} `)) ?? '';
      return line.slice(keyword.length + 1).split(',');
    };
    const KINDS = [
      ['Ciphers', 'cipher', ['aes256-ctr', '-aes*', '^aes256-ctr', '-*-ctr,chacha20*']],
      ['MACs', 'mac', ['hmac-sha2-512', '-*sha1*', '^hmac-sha2-512', '-*-etm@openssh.com']],
      ['KexAlgorithms', 'kex', ['ecdh-sha2-nistp256', '-curve*,ecdh-*', '^ecdh-sha2-nistp521']],
      ['HostKeyAlgorithms', 'hostKey', ['rsa-sha2-*', '-ecdsa-*', '^rsa-sha2-256']],
      ['PubkeyAcceptedAlgorithms', 'publicKey', ['ssh-ed25519', '-rsa-*', '^rsa-sha2-512']],
    ] as const;
    for (const [keyword, name, lists] of KINDS) {
      for (const list of lists) {
        it(`${keyword} ${list}: those of ssh that outrigger has`, () => {
          const text = `${keyword} ${list}\n`;
          const ours: readonly string[] = ALL_ALGORITHMS[name];
          const theirs = asked(text, keyword.toLowerCase()).filter((one) => ours.includes(one));
          const left = restrictions(text).algorithms[name];
          assert.deepEqual([...left].sort(), theirs.sort());
          assert.ok(left.length > 0);
          if (list.startsWith('^')) assert.equal(left[0], list.slice(1));
        });
      }
    }
    it('are those of ours without a directive, and with one that only adds', () => {
      assert.deepEqual(restrictions('').algorithms, ALL_ALGORITHMS);
      assert.deepEqual(restrictions('Ciphers +3des-cbc\n').algorithms, ALL_ALGORITHMS);
    });

    it('keep the order that is asked for', () => {
      const text = 'Ciphers aes256-ctr,3des-cbc,aes128-ctr\nPubkeyAcceptedKeyTypes ssh-ed25519\n';
      const { cipher, publicKey } = restrictions(text).algorithms;
      assert.deepEqual(cipher, ['aes256-ctr', 'aes128-ctr']);
      assert.deepEqual(publicKey, ['ssh-ed25519']);
    });

    it('none that outrigger has: an error that says so', () => {
      invalid(
        'Ciphers 3des-cbc\n',
        /config:1: `Ciphers 3des-cbc` allows no algorithm that outrigger supports/,
      );
      invalid(
        'Host web\n  KexAlgorithms -*\n',
        /config:2: `KexAlgorithms -\*` allows no algorithm/,
      );
    });

    it('are those of the crypto policy of RHEL', () => {
      const policy = join(folder, 'openssh.config');
      writeFileSync(
        policy,
        `Ciphers aes256-gcm@openssh.com,aes256-ctr,aes128-gcm@openssh.com,aes128-ctr
MACs hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,hmac-sha2-256,hmac-sha2-512
GSSAPIKeyExchange no
KexAlgorithms ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521,diffie-hellman-group-exchange-sha256,diffie-hellman-group14-sha256,diffie-hellman-group16-sha512,diffie-hellman-group18-sha512
PubkeyAcceptedAlgorithms ecdsa-sha2-nistp256,ecdsa-sha2-nistp256-cert-v01@openssh.com,rsa-sha2-256,rsa-sha2-512
HostKeyAlgorithms ecdsa-sha2-nistp256,ecdsa-sha2-nistp256-cert-v01@openssh.com,rsa-sha2-256,rsa-sha2-512
CASignatureAlgorithms ecdsa-sha2-nistp256,rsa-sha2-256,rsa-sha2-512
RSAMinSize 2048
`,
      );
      const found = target(
        `Match final all\n  Include ${policy}\n  GSSAPIAuthentication yes\n  ForwardX11Trusted yes\n`,
      );
      const { algorithms, rsaBits } = found.restrictions;
      assert.equal(rsaBits, 2048);
      assert.ok(!algorithms.cipher.includes('chacha20-poly1305@openssh.com'));
      assert.ok(algorithms.mac.every((name) => !name.includes('sha1')));
      assert.ok(algorithms.kex.every((name) => !name.startsWith('curve25519')));
      assert.deepEqual(algorithms.hostKey, ['ecdsa-sha2-nistp256', 'rsa-sha2-256', 'rsa-sha2-512']);
      assert.deepEqual(found.notices, []);
    });
  });

  describe('flags', () => {
    for (const [value, expected] of [
      ['yes', true],
      ['true', true],
      ['YES', true],
      ['True', true],
      ['no', false],
      ['false', false],
    ] as const) {
      it(`IdentitiesOnly ${value}`, () => {
        assert.equal(target(`IdentitiesOnly ${value}\n`).identities.only, expected);
      });
    }
    it('that are neither yes nor no are an error, as with ssh', function () {
      skipUnless(this, 'ssh');
      invalid('IdentitiesOnly on\n', /config:1: `IdentitiesOnly on` is neither yes nor no/);
      invalid('PubkeyAuthentication maybe\n', /neither yes nor no/);
      for (const text of ['IdentitiesOnly on\n', 'PubkeyAuthentication maybe\n']) {
        writeFileSync(join(folder, 'asked'), text);
        assert.throws(() =>
          execFileSync('ssh', ['-G', '-F', join(folder, 'asked'), 'web'], { stdio: 'ignore' }),
        );
      }
    });
  });

  it('none in any case is none', () => {
    const { identities, restrictions: found } = target(
      'IdentityAgent None\nIdentityFile NONE\nRevokedHostKeys None\nProxyCommand NONE\n',
    );
    assert.deepEqual(identities, { files: [], only: false, agent: undefined, certificates: [] });
    assert.deepEqual(found.revokedKeys, []);
  });

  it('the socket of an agent may be in a variable', () => {
    assert.equal(target('IdentityAgent $SSH_AUTH_SOCK\n').identities.agent, '/agent');
    assert.equal(target('IdentityAgent ${SSH_AUTH_SOCK}\n').identities.agent, '/agent');
    assert.equal(target('IdentityAgent $NOT_SET\n').identities.agent, undefined);
  });

  it('files of revoked keys, with tokens', () => {
    const { revokedKeys } = restrictions('RevokedHostKeys ~/revoked /etc/%h.krl\n');
    assert.deepEqual(revokedKeys, [join(folder, 'revoked'), '/etc/web.krl']);
  });

  for (const [line, files] of [
    ['"/a b" /c', ['/a b', '/c']],
    ['/c "/a b"', ['/c', '/a b']],
    ["'/a b' /c # gone", ['/a b', '/c']],
    ['= "/a b"', ['/a b']],
    ['"/a b"', ['/a b']],
    ['/a" "b /c', ['/a b', '/c']],
    ['/a\\ b /c', ['/a b', '/c']],
    ['"/a \\"b\\"" /c#d', ['/a "b"', '/c#d']],
  ] as const) {
    it(`files of revoked keys, split as ssh does: ${line}`, () => {
      assert.deepEqual(restrictions(`RevokedHostKeys ${line}\n`).revokedKeys, files);
    });
  }

  it('files of revoked keys that cannot be told apart are an error', () => {
    for (const line of ['"/a b', "/c '/a", '/c /a"b', '"" /c', '# none'])
      invalid(`RevokedHostKeys ${line}\n`, /unclosed quote|a value is missing/);
  });

  it('the version of IP, and our own address', () => {
    const { family, localAddress } = restrictions('AddressFamily inet6\nBindAddress ::1\n');
    assert.deepEqual([family, localAddress], [6, '::1']);
    assert.equal(restrictions('AddressFamily any\nBindAddress *\n').localAddress, undefined);
    invalid('AddressFamily inet6\n', /forbids the address 192.0.2.1/, '192.0.2.1');
    invalid('AddressFamily ipx\n', /is not an address family/);
    invalid('BindAddress eth0\n', /is not an IP address/);
  });

  it('to log in with a key: an error', () => {
    invalid('PubkeyAuthentication no\n', /forbids public key authentication/);
    invalid('PreferredAuthentications password\n', /forbids public key authentication/);
    invalid('RefuseConnection use the console\n', /forbids the connection/);
    target('PubkeyAuthentication host-bound\nPreferredAuthentications password,publickey\n');
  });

  describe('notices', () => {
    it('name what is not honored, and where it stands', () => {
      const lines = 'CheckHostIP yes\nKnownHostsCommand /bin/known %H\nBindInterface eth0\n';
      const { notices } = target(`Host web\n${lines}CertificateFile ~/id-cert.pub\n`);
      assert.deepEqual(
        notices.map((notice) => notice.slice(folder.length)),
        [
          '/config:2: `CheckHostIP` is not honored: only the name of the host is looked up in known_hosts',
          '/config:3: `KnownHostsCommand` is not honored: outrigger runs no command of ssh_config: only known_hosts files are read',
          '/config:4: `BindInterface` is not honored: the system chooses the interface (BindAddress is honored)',
          '/config:5: `CertificateFile` is not honored: SSH certificates are not supported',
        ],
      );
    });

    it('are none for what asks for nothing, stands elsewhere, or was decided before', () => {
      const idle =
        'CheckHostIP no\nCheckHostIP yes\nRekeyLimit default none\nKnownHostsCommand none\n';
      assert.deepEqual(target(`${idle}Host other\n  BindInterface eth0\n`).notices, []);
    });

    it('name keywords that nobody knows, unless IgnoreUnknown does', () => {
      const [notice = ''] = target('OnlyOnTuesdays yes\n').notices;
      assert.match(notice, /config:1: `onlyontuesdays` is unknown and not honored/);
      assert.deepEqual(target('IgnoreUnknown Only*,Use*\nOnlyOnTuesdays yes\n').notices, []);
    });

    it('come also where only ssh can judge whether it counts', () => {
      assert.equal(target('Match exec true\n  CheckHostIP yes\n').notices.length, 1);
      invalid('Match exec true\n  Ciphers aes128-ctr\n', /which only ssh can evaluate/);
    });
  });

  describe('the table of directives', () => {
    const [honored, refused, noticed] = [
      Object.values(HONORED),
      Object.values(REFUSED),
      Object.values(NOTICED).map(({ name }) => name),
    ];

    it('puts each into one row', () => {
      const all = [...honored, ...refused, ...noticed, ...PASSED_OVER];
      const names = all.map((name) => name.toLowerCase());
      assert.deepEqual(names.toSorted(), [...new Set(names)].toSorted());
    });

    it('has every keyword that this ssh prints', function () {
      skipUnless(this, 'ssh');
      writeFileSync(join(folder, 'empty'), '');
      const printed = execFileSync('ssh', ['-G', '-F', join(folder, 'empty'), 'web'], {
        encoding: 'utf8',
        stdio: 'pipe',
      });
      const keywords = new Set(
        printed
          .trim()
          .split('\n')
          .map((line) => line.split(' ')[0]?.toLowerCase() ?? ''),
      );
      keywords.delete('host'); // newer ones print the name that was asked for
      const known = [...honored, ...refused, ...noticed, ...PASSED_OVER];
      const names = new Set(known.map((name) => name.toLowerCase()));
      assert.deepEqual(
        [...keywords].filter((keyword) => !names.has(keyword)),
        [],
      );
    });

    it('is that of the guide', () => {
      const guide = readFileSync('docs/guide/ssh.md', 'utf8');
      for (const [row, names] of [
        ['honored', [...honored, 'Host', 'Include', 'Match']],
        ['refused', refused],
        ['named on stderr', noticed],
      ] as const) {
        const line = guide.split('\n').find((one) => one.startsWith(`| ${row} `)) ?? '';
        const reported = Array.from(line.matchAll(/`(\w+)/g), ([, name]) => name);
        assert.deepEqual(reported.toSorted(), [...names].toSorted(), row);
      }
    });
  });
});
