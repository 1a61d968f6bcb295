import assert from 'node:assert/strict';
import { readCib } from '../../../src/pacemaker/cib/cib.ts';
import { fixture } from '../pacemaker/fixtures.ts';
import { changesIn, cibOf, imported, remote, specOf, reported, type Values } from './clusters.ts';

const EXPECTED = `# This cluster as read by \`outrigger import\`. Edit this file, then check it with \`outrigger plan\`.
# proxy: a bundle, whose nodes the cluster creates: left out
apiVersion: outrigger/v1
cluster:
  name: lab

# SSH settings for all hosts; settings that are not listed come from ssh_config.
connection:
  user: admin

# Addresses are those of Corosync, except for the node that was queried, which has the address used to reach it.
clusterNodes:
  - name: c1
    address: c1.example.net
  - name: c2
    address: 10.77.0.12

authentication:
  method: psk
  authkey:
    source: cluster

# \`address\` is used for SSH; if the cluster connects to another address, set \`server\` too.
remoteNodes:
  - name: r1
    address: 10.77.0.101
    reconnectInterval: 60s
    attributes:
      rack: a1 & "b"
  # r2: of its meta attributes left out: target-role
  - name: r2
    address: 10.77.0.102
    port: 3122
    reconnectInterval: 60s
    state: standby
guestNodes:
  - name: guest1
    resource: vm1
    address: 10.77.0.201
`;

describe('importInventory', () => {
  const cib = readCib(fixture('cib.xml'));

  it('writes down a cluster, with what it cannot say as comments', () => {
    const { text, notes } = imported(reported(cib));
    assert.equal(text, EXPECTED);
    assert.deepEqual(notes, [
      'proxy: a bundle, whose nodes the cluster creates: left out',
      'r2: of its meta attributes left out: target-role',
    ]);
    assert.deepEqual(changesIn(cib, specOf({ text, notes })), []);
  });

  it('draws together what advances by one step, and nothing else', () => {
    const at = (server: string, attributes: Values = {}) => ({
      parameters: { server },
      attributes,
    });
    const folded = cibOf([
      remote('r1', at('10.0.1.9')),
      remote('r2', at('10.0.1.10')),
      remote('r3', at('10.0.1.11')),
      remote('r4', at('10.0.1.13')),
      remote('r5', at('10.0.1.14', { rack: 'b' })),
      remote('r6', at('10.0.1.15', { rack: 'b' })),
      remote('db-099', at('db-099.example.net')),
      remote('db-100', at('db-100.example.net')),
    ]);
    const found = imported(reported(folded));
    assert.deepEqual(
      [...found.text.matchAll(/- name: (.*)\n {4}address: (.*)/g)].map(([, ...pair]) =>
        pair.join(),
      ),
      [
        'c1,c1.example.net',
        'c2,10.77.0.12',
        'db-[099-100],db-[099-100].example.net',
        'r[1-3],10.0.1.[9-11]',
        'r4,10.0.1.13',
        'r[5-6],10.0.1.[14-15]',
      ],
    );
    assert.deepEqual(changesIn(folded, specOf(found)), []);
  });

  it('says of operations and meta attributes what is not usual', () => {
    const odd = cibOf([
      remote('r1', {
        parameters: { server: 'r1.example.net', trace_ra: '1' },
        meta: { 'resource-stickiness': '100', 'allow-migrate': 'false', 'is-managed': 'true' },
        operations: [
          { name: 'monitor', interval: '30', timeout: '20s' },
          { name: 'monitor', interval: '7s' },
          { name: 'start', interval: '0', timeout: '1min', 'on-fail': 'restart' },
          { name: 'stop', interval: '0s', timeout: '90s' },
        ],
      }),
    ]);
    const found = imported(reported(odd));
    assert.deepEqual(changesIn(odd, specOf(found)), []);
    const [node] = specOf(found).remoteNodes;
    assert.deepEqual(node?.operations, {
      monitor: { interval: '30', timeout: '20s' },
      stop: { timeout: '90s' },
    });
    assert.deepEqual(node.meta, { 'allow-migrate': 'false', 'resource-stickiness': '100' });
    assert.deepEqual(found.notes, [
      'r1: of its parameters left out: trace_ra',
      'r1: of its meta attributes left out: is-managed',
      'r1: its other monitor operation (interval 7s) is left out',
      'r1: of its start operation left out: on-fail',
    ]);
  });

  it('takes the certificates that the hosts have, the path of each node as a pattern', () => {
    const environment = {
      PCMK_ca_file: '/etc/pki/pacemaker/ca.pem',
      PCMK_cert_file: '/etc/pki/tls/certs/c1.pem',
      PCMK_key_file: '/etc/pki/c1/c10-key.pem',
    };
    const { authentication } = specOf(imported(reported(cib, { environment })));
    assert.ok(authentication.method === 'x509' && authentication.x509.kind === 'on-hosts');
    assert.deepEqual(authentication.x509.onHosts, {
      ca: '/etc/pki/pacemaker/ca.pem',
      certificate: '/etc/pki/tls/certs/{node}.pem',
      key: '/etc/pki/{node}/c10-key.pem',
      crl: undefined,
    });
  });

  it('leaves out certificates at paths that no inventory may name, and says so', () => {
    const path = '/etc/pki/../$(reboot)';
    const environment = { PCMK_ca_file: path, PCMK_cert_file: path, PCMK_key_file: path };
    const found = imported(reported(cib, { environment }));
    assert.equal(specOf(found).authentication.method, 'psk');
    assert.match(found.notes.join('\n'), /^the certificates are left out: /m);
  });

  it('takes the cluster’s name from Corosync where the CIB has none, and makes it one', () => {
    assert.equal(specOf(imported(reported(cibOf([])))).cluster.name, 'corosync-says');
    const odd = imported(reported(cibOf([]), { clusterName: '../my cluster' }));
    assert.equal(specOf(odd).cluster.name, 'my-cluster');
  });

  it('leaves out nodes that no inventory may hold, by name and with the reason', () => {
    const { text, notes } = imported(
      reported(
        cibOf([
          remote('r1', { parameters: { server: '10.0.0.1' } }),
          remote('r2', { parameters: { server: '10.0.0.1' } }),
          remote('r3', { parameters: { server: '10.0.0.3', port: '99999' } }),
          remote('r4', { parameters: { server: '-oProxyCommand=touch' } }),
          remote('C2', { parameters: { server: '10.0.0.5' } }),
          remote('r6', { parameters: { server: '10.0.0.6', reconnect_interval: 'P1D' } }),
        ]),
      ),
    );
    assert.deepEqual(
      specOf({ text, notes }).remoteNodes.map(({ name }) => name),
      ['r1', 'r6'],
    );
    assert.deepEqual(notes.map((note) => note.replace(/: left out: .*/, '')).sort(), [
      'C2',
      'r2',
      'r3',
      'r4',
      'r6',
    ]);
    assert.doesNotMatch(notes.join(), /line \d/);
  });
});
