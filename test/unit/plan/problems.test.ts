import assert from 'node:assert/strict';
import { readCib } from '../../../src/pacemaker/cib/cib.ts';
import { readCrmMon } from '../../../src/pacemaker/status/crm-mon.ts';
import type { ClusterFacts, ClusterNodeFacts, Facts, HostFacts } from '../../../src/model/facts.ts';
import { findProblems } from '../../../src/plan/problems/problems.ts';
import { crmMonXml } from '../../support/crm-mon.ts';
import { hostFacts } from '../../support/specs.ts';
import { fixture } from '../pacemaker/fixtures.ts';

const cibText = fixture('cib.xml');

/** Cluster nodes c1 and c2, remote nodes r1 and r2, guest1 in vm1, and more. */
const cluster: ClusterFacts = {
  readFrom: 'c1',
  cib: readCib(cibText),
  cibText,
  mon: readCrmMon(crmMonXml({})),
  dcState: 'S_IDLE',
};

const member = (name: string, routes: ClusterNodeFacts['routes'] = []): ClusterNodeFacts => ({
  ...hostFacts(name),
  uname: undefined,
  membership: undefined,
  routes,
  fencers: new Map(),
});

function factsWith(hosts: readonly HostFacts[], more: Partial<Facts> = {}): Facts {
  return {
    clusterNodes: new Map([['c1', member('c1')]]),
    remoteNodes: new Map(hosts.map((host) => [host.name, host])),
    guestNodes: new Map(),
    vms: new Map(),
    unreachable: new Map(),
    servers: new Map(hosts.map(({ name }) => [name, { address: '192.0.2.99', port: 3121 }])),
    cluster,
    ...more,
  };
}

const problemOf = (host: HostFacts, more: Partial<Facts> = {}) => {
  const [problem, ...others] = findProblems(factsWith([host], more));
  assert.deepEqual(others, []);
  return problem && { code: problem.code, message: problem.message };
};

const upgradeTo = (offered: string, members: readonly string[]) =>
  problemOf(
    hostFacts('r9', {
      upgrades: {
        offers: [{ name: 'pacemaker-remote', installed: '1.1.24-0', offered }],
        refusal: undefined,
      },
    }),
    {
      clusterNodes: new Map(
        members.map((pacemaker, index) => [
          `c${index}`,
          { ...member(`c${index}`), packages: { pacemaker } },
        ]),
      ),
    },
  );

const unit = (name: string, activeState: string, unitFileState: string): HostFacts['units'] => ({
  [`${name}.service`]: { loadState: 'loaded', activeState, unitFileState, startedAt: undefined },
});

