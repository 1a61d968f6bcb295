import assert from 'node:assert/strict';
import { clusterOf } from '../../../src/probe/read-cluster.ts';
import { readMembership, readRoutes } from '../../../src/probe/readers/read-member.ts';
import { connectionState } from '../../../src/pacemaker/status/crm-mon.ts';
import { changed, factsOf, recorded, sections } from './fixtures.ts';

describe('the facts of', () => {
  it('a bare host', () => {
    const { clockAhead, ...facts } = factsOf(recorded('bare-host'));
    assert.ok(Math.abs(clockAhead) < 600, String(clockAhead));
    assert.deepEqual(facts, {
      name: 'h1',
      osId: 'debian',
      osIdLike: '',
      osVersion: '13',
      architecture: '',
      selinux: 'off',
      packageManager: 'apt-get',
      serviceManager: 'systemd',
      hasCorosyncConf: false,
      isConnected: false,
      local: {
        activeUnits: new Set(),
        enabledUnits: new Set(),
        mountPoints: new Set(),
        addresses: new Set(),
      },
      packages: {},
      upgrades: undefined,
      isDaemonReplaced: false,
      environmentFile: undefined,
      environment: {},
      authkey: {
        path: '/etc/pacemaker/authkey',
        digest: undefined,
        owner: '',
        group: '',
        mode: '',
        modifiedAt: 0,
      },
      certificates: {},
      keepsAuthkey: undefined,
      knowsCertificates: undefined,
      ownCertificates: undefined,
      madeKeys: undefined,
      waitingPair: [],
      daemonVariables: undefined,
      units: Object.fromEntries(
        ['pacemaker_remote', 'pacemaker', 'corosync', 'firewalld'].map((unit) => [
          `${unit}.service`,
          {
            loadState: 'not-found',
            activeState: 'inactive',
            unitFileState: '',
            startedAt: undefined,
          },
        ]),
      ),
      listening: [22],
      firewall: { kind: 'none' },
    });
  });

  it('a host that has made its keys: of each the public half, and never its content', () => {
    const [content, half] = ['a'.repeat(64), 'b'.repeat(64)];
    const reported = {
      certificates: `key ${content} root haclient 640 7`,
      made_keys: `key blocks 1\nkey public ${half}\nwaiting blocks 2\nwaiting encrypted yes`,
    };
    const facts = factsOf(changed('bare-host', reported));
    assert.deepEqual(facts.madeKeys, {
      inUse: { count: 1, isEncrypted: false, publicDigest: half },
      waiting: { count: 2, isEncrypted: true, publicDigest: '' },
      hasOpenssl: true,
    });
    assert.equal(facts.certificates.key?.digest, half);
    const none = factsOf(changed('bare-host', { made_keys: 'openssl missing' }));
    assert.deepEqual(none.madeKeys, {
      inUse: undefined,
      waiting: undefined,
      hasOpenssl: false,
    });
  });

  it('a host that has certificates, and what its daemon was started with', () => {
    const digest = 'a'.repeat(64);
    const reported = {
      capability: 'yes',
      certificates: [
        `ca ${digest} root haclient 640 1795354691.5`,
        'certificate no-digest root haclient 640 1',
        `other ${digest} root haclient 640 1`,
      ].join('\n'),
      certificate_texts: 'ca pem -----BEGIN\nother pem x\nca pem -----END',
      daemon: 'running\nPCMK_ca_file=/etc/pacemaker/x509-ca.pem\nPCMK_key_file=/a=b',
    };
    const facts = factsOf(changed('bare-host', reported));
    assert.equal(facts.knowsCertificates, true);
    assert.deepEqual(facts.certificates, {
      ca: {
        digest,
        owner: 'root',
        group: 'haclient',
        mode: '640',
        modifiedAt: 1795354691.5,
        pem: '-----BEGIN\n-----END\n',
      },
    });
    assert.deepEqual(
      { ...facts.daemonVariables },
      { PCMK_ca_file: '/etc/pacemaker/x509-ca.pem', PCMK_key_file: '/a=b' },
    );
    const other = factsOf(changed('bare-host', { capability: 'no', daemon: 'running' }));
    assert.equal(other.knowsCertificates, false);
    assert.deepEqual({ ...other.daemonVariables }, {}, 'one that was started with none');
  });

  it('a remote node', () => {
    const { packages, authkey, units, listening, firewall } = factsOf(recorded('remote-node'));
    assert.deepEqual(packages, {
      'pacemaker-cli-utils': '3.0.0-2',
      'pacemaker-remote': '3.0.0-2',
      'resource-agents': '1:4.16.0-3+deb13u2',
    });
    assert.deepEqual(authkey, {
      path: '/etc/pacemaker/authkey',
      digest: '1'.repeat(64),
      owner: 'hacluster',
      group: 'haclient',
      mode: '400',
      modifiedAt: 1795354770.2105331,
    });
    assert.deepEqual(units['pacemaker_remote.service'], {
      loadState: 'loaded',
      activeState: 'active',
      unitFileState: 'enabled',
      startedAt: 1795354772.752579,
    });
    assert.deepEqual(listening, [22, 3121]);
    assert.equal(firewall.kind, 'firewalld');
    const [zone] = firewall.runtime.zones;
    assert.deepEqual(firewall.permanent.zones, firewall.runtime.zones);
    assert.deepEqual(
      zone?.rules.richRules,
      ['10.77.0.11', '10.77.0.12'].map(
        (source) =>
          `rule family="ipv4" source address="${source}" port port="3121" protocol="tcp" accept`,
      ),
    );
  });

  it('cluster nodes', () => {
    const queryNode = sections(recorded('query-node'));
    const member = sections(recorded('member'));
    assert.deepEqual(readMembership(queryNode), {
      haveQuorum: true,
      dcUuid: '1',
      cibVersion: '0.22.8',
    });
    assert.deepEqual(readMembership(member), readMembership(queryNode));
    assert.deepEqual(
      readRoutes(member),
      [1, 2, 3].map((host) => ({ server: `10.77.1.${host}`, source: '10.77.0.12' })),
    );
    assert.equal(clusterOf('c2', member), undefined);
    const cluster = clusterOf('c1', queryNode);
    assert.equal(cluster?.dcState, 'S_IDLE');
    assert.deepEqual([...cluster.cib.remoteConnections.keys()], ['h1', 'h2', 'h3']);
    assert.equal(connectionState(cluster.mon, 'h2').state, 'node-online');
    const facts = factsOf(recorded('query-node'));
    assert.ok(facts.hasCorosyncConf);
    assert.deepEqual(facts.authkey.mode, '640');
    assert.equal(facts.units['pacemaker.service']?.activeState, 'active');
  });
});

