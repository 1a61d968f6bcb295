import assert from 'node:assert/strict';
import { readInventory } from '../../../src/inventory/read-inventory.ts';
import { readSchema } from './golden.ts';

const schema = readSchema('inventory');
const read = (text: string) =>
  readInventory({
    file: 'inventory.yml',
    text,
    schema,
    directory: '/etc/outrigger',
    home: '/home/me',
  });

const minimal = `
apiVersion: outrigger/v1
cluster: { name: prod }
clusterNodes: [{ name: c1, address: 192.0.2.11 }]
`;

describe('files that an inventory names', () => {
  const text = `${minimal}connection: { identityFile: ~/.ssh/id, knownHostsFile: known_hosts }
groups: { compute: { connection: { identityFile: ../keys/cloud } } }
authentication: { authkey: { file: /etc/authkey } }
remoteNodes: [{ name: r1, address: 192.0.2.21, group: compute }]
`;

  it('are named with absolute paths', () => {
    const { spec, files } = read(text);
    assert.deepEqual(
      files.map(({ kind, path }) => [kind, path]),
      [
        ['identity', '/home/me/.ssh/id'],
        ['known-hosts', '/etc/outrigger/known_hosts'],
        ['identity', '/etc/keys/cloud'],
        ['authkey', '/etc/authkey'],
      ],
    );
    assert.equal(spec?.remoteNodes[0]?.connection.identityFile, '/etc/keys/cloud');
    assert.deepEqual(spec.authentication, {
      method: 'psk',
      isStated: true,
      authkey: { kind: 'file', path: '/etc/authkey', at: 'inventory.yml:7:28' },
    });
  });

  it('are not judged while nobody has looked at them', () => {
    assert.deepEqual(read(text).diagnoseFiles(new Map()), []);
  });

  it('are faulty when missing, empty or readable by others', () => {
    const found = read(text).diagnoseFiles(
      new Map([
        ['/home/me/.ssh/id', { exists: true, isFile: true, mode: 0o100644, size: 411 }],
        ['/etc/outrigger/known_hosts', { exists: true, isFile: true, mode: 0o100644, size: 0 }],
        ['/etc/keys/cloud', { exists: false }],
        ['/etc/authkey', { exists: true, isFile: true, mode: 0o100600, size: 0 }],
      ]),
    );
    assert.deepEqual(
      found.map(({ line, column, code, message }) => [line, column, code, message]),
      [
        [
          5,
          29,
          'exposed-file',
          'the private key /home/me/.ssh/id is accessible to other users (mode 0644)',
        ],
        [6, 50, 'missing-file', 'the private key /etc/keys/cloud does not exist'],
        [7, 36, 'empty-file', 'the authkey /etc/authkey is empty'],
      ],
    );
  });
});
