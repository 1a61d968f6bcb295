import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readInventory } from '../../../src/inventory/read-inventory.ts';
import { hasErrors } from '../../../src/support/yaml/diagnostic.ts';
import { readYaml } from '../../../src/support/yaml/yaml.ts';
import { anyDamage, describeGoldens, readProjectFile, readSchema } from './golden.ts';
import { cases } from '../../support/cases.ts';

const schema = readSchema('inventory');
const read = (text: string, file = 'inventory.yml') =>
  readInventory({ file, text, schema, directory: '/etc/outrigger', home: '/home/me' });

const minimal = `
apiVersion: outrigger/v1
cluster: { name: prod }
clusterNodes: [{ name: c1, address: 192.0.2.11 }]
`;

function specOf(text: string) {
  const { spec, diagnostics } = read(minimal + text);
  assert.deepEqual(diagnostics, []);
  assert.ok(spec);
  return spec;
}

describe('readInventory', () => {
  describe('tells everything that is wrong', () => {
    describeGoldens('test/unit/inventory/invalid', (file, text) => {
      const { spec, diagnostics } = read(text, file);
      assert.equal(spec, undefined);
      return diagnostics;
    });
  });

  for (const name of ['example', 'lab']) {
    it(`accepts inventories/${name}.yml`, () => {
      const { spec, diagnostics } = read(readProjectFile(`inventories/${name}.yml`));
      assert.deepEqual(diagnostics, []);
      assert.ok(spec);
    });
  }

  it('shows every option of the schema in inventories/example.yml', () => {
    const example = readProjectFile('inventories/example.yml');
    const optionsOf = (part: unknown): string[] =>
      typeof part !== 'object' || part === null
        ? []
        : Object.entries(part).flatMap(([key, value]) => [
            ...(key === 'properties' ? Object.keys(value as object) : []),
            ...optionsOf(value),
          ]);
    const missing = optionsOf(schema).filter(
      (option) => !new RegExp(`\\b${option}:`).test(example),
    );
    assert.deepEqual(missing, []);
  });

  it('tells what is wrong with an inventory damaged anywhere, or makes something of it', () => {
    const whole = readYaml('', readProjectFile('inventories/example.yml')).document?.value;
    fc.assert(
      fc.property(anyDamage(whole), (text) => {
        const { spec, diagnostics } = read(text);
        assert.equal(spec === undefined, hasErrors(diagnostics));
      }),
      { numRuns: cases(300) },
    );
  });

  it('fills in the defaults', () => {
    const connection = {
      port: undefined,
      user: undefined,
      identityFile: undefined,
      become: 'none',
      becomePassword: undefined,
      hostKeys: { kind: 'strict' },
      knownHostsFile: undefined,
      proxyJump: undefined,
      sshConfig: undefined,
      connectTimeoutMs: 10_000,
    };
    assert.deepEqual(specOf('remoteNodes: [{ name: r1, address: 192.0.2.21 }]'), {
      cluster: { name: 'prod' },
      absent: { remoteNodes: [], guestNodes: [] },
      clusterNodes: [{ name: 'c1', address: '192.0.2.11', connection }],
      remoteNodes: [
        {
          name: 'r1',
          address: '192.0.2.21',
          server: '192.0.2.21',
          group: undefined,
          port: 3121,
          reconnectInterval: undefined,
          operations: {},
          meta: {},
          attributes: {},
          state: undefined,
          fencing: undefined,
          connection,
        },
      ],
      guestNodes: [],
      driftIgnores: [],
      authentication: { method: 'psk', isStated: false, authkey: { kind: 'cluster' } },
    });
  });

  it('takes the fence device from the host, its group or the defaults, and the plug from the host', () => {
    const { remoteNodes } = specOf(`
fencing: { device: fence-all }
groups:
  pdu: { fencing: { device: fence-pdu } }
remoteNodes:
  - { name: r1, address: 192.0.2.21 }
  - { name: 'r[2-3]', address: '192.0.2.[22-23]', group: pdu, fencing: { plug: 'A[09-10]' } }
  - { name: r4, address: 192.0.2.24, group: pdu, fencing: { device: fence-own, plug: 4 } }
`);
    assert.deepEqual(
      remoteNodes.map(({ name, fencing }) => [name, fencing?.device, fencing?.plug]),
      [
        ['r1', 'fence-all', undefined],
        ['r2', 'fence-pdu', 'A09'],
        ['r3', 'fence-pdu', 'A10'],
        ['r4', 'fence-own', '4'],
      ],
    );
  });

  it('needs no remote nodes', () => {
    assert.deepEqual(specOf('').remoteNodes, []);
    assert.deepEqual(specOf('remoteNodes: []').remoteNodes, []);
  });

  it('lets a host win over its group and the group over the defaults, key by key', () => {
    const { remoteNodes } = specOf(`
connection: { user: admin, port: 2222, become: sudo }
groups:
  compute:
    connection: { user: cloud, connectTimeout: 1min }
    port: 4000
    reconnectInterval: 30s
    state: standby
    operations: { monitor: { interval: 30s, timeout: 20s }, start: { timeout: 90s } }
    meta: { a: group, b: 1 }
    attributes: { role: compute, ssd: true }
remoteNodes:
  - { name: r1, address: 192.0.2.21, group: compute }
  - name: r2
    address: 192.0.2.22
    group: compute
    port: 4001
    state: online
    connection: { port: 22 }
    operations: { monitor: { timeout: 40 } }
    meta: { a: own }
    attributes: { ssd: false, rack: a1 }
`);
    const [first, second] = remoteNodes;
    assert.deepEqual(first, {
      name: 'r1',
      address: '192.0.2.21',
      server: '192.0.2.21',
      group: 'compute',
      port: 4000,
      reconnectInterval: '30s',
      operations: { monitor: { interval: '30s', timeout: '20s' }, start: { timeout: '90s' } },
      meta: { a: 'group', b: '1' },
      attributes: { role: 'compute', ssd: 'true' },
      state: 'standby',
      fencing: undefined,
      connection: {
        port: 2222,
        user: 'cloud',
        identityFile: undefined,
        become: 'sudo',
        becomePassword: undefined,
        hostKeys: { kind: 'strict' },
        knownHostsFile: undefined,
        proxyJump: undefined,
        sshConfig: undefined,
        connectTimeoutMs: 60_000,
      },
    });
    assert.deepEqual(second, {
      ...first,
      name: 'r2',
      address: '192.0.2.22',
      server: '192.0.2.22',
      port: 4001,
      operations: { monitor: { interval: '30s', timeout: '40' }, start: { timeout: '90s' } },
      meta: { a: 'own', b: '1' },
      attributes: { role: 'compute', ssd: 'false', rack: 'a1' },
      state: 'online',
      connection: { ...first.connection, port: 22 },
    });
  });

  it('expands ranges in name, address and server together', () => {
    const { remoteNodes } = specOf(
      "remoteNodes: [{ name: 'n[08-10]', address: '10.0.[0-2].[1-3]', server: 'n[8-10].net' }]",
    );
    assert.deepEqual(
      remoteNodes.map(({ name, address, server }) => [name, address, server]),
      [
        ['n08', '10.0.0.1', 'n8.net'],
        ['n09', '10.0.1.2', 'n9.net'],
        ['n10', '10.0.2.3', 'n10.net'],
      ],
    );
  });

  it('takes two nodes on one server when their ports differ', () => {
    const { remoteNodes } = specOf(`
remoteNodes:
  - { name: r1, address: 192.0.2.21, server: gw.example.net }
  - { name: r2, address: 192.0.2.22, server: gw.example.net, port: 3122 }
`);
    assert.equal(remoteNodes.length, 2);
  });

  it('gives a warning, but a spec, for a group that nobody uses', () => {
    const { spec, diagnostics } = read(`${minimal}groups: { compute: {} }\n`);
    assert.ok(spec);
    assert.deepEqual(diagnostics, [
      {
        file: 'inventory.yml',
        line: 5,
        column: 11,
        severity: 'warning',
        code: 'unused-group',
        path: '/groups/compute',
        message: 'no node is in the group `compute`',
      },
    ]);
  });

  it('takes aliases for what they stand for', () => {
    const { remoteNodes } = specOf(`
remoteNodes:
  - { name: r1, address: 192.0.2.21, attributes: &common { rack: a1 } }
  - { name: r2, address: 192.0.2.22, attributes: *common }
`);
    assert.deepEqual(remoteNodes[1]?.attributes, { rack: 'a1' });
  });

  it('takes a thousand nodes', () => {
    const lines = Array.from(
      { length: 1000 },
      (_, index) =>
        `  - { name: r${index}, address: r${index}.example.net, attributes: { rack: a1 } }`,
    );
    assert.equal(specOf(`remoteNodes:\n${lines.join('\n')}\n`).remoteNodes.length, 1000);
  });

  it('reads a file with a byte order mark and Windows line ends', () => {
    const { spec } = read(`\uFEFF${minimal.replaceAll('\n', '\r\n')}`);
    assert.equal(spec?.cluster.name, 'prod');
  });
});
