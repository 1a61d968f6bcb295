import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { filesIn } from '../../support/authority-files.ts';
import { inDays, issue, makeAuthority, NOW } from '../../support/pki.ts';
import { loadCertificates } from '../../../src/credential-sources/load-certificates.ts';
import type { X509Spec } from '../../../src/inventory/spec.ts';
import { OutriggerError } from '../../../src/support/errors.ts';
import { reveal } from '../../../src/support/secret.ts';

describe('the certificates of an inventory', () => {
  let folder = '';
  let spec: X509Spec;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'outrigger-pki-'));
    const authority = await makeAuthority();
    writeFileSync(join(folder, 'ca.pem'), authority.pem);
    for (const [name, notAfter] of [
      ['c1', inDays(90)],
      ['r1', inDays(200)],
      ['old', inDays(-0.5)],
    ] as const) {
      const { pem, key } = await issue({ name, notAfter }, authority);
      writeFileSync(join(folder, `${name}.pem`), pem);
      writeFileSync(join(folder, `${name}.key`), key);
    }
    spec = filesIn(folder);
  });

  after(() => {
    rmSync(folder, { recursive: true });
  });

  it('are wanted by digest and told by fingerprint; of a key nothing is told', async () => {
    const { desired, contentOf } = await loadCertificates(spec, ['c1', 'r1'], NOW);
    const files = desired.nodes.get('r1')?.files;
    assert.deepEqual(Object.keys(files ?? {}), ['ca', 'certificate', 'key']);
    const key = createHash('sha256')
      .update(reveal(contentOf('r1', 'key')))
      .digest('hex');
    assert.equal(files?.key?.digest, key);
    assert.equal(files.key.description, 'the key of its certificate');
    assert.match(
      files.certificate?.description ?? '',
      /^CN=r1, until 2030-12-18, sha256 ([0-9A-F]{2}:){7}[0-9A-F]{2}…$/,
    );
    assert.deepEqual(desired.nodes.get('r1')?.variables, {
      PCMK_ca_file: '/etc/pacemaker/x509-ca.pem',
      PCMK_cert_file: '/etc/pacemaker/x509-cert.pem',
      PCMK_key_file: '/etc/pacemaker/x509-key.pem',
      PCMK_crl_file: '',
    });
    assert.deepEqual(desired.validity, { now: NOW, from: inDays(-1), until: inDays(90) });
  });

  const refused = async (wrong: Partial<X509Spec>, nodes: readonly string[]): Promise<string> => {
    try {
      await loadCertificates({ ...spec, ...wrong }, nodes, NOW);
    } catch (thrown) {
      assert.ok(thrown instanceof OutriggerError && thrown.code === 'INPUT_INVALID');
      return thrown.message.replaceAll(folder, '');
    }
    return assert.fail('it was not refused');
  };

  it('are refused with one line for each fault', async () => {
    assert.equal(
      await refused({}, ['c1', 'old']),
      'the certificates cannot be used: /old.pem: CN=old expired on 2030-06-01',
    );
    assert.equal(
      (await refused({ keyPattern: join(folder, 'c1.key') }, ['r1', 'old'])).split('\n').length,
      4,
      'a heading, two keys of others, one that expired',
    );
  });

  it('are refused when a file is missing', async () => {
    assert.match(
      await refused({}, ['nobody']),
      /^cannot read \/nobody\.pem: no such file or directory \(ENOENT\)$/,
    );
  });
});