describe('a probe', () => {
  // What a file means is said by the reader on the host: see environment-reader.test.ts.
  it('reads the settings that count', () => {
    const environment = [
      'file=/etc/default/pacemaker',
      'PCMK_logfile=/var/log/old.log',
      'PCMK_remote_port=3122',
      'PCMK_logfile=/var/log/my log',
      'PCMK_other=\\0303\\0274\\0134x',
      'export PCMK_debug=no',
      'PCMK_empty=',
      "PCMK_half='x",
      'PCMK-bad=1',
    ].join('\n');
    const facts = factsOf(changed('remote-node', { environment }));
    assert.equal(facts.environmentFile, '/etc/default/pacemaker');
    assert.deepEqual(facts.environment, {
      PCMK_logfile: '/var/log/my log',
      PCMK_remote_port: '3122',
      PCMK_other: 'ü\\x',
      PCMK_empty: '',
      PCMK_half: "'x",
    });
    assert.equal(facts.environmentElsewhere, undefined);
  });

  it('tells architecture and SELinux', () => {
    const platform = (selinux: string) =>
      factsOf(changed('bare-host', { platform: `id=rhel\narchitecture=aarch64\n${selinux}` }));
    assert.equal(platform('selinux=enforcing').selinux, 'enforcing');
    assert.equal(platform('selinux=permissive').selinux, 'permissive');
    assert.equal(platform('').selinux, 'off');
    assert.equal(platform('selinux=x').selinux, 'off');
    assert.equal(platform('').architecture, 'aarch64');
  });

  it('counts only ports that others can reach', () => {
    const listening = [
      '0100007F:0C31', // 127.0.0.1
      '00000000000000000000000001000000:0C32', // ::1
      '0000000000000000FFFF00000100007F:0C33', // ::ffff:127.0.0.1
      '0B004D0A:0C34', // 10.77.0.11
      '00000000000000000000000000000000:0C35', // ::
      '0B004D0A:0C34',
      'garbage',
    ].join('\n');
    assert.deepEqual(factsOf(changed('bare-host', { listening })).listening, [0xc34, 0xc35]);
  });

  it('takes a package that is not installed for absent', () => {
    const packages = [
      'pacemaker-remote config-files 3.0.0-2',
      'corosync not-installed ',
      'pacemaker half-installed 3.0.0-2',
      'resource-agents installed 1:4.16.0-3',
    ].join('\n');
    assert.deepEqual(factsOf(changed('bare-host', { packages })).packages, {
      'resource-agents': '1:4.16.0-3',
    });
  });

  it('believes only a whole digest', () => {
    for (const digest of ['', 'abc', 'g'.repeat(64), '1'.repeat(63)]) {
      const authkey = `path=/etc/pacemaker/authkey\ndigest=${digest}\nrights=root root 400 1.5`;
      assert.equal(factsOf(changed('bare-host', { authkey })).authkey.digest, undefined, digest);
    }
  });

  it('knows no start of a daemon that never ran', () => {
    for (const started of ['', 't 0', 'Failed to get property', 's "x"']) {
      const { units } = factsOf(changed('remote-node', { started }));
      assert.equal(units['pacemaker_remote.service']?.startedAt, undefined, started);
    }
  });

  it('knows the start of no other daemon', () => {
    const { units } = factsOf(changed('query-node', { started: 't 1795354772752579' }));
    assert.equal(units['pacemaker.service']?.startedAt, undefined);
    assert.equal(units['pacemaker_remote.service']?.startedAt, 1795354772.752579);
  });

  it('knows no route where there is none', () => {
    const routes = '- storage.example\n10.77.0.11 10.77.1.1\n2001:db8::1 h3\nRTNETLINK x';
    assert.deepEqual(readRoutes(sections(changed('member', { routes }))), [
      { server: 'storage.example', source: undefined },
      { server: '10.77.1.1', source: '10.77.0.11' },
      { server: 'h3', source: '2001:db8::1' },
      { server: 'x', source: undefined },
    ]);
  });
});
