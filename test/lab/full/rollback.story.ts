/** A host loses its power while all change from the authkey to certificates: everything else is as it was, and goes on. */
import assert from 'node:assert/strict';
import { inOrder } from '../../support/in-order.ts';
import {
  assertHeldIsOnly,
  certificatesUsed,
  connectedCluster,
  type CredentialCluster,
} from '../credential-cluster.ts';
import { labDown } from '../lab.ts';
import { applied, assertInSync, isStarted, settled } from '../outrigger.ts';
import { assertNothingLeft, startRun } from '../story-run.ts';
import { photograph } from '../workload.ts';

const NAME = 'story-rollback';
const CONVERT = ['--allow', 'credentials-converted'];

describe('a host that fails while credentials are converted', function () {
  inOrder(this); // each step stands on the one before
  let cluster: CredentialCluster;
  let photo: Awaited<ReturnType<typeof photograph>>;

  before(async function () {
    // Without fencing a host that is switched off stays so.
    cluster = await connectedCluster(this, { name: NAME, fencing: false, bareHosts: 2 });
    photo = await photograph(cluster.lab);
  });

  after(() => labDown(NAME));

  it('is all that is left when everything is rolled back', async () => {
    const { lab, withCertificates } = cluster;
    let off: Promise<unknown> | undefined;
    const { ended, lines } = startRun(
      lab,
      ['apply', '-i', withCertificates, ...CONVERT],
      (line) => {
        if (line.type === 'cib-written' && line.purpose === 'enter-maintenance')
          off ??= lab.power('h2', 'off');
      },
    );
    const { code, stderr } = await ended;
    await off;
    const said = stderr + lines.map((line) => JSON.stringify(line)).join('\n');
    assert.equal(code, 4, said);
    assert.match(said, /the rollback failed: h2: /);
    assert.match(said, /make h2 reachable, then apply again/);
    await settled(lab);
    assert.match(await lab.crmMon(), /maintenance-mode="false"/);
    await assertHeldIsOnly(lab, 'h2');
    for (const name of ['h1', 'g1']) assert.ok(await isStarted(lab, name), name);
  });

  it('keeps the next conversion from beginning, and nothing else', async () => {
    const { lab, withKey, withCertificates } = cluster;
    await applied(lab, 5, ['-i', withCertificates, ...CONVERT]);
    await applied(lab, 3, ['-i', withKey]);
    await assertHeldIsOnly(lab, 'h2');
  });

  it('is converted with all the others once it is back', async () => {
    const { lab, withCertificates } = cluster;
    await lab.power('h2', 'on');
    await lab.ready('h2');
    await applied(lab, 0, ['-i', withCertificates, ...CONVERT]);
    await settled(lab);
    for (const name of ['h1', 'h2', 'g1']) assert.ok(await isStarted(lab, name), name);
    assert.deepEqual(new Set(await certificatesUsed(lab)), new Set(['4']));
    assert.deepEqual(await photograph(lab), photo);
    await assertNothingLeft(lab);
    await assertInSync(lab, withCertificates);
  });
});