describe('a host is left out of the plan when', () => {
  it('nothing speaks against it: it is not', () => {
    assert.equal(problemOf(hostFacts('r9')), undefined);
    assert.equal(problemOf(hostFacts('r9', { packages: { corosync: '3.1.9' } })), undefined);
    assert.equal(problemOf(hostFacts('r9', { hasCorosyncConf: true })), undefined);
  });

  it('its package manager refuses the upgrade', () => {
    const upgrades = { offers: [], refusal: 'Packages need to be removed' };
    assert.deepEqual(problemOf(hostFacts('r9', { upgrades })), {
      code: 'UPGRADE_REFUSED',
      message: 'its package manager refuses the upgrade: Packages need to be removed',
    });
  });

  for (const [offered, ...members] of [
    ['3.0.1-1', '3.0.0-2', '3.0.1-1'],
    ['1:2.1.10-1.el9', '2.1.9-1.el9'],
    ['3.0.0.1-1', '3.0.0-2'],
    ['99.0-1', '3.0.0-2'],
  ] as const) {
    it(`an upgrade to ${offered} would make it newer than the oldest of ${members.join()}`, () => {
      assert.equal(upgradeTo(offered, members)?.code, 'NEWER_THAN_CLUSTER');
    });
  }

  for (const [offered, ...members] of [
    ['3.0.0-9', '3.0.0-2'],
    ['2.1.8-1', '2.1.10-1', '3.0.0-2'],
    ['1:3.0-1', '3.0.0-2'],
    ['git', '3.0.0-2'],
    ['3.0.1-1'],
  ] as const) {
    it(`an upgrade to ${offered} would not make it newer than ${members.join() || 'what is not known'}: it is not`, () => {
      assert.equal(upgradeTo(offered, members), undefined);
    });
  }

  it('somebody is connected to it under a name that the cluster does not know', () => {
    assert.equal(problemOf(hostFacts('r9', { isConnected: true }))?.code, 'HOST_IS_CONNECTED');
    const [known = ''] = cluster.cib.remoteConnections.keys();
    const servers = new Map([[known, { address: known, port: 3121 }]]);
    assert.notEqual(known, '');
    assert.equal(problemOf(hostFacts(known, { isConnected: true }), { servers }), undefined);
  });

  for (const path of ['/etc/corosync/authkey', '/etc//pacemaker/./../corosync/authkey'])
    it(`its authkey would be Corosync's own: ${path}`, () => {
      assert.equal(
        problemOf(hostFacts('r9', { authkey: { path } }))?.code,
        'AUTHKEY_IS_COROSYNC_KEY',
      );
    });

  it('its authkey is elsewhere: it is not', () => {
    for (const path of ['/etc/pacemaker/authkey', '/etc/corosync/authkey.remote'])
      assert.equal(problemOf(hostFacts('r9', { authkey: { path } })), undefined);
  });

  it('it is another host of the plan, under a second name and address', () => {
    const addresses = new Set(['192.0.2.99', '2001:db8::9', '127.0.0.1']);
    const local = { ...hostFacts('r9').local, addresses };
    const servers = new Map([
      ['r9', { address: '192.0.2.99', port: 3121 }],
      ['r10', { address: '2001:DB8:0::9', port: 3121 }],
    ]);
    assert.deepEqual(problemOf(hostFacts('r9', { local }), { servers }), {
      code: 'DUPLICATE_HOST',
      message:
        'it has the address 2001:DB8:0::9, which is the server address of r10: both are the same host',
    });
  });

  it('its platform is unknown', () => {
    for (const facts of [
      hostFacts('r9', { osId: 'sles', osIdLike: 'suse', packageManager: 'zypper' }),
      hostFacts('r9', { osId: 'rhel', packageManager: 'apt-get' }),
      hostFacts('r9', { osId: 'rhel', packageManager: 'dnf', serviceManager: '' }),
      hostFacts('r9', { serviceManager: '' }),
      hostFacts('r9', { osId: '', packageManager: '' }),
    ]) {
      assert.equal(problemOf(facts)?.code, 'PLATFORM_UNKNOWN');
    }
    assert.equal(
      problemOf(hostFacts('r9', { osId: 'mint', osIdLike: 'ubuntu debian' })),
      undefined,
    );
  });

  for (const [why, facts] of Object.entries({
    'pacemaker.service is active': { units: unit('pacemaker', 'active', 'disabled') },
    'corosync.service is active': { units: unit('corosync', 'active', 'disabled') },
    'pacemaker.service is enabled': { units: unit('pacemaker', 'inactive', 'enabled') },
    'it has /etc/corosync/corosync.conf': {
      hasCorosyncConf: true,
      packages: { corosync: '3.1.9' },
    },
    'the package pacemaker is installed': { packages: { pacemaker: '3.0.0' } },
  })) {
    it(`it is a cluster node: ${why}`, () => {
      const message = `it is a cluster node: ${why}`;
      assert.deepEqual(problemOf(hostFacts('r9', facts)), {
        code: 'HOST_IS_CLUSTER_NODE',
        message,
      });
    });
  }

  it('it uses certificates, which win over the key', () => {
    const [ca, cert, key] = ['PCMK_ca_file', 'PCMK_cert_file', 'PCMK_key_file'].map((name) => ({
      [name]: '/etc/pki/x',
    }));
    const all = { ...ca, ...cert, ...key };
    assert.equal(problemOf(hostFacts('r9', { environment: all }))?.code, 'HOST_USES_CERTIFICATES');
    assert.equal(problemOf(hostFacts('r9', { environment: { ...ca, ...cert } })), undefined);
  });

  it('a cluster node finds no way to its server', () => {
    const lost = member('c2', [{ server: '192.0.2.99', source: undefined }]);
    const clusterNodes = new Map([
      ['c1', member('c1', [{ server: '192.0.2.99', source: '192.0.2.11' }])],
      ['c2', lost],
    ]);
    const problem = problemOf(hostFacts('r9'), { clusterNodes });
    assert.equal(problem?.code, 'SERVER_UNKNOWN');
    assert.match(problem.message, / on c2$/);
    const elsewhere = member('c2', [{ server: '192.0.2.98', source: undefined }]);
    assert.equal(
      problemOf(hostFacts('r9'), { clusterNodes: new Map([['c2', elsewhere]]) }),
      undefined,
    );
  });

  for (const [name, holder] of Object.entries({
    c2: 'a cluster node',
    guest1: 'the guest node of vm1',
    d1: 'a resource that is not a connection',
    'web-ip': 'a resource that is not a connection',
    web: 'a <group>',
    proxy: 'a <bundle>',
    'd1-on-r1': 'a <rsc_location>',
  })) {
    it(`the cluster uses the name ${name}`, () => {
      const message = `its name is already used in the cluster: ${holder}`;
      assert.deepEqual(problemOf(hostFacts(name)), { code: 'NAME_TAKEN', message });
    });
  }

  it('the cluster connects to the same daemon under another name', () => {
    const at = (name: string, address: string, port = 3121) =>
      problemOf(hostFacts(name), { servers: new Map([[name, { address, port }]]) });
    assert.deepEqual(at('storage1', '10.77.0.101'), {
      code: 'SERVER_IN_USE',
      message: 'the cluster already connects to 10.77.0.101 port 3121, as r1',
    });
    assert.equal(at('storage1', '10.77.0.201')?.code, 'SERVER_IN_USE', 'guest1');
    assert.equal(at('r2', '10.77.0.101')?.code, 'SERVER_IN_USE', 'another node moves there');
    assert.equal(at('storage1', '10.77.0.101', 3130), undefined, 'another daemon of that host');
    assert.equal(at('storage1', '10.77.0.102'), undefined, 'r2 is at port 3122');
    assert.equal(at('r1', '10.77.0.101'), undefined, 'its own');
  });

  it('it did not respond', () => {
    const code = 'HOST_UNREACHABLE' as const;
    const unreachable = { name: 'r9', code, message: 'gone', hint: 'look' };
    const facts = { ...factsWith([]), unreachable: new Map([['r9', unreachable]]) };
    assert.deepEqual(findProblems(facts), [
      { host: 'r9', kind: 'unreachable', code: 'HOST_UNREACHABLE', message: 'gone', hint: 'look' },
    ]);
  });
});
