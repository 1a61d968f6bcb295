import assert from 'node:assert/strict';
import { ownOnHost } from '../../../src/inventory/spec.ts';
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

describe('authentication by certificates', () => {
  const X509 = '{ ca: ca.pem, certificate: "{node}/c.pem", key: "{node}/k", crl: ~/crl.pem }';
  const withMethod = (authentication: string) =>
    read(
      `${minimal}authentication: { ${authentication} }\nremoteNodes: [{ name: "r[1-2]", address: "r[1-2]" }]\n`,
    );

  it('names files, with a certificate and a key for each node', () => {
    const { spec, diagnostics, files } = withMethod(`method: x509, x509: ${X509}`);
    assert.deepEqual(diagnostics, []);
    assert.deepEqual(spec?.authentication, {
      method: 'x509',
      x509: {
        kind: 'files',
        ca: '/etc/outrigger/ca.pem',
        certificatePattern: '/etc/outrigger/{node}/c.pem',
        keyPattern: '/etc/outrigger/{node}/k',
        crl: '/home/me/crl.pem',
        warnBeforeMs: undefined,
        removesAuthkey: false,
      },
    });
    assert.deepEqual(
      files.map(({ kind, path }) => `${kind} ${path}`),
      [
        'ca /etc/outrigger/ca.pem',
        ...['c1', 'r1', 'r2'].map((node) => `certificate /etc/outrigger/${node}/c.pem`),
        ...['c1', 'r1', 'r2'].map((node) => `certificate-key /etc/outrigger/${node}/k`),
        'crl /home/me/crl.pem',
      ],
    );
  });

  it('may be on the hosts already, at a path for each node or at the same for all', () => {
    const paths = 'ca: /etc/pki/ca.pem, certificate: "/etc/pki/{node}.pem", key: /etc/pki/host.key';
    const { spec, diagnostics, files } = withMethod(
      `method: x509, x509: { onHosts: { ${paths} }, removeAuthkey: true }`,
    );
    assert.deepEqual(diagnostics, []);
    assert.deepEqual(files, [], 'no file of this machine is named');
    assert.ok(spec);
    assert.deepEqual(ownOnHost(spec.authentication, 'r1'), {
      ca: '/etc/pki/ca.pem',
      certificate: '/etc/pki/r1.pem',
      key: '/etc/pki/host.key',
      crl: undefined,
    });
  });

  it('may be for keys that are made on the hosts, signed by a program or by hand', () => {
    const signingOf = (how: string) => {
      const x509 = `{ ca: ca.pem, certificate: "{node}.pem", ${how} }`;
      const { spec, diagnostics, files } = withMethod(`method: x509, x509: ${x509}`);
      assert.deepEqual(diagnostics, []);
      assert.deepEqual(
        files.map(({ path }) => path),
        ['/etc/outrigger/ca.pem'],
        'certificates may have still to come',
      );
      assert.ok(spec?.authentication.method === 'x509');
      assert.ok(spec.authentication.x509.kind === 'requests');
      assert.equal(ownOnHost(spec.authentication, 'r1'), 'keys');
      return spec.authentication.x509;
    };
    const { signing, renewBeforeMs } = signingOf('sign: [pki/sign, -p, x/y], renewBefore: 2d');
    assert.deepEqual(signing, { by: 'program', argv: ['/etc/outrigger/pki/sign', '-p', 'x/y'] });
    assert.equal(renewBeforeMs, 2 * 24 * 3_600_000);
    assert.deepEqual(signingOf('request: "~/{node}.csr"').signing, {
      by: 'hand',
      requestPattern: '/home/me/{node}.csr',
    });
  });

  for (const path of [
    'pki/ca.pem',
    '~/ca.pem',
    '/etc/../ca.pem',
    '/etc//ca.pem',
    '/a b',
    '/$(id)',
    '/a\\nb',
    '/',
  ]) {
    it(`does not take ${JSON.stringify(path)} for a path on hosts`, () => {
      const onHosts = `{ ca: ${JSON.stringify(path)}, certificate: /c, key: /k }`;
      const { diagnostics } = withMethod(`method: x509, x509: { onHosts: ${onHosts} }`);
      assert.deepEqual(
        diagnostics.map(({ code, expected }) => [code, expected?.startsWith('an absolute path')]),
        [['wrong-value', true]],
      );
    });
  }

  it('does not let others read a key', () => {
    const { files, diagnoseFiles } = withMethod(`method: x509, x509: ${X509}`);
    const facts = { exists: true, isFile: true, mode: 0o644, size: 9 } as const;
    const found = diagnoseFiles(new Map(files.map(({ path }) => [path, facts])));
    assert.deepEqual(
      found.map(({ code, message }) => [code, /the key of the certificate \S+/.exec(message)?.[0]]),
      ['c1', 'r1', 'r2'].map((node) => [
        'exposed-file',
        `the key of the certificate /etc/outrigger/${node}/k`,
      ]),
    );
  });

  for (const [what, authentication, code] of [
    ['without files', 'method: x509', 'missing-key'],
    [
      'with one key for all',
      'method: x509, x509: { ca: a, certificate: "{node}", key: k }',
      'wrong-value',
    ],
    [
      'with an authkey as well',
      `method: x509, x509: ${X509}, authkey: { source: cluster }`,
      'no-effect',
    ],
    [
      'with files of both sides',
      'method: x509, x509: { ca: a, crl: b, onHosts: { ca: /a, certificate: /c, key: /k } }',
      'conflicting-keys conflicting-keys',
    ],
    ['without a key', 'method: x509, x509: { ca: a, certificate: "{node}" }', 'missing-key'],
    [
      'with two who sign',
      'method: x509, x509: { ca: a, certificate: "{node}", sign: [a], request: "{node}", key: "{node}" }',
      'conflicting-keys conflicting-keys',
    ],
    ['without a CA', 'method: x509, x509: { sign: [a] }', 'missing-key missing-key'],
    [
      'without a key on the hosts',
      'method: x509, x509: { onHosts: { ca: /a, certificate: /c } }',
      'missing-key',
    ],
    [
      'with files on the hosts where outrigger puts its own',
      'method: x509, x509: { onHosts: { ca: /a, certificate: /c, key: /etc/pacemaker/x509-key.pem } }',
      'wrong-value',
    ],
    ['while the authkey is used', `x509: ${X509}`, 'no-effect'],
  ] as const) {
    it(`is told of ${what}`, () => {
      assert.deepEqual(
        withMethod(authentication).diagnostics.map((found) => found.code),
        code.split(' '),
      );
    });
  }
});
