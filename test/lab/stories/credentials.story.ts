/** Connected nodes change from the authkey to certificates, back, and to another authkey; fencing on and off. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { inOrder } from '../../support/in-order.ts';
import { labDown, labUp } from '../lab.ts';
import type { Lab } from '../lab.ts';
import {
  applied,
  argvOf,
  assertInSync,
  assertQuiet,
  environmentIn,
  isStarted,
  plan,
  settled,
  writeInventory,
} from '../outrigger.ts';
import { makePki, type Pki } from '../pki.ts';
import { assertNothingLeft, skipWithoutLab, startApply } from '../story-run.ts';
import { photograph, startOn } from '../workload.ts';

const LABS = [
  { name: 'story-credentials', fencing: true },
  { name: 'story-credentials-off', fencing: false },
];

const HOSTS = ['c1', 'c2', 'h1', 'v1'];
const CONVERT = ['--allow', 'credentials-converted'];

/** How many variables for certificates Pacemaker on a host was started with. */
const STARTED_WITH =
  "for u in pacemaker pacemaker_remote; do p=$(systemctl show -p MainPID --value $u); [ $p -gt 0 ] && tr '\\0' '\\n' </proc/$p/environ | grep -c '^PCMK_[a-z]*_file='; done; true";

describe('credentials of connected nodes', function () {
  this.timeout(420_000); // several times what a quiet machine takes
  inOrder(this); // each step stands on the one before
  const labs: { lab: Lab; pki: Pki }[] = [];

  const withKey = (lab: Lab): string =>
    writeInventory(lab, { ...nodes, authentication: { method: 'psk' } });
  const withCertificates = (lab: Lab, pki: Pki): string =>
    writeInventory(lab, { ...nodes, authentication: pki.authentication });
  const nodes = {
    remoteNodes: [{ name: 'h1', host: 'h1' }],
    guestNodes: [{ name: 'g1', host: 'v1', resource: 'vm-v1', connectTimeout: '10s' }],
  };

  before(async function () {
    this.timeout(20 * 60_000); // the images may have to be built first
    skipWithoutLab(this);
    // One after the other: the first may have to build the images.
    for (const { name, fencing } of LABS) {
      const lab = await labUp({ name, fencing, replace: true, bareHosts: 1, virtualMachines: 1 });
      const pki = await makePki(lab, ['c1', 'c2', 'h1', 'g1']);
      labs.push({ lab, pki });
    }
    await each(async (lab) => {
      await lab.sh('c1', 'crm_attribute --type rsc_defaults -n resource-stickiness -v 1000');
      await applied(lab, 0, ['-i', withKey(lab), '--allow', 'guest-joins']);
      await startOn(lab, 'd1', 'h1');
      await startOn(lab, 'd2', 'g1');
      await startOn(lab, 'd3', 'c1');
      await startOn(lab, 'd4', 'c2');
      await lab.clearPowerLog();
    });
  });

  after(async () => {
    for (const { name } of LABS) await labDown(name);
  });

  const each = async (work: (lab: Lab, pki: Pki) => Promise<void>): Promise<void> => {
    const done = await Promise.allSettled(labs.map(({ lab, pki }) => work(lab, pki)));
    const failed = done.flatMap((result, index) =>
      result.status === 'rejected'
        ? [
            `${labs[index]?.lab.name ?? ''}: ${result.reason instanceof Error ? (result.reason.stack ?? '') : String(result.reason)}`,
          ]
        : [],
    );
    assert.equal(failed.length, 0, failed.join('\n\n'));
  };

  /** Does something to the cluster that no resource notices. */
  async function quietly(lab: Lab, inventory: string, work: () => Promise<void>): Promise<void> {
    const before = await photograph(lab);
    await work();
    await settled(lab);
    assert.ok(await isStarted(lab, 'h1'));
    assert.ok(await isStarted(lab, 'g1'));
    assert.deepEqual(await photograph(lab), before);
    assert.deepEqual(await lab.powerLog(), []);
    await assertQuiet(lab);
    await assertNothingLeft(lab);
    assert.match(await lab.crmMon(), /maintenance-mode="false"/);
    await assertInSync(lab, inventory);
  }

  const usedOn = async (lab: Lab): Promise<string[]> =>
    Promise.all(HOSTS.map(async (host) => (await lab.sh(host, STARTED_WITH)).trim()));
  const keysOn = async (lab: Lab): Promise<string[]> =>
    Promise.all(
      HOSTS.map(async (host) =>
        (await lab.sh(host, 'sha256sum </etc/pacemaker/authkey 2>/dev/null; true')).slice(0, 64),
      ),
    );

  it('are not converted without the word for the risk', async () => {
    await each(async (lab, pki) => {
      const inventory = withCertificates(lab, pki);
      const { risks, changes } = await plan(lab, inventory);
      assert.deepEqual(risks, [
        { ...risks[0], code: 'credentials-converted', subjects: ['g1', 'h1'] },
      ]);
      assert.ok(changes.some(({ host, restart }) => host === 'c1' && restart !== 'none'));
      await applied(lab, 5, ['-i', inventory]);
    });
  });

  it('are what they were after a conversion that failed', async () => {
    await each(async (lab, pki) => {
      await quietly(lab, withKey(lab), async () => {
        const { failures } = await applied(lab, 4, ['-i', withCertificates(lab, pki), ...CONVERT], {
          when: (line) =>
            line.type === 'action' && line.host === 'c1' && line.action === 'restart-pacemaker',
          meddle: async () => {
            await lab.sh(
              'c2',
              'mount --bind /etc/default /etc/default && mount -o remount,bind,ro /etc/default',
            );
          },
        });
        assert.match(failures['c2'] ?? '', /put back/);
        await lab.sh('c2', 'umount /etc/default');
      });
    });
  });

  it('are converted to certificates, although the run dies in between', async () => {
    await each(async (lab, pki) => {
      const inventory = withCertificates(lab, pki);
      await quietly(lab, inventory, async () => {
        const { ended } = startApply(
          lab,
          inventory,
          (line, child) => {
            if (line.type === 'action' && line.action === 'restart-pacemaker')
              child.kill('SIGKILL');
          },
          CONVERT,
        );
        assert.equal((await ended).signal, 'SIGKILL');
        await applied(lab, 0, ['-i', inventory, ...CONVERT]);
      });
      assert.deepEqual(await usedOn(lab), ['4', '4', '4', '4']);
      assert.deepEqual(await keysOn(lab), ['', '', '', '']);
    });
  });

  it('are converted back to an authkey', async () => {
    await each(async (lab) => {
      const inventory = withKey(lab);
      await quietly(lab, inventory, async () => {
        await applied(lab, 0, ['-i', inventory, ...CONVERT]);
      });
      assert.deepEqual(await usedOn(lab), ['0', '0', '0', '0']);
      assert.equal(new Set(await keysOn(lab)).size, 1);
    });
  });

  it('are rotated to a new authkey, although the run dies in between', async () => {
    await each(async (lab) => {
      const inventory = withKey(lab);
      const [old] = await keysOn(lab);
      await quietly(lab, inventory, async () => {
        const argv = argvOf(['rotate', 'authkey', '--yes', '--json', '-i', inventory]);
        const child = lab.controlSpawn(argv, {
          env: environmentIn(lab),
          stdio: ['ignore', 'pipe', 'pipe'],
        });
        child.stdout?.on('data', (chunk: Buffer) => {
          // One cluster node has the new key, the other one and the nodes have not.
          if (chunk.toString().includes('"host":"c2","item":"authkey","action"'))
            child.kill('SIGKILL');
        });
        await once(child, 'close');
        assert.equal(child.signalCode, 'SIGKILL');
        await applied(lab, 0, ['-i', inventory, '--allow', 'cluster-keys-differ']);
      });
      const keys = await keysOn(lab);
      assert.equal(new Set(keys).size, 1);
      assert.notEqual(keys[0], old);
    });
  });
});
