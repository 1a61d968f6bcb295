/**
 * Connected nodes change from the authkey to certificates, back, and to another authkey. Two clusters at the same time take
 * different ways, one with fencing and one without; full/credential-kills.story.ts takes all ways in both.
 */
import assert from 'node:assert/strict';
import { inOrder } from '../../support/in-order.ts';
import {
  certificateFiles,
  certificatesUsed,
  connectedClusters,
  keepEnvironment,
  keysOn,
  quietly,
  sideBySide,
  type CredentialCluster,
} from '../credential-cluster.ts';
import { labDown } from '../lab.ts';
import { applied, outrigger, plan } from '../outrigger.ts';
import { isRestartOfPacemaker, killedAt, startRun } from '../story-run.ts';
import { assertNothingBegun } from '../unwritable.ts';

const LABS = [
  { name: 'story-credentials', fencing: true, bareHosts: 1 },
  { name: 'story-credentials-off', fencing: false, bareHosts: 1 },
] as const;

const CONVERT = ['--allow', 'credentials-converted'];

describe('credentials of connected nodes', function () {
  inOrder(this); // each step stands on the one before
  let clusters: CredentialCluster[] = [];

  before(async function () {
    clusters = await connectedClusters(this, LABS);
  });

  after(async () => {
    for (const { name } of LABS) await labDown(name);
  });

  type Work = (cluster: CredentialCluster) => Promise<void>;

  const inBoth = (fencing: Work, off: Work): Promise<void> =>
    sideBySide(clusters, (cluster) => (cluster === clusters[0] ? fencing(cluster) : off(cluster)));

  const convert: Work = async ({ lab, withCertificates }) => {
    await quietly(lab, withCertificates, async () => {
      await applied(lab, 0, ['-i', withCertificates, ...CONVERT]);
    });
    await hasCertificates(lab);
  };

  const hasCertificates = async (lab: CredentialCluster['lab']): Promise<void> => {
    assert.deepEqual(await certificatesUsed(lab), ['4', '4', '4', '4']);
    assert.deepEqual(await keysOn(lab), ['', '', '', '']);
  };

  const isRolledBack: Work = async ({ lab, withKey, withCertificates }) => {
    await quietly(lab, withKey, async () => {
      const repair = await keepEnvironment(lab, 'c2');
      const { failures, lines } = await applied(lab, 4, ['-i', withCertificates, ...CONVERT]);
      assert.match(failures['c2'] ?? '', /all changes were rolled back/);
      await repair();
      // Pacemaker on a cluster node had been restarted with certificates by then.
      const restarts = lines.filter(
        (line) => line.type === 'action' && line.action === 'restart-pacemaker',
      );
      assert.equal(restarts.length, 2);
      const { changes } = await plan(lab, withKey);
      assert.deepEqual(new Set(changes.map(({ item }) => item)), new Set(['certificate-removed']));
      await applied(lab, 0, ['-i', withKey]);
    });
  };

  it('are not converted without the word for the risk', async () => {
    await inBoth(
      async ({ lab, withCertificates }) => {
        const { risks, changes } = await plan(lab, withCertificates);
        assert.deepEqual(risks, [
          { ...risks[0], code: 'credentials-converted', subjects: ['g1', 'h1'] },
        ]);
        assert.ok(changes.some(({ host, restart }) => host === 'c1' && restart !== 'none'));
        await applied(lab, 5, ['-i', withCertificates]);
      },
      async () => Promise.resolve(),
    );
  });

  it('are what they were after a conversion that failed (fencing), and are converted (no fencing)', async () => {
    await inBoth(isRolledBack, convert);
  });

  it('are converted although the run dies in between (fencing), and converted back (no fencing)', async () => {
    await inBoth(
      async ({ lab, withCertificates }) => {
        await quietly(lab, withCertificates, async () => {
          const args = ['apply', '-i', withCertificates, ...CONVERT];
          await killedAt(lab, args, (line) => isRestartOfPacemaker(line));
          await applied(lab, 0, args.slice(1));
        });
        await hasCertificates(lab);
      },
      async ({ lab, withKey }) => {
        await quietly(lab, withKey, async () => {
          await applied(lab, 0, ['-i', withKey, ...CONVERT]);
        });
        assert.deepEqual(await certificatesUsed(lab), ['0', '0', '0', '0']);
        assert.deepEqual(await certificateFiles(lab), ['', '', '', '']);
        assert.equal(new Set(await keysOn(lab)).size, 1);
      },
    );
  });

  it('are not begun to be rotated where a cluster node cannot write; then are, although the run dies in between (no fencing)', async () => {
    await inBoth(
      async () => Promise.resolve(),
      async ({ lab, withKey }) => {
        await quietly(lab, withKey, () => assertNothingBegun(lab, withKey));
        const [old] = await keysOn(lab);
        await lab.sh('c2', 'cp -p /etc/pacemaker/authkey /root/key-before');
        await quietly(lab, withKey, async () => {
          // One cluster node has the new key, the other one and the nodes have not.
          await killedAt(
            lab,
            ['rotate', 'authkey', '-i', withKey],
            (line) => line.type === 'action' && line.host === 'c2' && line.item === 'authkey',
          );
          // It may have been written before the run was dead.
          await lab.sh('c2', 'cp -p /root/key-before /etc/pacemaker/authkey');
          const args = ['rotate', 'authkey', '--yes', '-i', withKey];
          const { code, stderr } = await outrigger(lab, [
            ...args,
            '--allow',
            'cluster-keys-differ',
          ]);
          assert.equal(code, 3, stderr);
          assert.match(stderr, /^no new authkey was created: /m);
        });
        const keys = await keysOn(lab);
        assert.equal(new Set(keys).size, 1);
        assert.notEqual(keys[0], old);
      },
    );
  });

  it('are rotated although the query node gives no answer any more in the middle (no fencing)', async () => {
    await inBoth(
      async () => Promise.resolve(),
      async ({ lab, withKey }) => {
        const [old] = await keysOn(lab);
        await quietly(lab, withKey, async () => {
          const { ended, lines } = startRun(lab, ['rotate', 'authkey', '-i', withKey], (line) => {
            if (line.type === 'action' && line.action === 'start-service' && line.host === 'h1')
              void lab.block('control', 'c1', 22);
          });
          const { code, stderr } = await ended;
          await lab.unblock('control', 'c1', 22);
          assert.equal(code, 0, stderr + JSON.stringify(lines, null, 1));
          const moves = lines.flatMap((line) =>
            line.type === 'query-node-changed' ? [[line.from, line.to]] : [],
          );
          assert.deepEqual(moves, [['c1', 'c2']]);
          assert.match(stderr, /the query node c1 is lost \(.*\): the run continues through c2/);
          assert.doesNotMatch(await lab.sh('c1', 'cibadmin --query'), /outrigger-lock/);
        });
        const keys = new Set(await keysOn(lab));
        assert.ok(keys.size === 1 && !keys.has(old ?? ''));
      },
    );
  });
});
