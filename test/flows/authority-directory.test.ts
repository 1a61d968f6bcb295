import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { reveal } from '../../src/support/secret.ts';
import { DAY_MS } from '../../src/credentials/x509/time-left.ts';
import { NODES, PASSPHRASE, useAuthority } from '../support/own-authority.ts';

describe("the directory of outrigger's own authority", () => {
  const at = useAuthority();
  const { load, asking, make, refused } = at;

  it('a CA is for one cluster only, also where its directory does not say for which', async () => {
    await make();
    const file = join(at.directory, 'cluster');
    const said = '^the CA /pki/ca belongs to cluster prod, but this cluster is other$';
    assert.match(await refused(load({ cluster: 'other' })), new RegExp(said));
    unlinkSync(file);
    assert.match(await refused(load({ cluster: 'other' })), new RegExp(said));
    await make({ renewed: ['r1'] });
    assert.equal(readFileSync(file, 'utf8'), 'prod\n', 'it is written with what is signed next');
    writeFileSync(file, 'other\n');
    assert.equal(
      (await load({ cluster: 'other' })).pending,
      undefined,
      'a cluster with a new name',
    );
    assert.match(await refused(load()), /belongs to cluster other, but this cluster is prod$/);
  });

  it('holds its list against what is in use also when another run has made it', async () => {
    const { contentOf } = await make();
    const old = new X509Certificate(reveal(contentOf('r1', 'certificate')));
    await make({ renewed: ['r1'] });
    const made = await make({ revoked: [old.serialNumber] });
    const later = await load();
    for (const { list } of [made, later]) {
      assert.equal(list?.count, 1);
      assert.ok(list.revokes(old));
      const now = new X509Certificate(list.certificateOf('r1') ?? '');
      assert.equal(list.revokes(now), false);
    }
  });

  it('goes on with what there is while its key lies in a safe', async () => {
    await make();
    renameSync(join(at.directory, 'ca.key'), join(at.folder, 'safe'));
    const now = new Date(Date.now() + 340 * DAY_MS);
    const { pending, desired } = await load({
      now,
      declared: [...NODES, 'r2'],
      nodes: [...NODES, 'r2'],
    });
    assert.equal(pending, undefined);
    assert.deepEqual([...desired.nodes.keys()], NODES);
    assert.ok(desired.expiring.some(({ host }) => host === 'r1'));
    assert.match(
      desired.notes.join('\n'),
      /^the renewal that is due \(c1, c2, r1, the CRL\) needs .*ca\.key: restore it/m,
    );
    const [[host, fault] = assert.fail()] = desired.faults ?? [];
    assert.deepEqual([host, fault.code], ['r2', 'CERTIFICATE_AWAITED']);
    assert.match(
      fault.message,
      /its certificate has not been signed yet, and .*ca\.key does not exist$/,
    );
  });

  it('makes no second key where its own was taken away since the plan', async () => {
    await make();
    const { pending } = await load({ renewed: ['r1'] });
    unlinkSync(join(at.directory, 'ca.key'));
    const because = await refused(pending?.make(asking(PASSPHRASE)) ?? Promise.resolve());
    assert.match(because, /ca\.key: it no longer exists$/);
    assert.equal(existsSync(join(at.directory, 'ca.key')), false);
  });
});
