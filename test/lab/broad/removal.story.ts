/** Nodes leave the cluster and come back: nobody is fenced, nothing else moves, and the CIB is as it was. */
import assert from 'node:assert/strict';
import { inOrder } from '../../support/in-order.ts';
import { labDown, labUp } from '../lab.ts';
import type { Lab } from '../lab.ts';
import {
  applied,
  assertInSync,
  assertQuiet,
  guestOn,
  fenced,
  outrigger,
  plan,
  settled,
  tracesOf,
  writeInventory,
  type WantedInventory,
} from '../outrigger.ts';
import { killedAt, skipWithoutLab } from '../story-run.ts';
import { waitFor } from '../wait.ts';
import { startOn } from '../workload.ts';

const NAME = 'story-removal';
const ALLOW = ['--allow', 'moves-resources'];

describe('removal', function () {
  inOrder(this); // each step stands on the one before
  let lab: Lab;

  before(async function () {
    skipWithoutLab(this);
    lab = await labUp({
      name: NAME,
      replace: true,
      bareHosts: 2,
      firewalld: 1,
      virtualMachines: 1,
    });
    await lab.clearPowerLog();
  });

  after(async () => {
    await labDown(NAME);
  });

  /** Without versions: what was made and taken away again must leave no trace. */
  const configuration = (): Promise<string> =>
    lab.sh('c1', 'cibadmin --query --scope configuration');

  /** h1 and h2 are remote nodes, g1 is the machine v1; those that are named are absent. */
  function inventoryWithout(...absent: readonly string[]): string {
    const state = (name: string) => (absent.includes(name) ? { state: 'absent' } : {});
    const desired: WantedInventory = {
      connectTimeout: '30s', // the machines that tests run on may be busy
      remoteNodes: [
        { name: 'h1', host: 'h1', attributes: { rack: 'a1' }, ...state('h1') },
        { name: 'h2', host: 'h2', ...state('h2') },
      ],
      guestNodes: [{ ...guestOn('v1', 'g1'), ...state('g1') }],
    };
    return writeInventory(lab, desired);
  }

  const startOfMachine = (): Promise<string> => lab.sh('v1', 'stat -c %Y /proc/1');

  /** Nothing that outrigger brought is left on a host, but packages. */
  async function assertClean(host: string): Promise<void> {
    const left = await lab.sh(
      host,
      `ls /etc/pacemaker/authkey 2>/dev/null; systemctl is-enabled pacemaker_remote; systemctl is-active pacemaker_remote
       ! command -v firewall-cmd >/dev/null || firewall-cmd --list-rich-rules; dpkg-query -W -f '\${Package}\\n' pacemaker-remote; true`,
    );
    assert.deepEqual(left.split('\n').filter(Boolean), [
      'disabled',
      'inactive',
      'pacemaker-remote',
    ]);
  }

  /** A removal that dies once the cluster was told to stop the nodes. */
  async function killedOnceStopped(inventory: string): Promise<void> {
    await killedAt(
      lab,
      ['apply', '-i', inventory, ...ALLOW],
      (line) => line.type === 'cib-written' && line.purpose === 'remove-stop',
    );
    await settled(lab);
  }

  it('is of nodes that have joined', async () => {
    const all = ['--batch', '100%', '--allow', 'guest-joins'];
    await applied(lab, 0, ['-i', inventoryWithout(), ...all]);
    await startOn(lab, 'd1', 'h1');
  });

  it('is not begun for many nodes at once without the word for it', async () => {
    const { stderr } = await applied(lab, 5, ['-i', inventoryWithout('h1', 'h2'), ...ALLOW]);
    assert.match(stderr, /--allow removes-many/);
    await assertInSync(lab, inventoryWithout());
  });

  it('takes a remote node out and back, and leaves the CIB as it was', async () => {
    await lab.sh(
      'c1',
      'cibadmin --delete -o constraints --xml-text \'<rsc_location id="d1-prefers"/>\'',
    );
    const before = await configuration();
    await lab.sh(
      'c1',
      'cibadmin --create -o constraints --xml-text \'<rsc_location id="h1-away" rsc="h1" node="c2" score="-5"/>\'',
    );
    const without = inventoryWithout('h1');
    const { code, stdout } = await outrigger(lab, ['drift', '-i', without]);
    assert.equal(code, 2, stdout);
    assert.match(stdout, /h1 +connection-resource/);
    await applied(lab, 0, ['-i', without, ...ALLOW]);
    assert.deepEqual(await tracesOf(lab, 'h1'), []);
    await assertClean('h1');
    await assertInSync(lab, without);
    await applied(lab, 0, ['-i', without]);
    await applied(lab, 0, ['-i', inventoryWithout()]);
    assert.deepEqual((await configuration()).split('\n').sort(), before.split('\n').sort());
    await assertQuiet(lab);
  });

  it('takes a guest node out while its machine goes on', async () => {
    const started = await startOfMachine();
    await startOn(lab, 'd2', 'g1');
    const { risks } = await plan(lab, inventoryWithout('g1'));
    assert.deepEqual(
      risks.map(({ code }) => code),
      ['moves-resources'],
    );
    await applied(lab, 0, ['-i', inventoryWithout('g1'), ...ALLOW]);
    await assertClean('v1');
    assert.equal(await startOfMachine(), started);
    assert.deepEqual(await lab.powerLog(), []);
    await assertQuiet(lab);
  });

  it('is finished by the next run when one is killed in the middle', async () => {
    const without = inventoryWithout('g1', 'h2');
    await killedOnceStopped(without);
    await applied(lab, 0, ['-i', without, ...ALLOW]);
    assert.deepEqual(await tracesOf(lab, 'h2'), []);
    await assertClean('h2');
    await assertInSync(lab, without);
    await assertQuiet(lab);
  });

  it('can be taken back when it was begun and a run was killed', async () => {
    const without = inventoryWithout('g1', 'h2', 'h1');
    await killedOnceStopped(without);
    const with1 = inventoryWithout('g1', 'h2');
    await applied(lab, 0, ['-i', with1, ...ALLOW]);
    await assertInSync(lab, with1);
    await assertQuiet(lab);
  });

  it('takes out a dead host only on the word that it is off', async () => {
    for (const member of ['c1', 'c2']) {
      await lab.sh(
        member,
        'cp /usr/sbin/fence_lab /usr/sbin/fence_lab.good && cat >/usr/sbin/fence_lab && chmod 755 /usr/sbin/fence_lab',
        { stdin: BROKEN },
      );
    }
    await startOn(lab, 'd3', 'h1');
    await lab.power('h1', 'off');
    await waitFor('h1 is unclean, and nobody can fence it', 120_000, async () => {
      const status = await lab.crmMon();
      return /<node name="h1"[^>]* unclean="true"/.test(status) || status;
    });
    // As long as it tries, that it fences h1 is nothing that an edit brings about; afterwards any edit makes it try again.
    await settled(lab);
    const without = inventoryWithout('g1', 'h2', 'h1');
    const { risks } = await plan(lab, without);
    assert.deepEqual(risks.find(({ code }) => code === 'host-is-off')?.subjects, ['h1']);
    // Refused, and incomplete as well: that counts more.
    const { stderr } = await applied(lab, 3, ['-i', without]);
    assert.match(stderr, /--allow host-is-off:h1/);
    assert.notDeepEqual(await tracesOf(lab, 'h1'), []);
    const words = risks.map(({ code }) => (code === 'host-is-off' ? 'host-is-off:h1' : code));
    const allowed = words.flatMap((word) => ['--allow', word]);
    const { stderr: said } = await applied(lab, 3, ['-i', without, ...allowed]);
    assert.deepEqual(await tracesOf(lab, 'h1'), [], said);
    assert.deepEqual(await fenced(lab), []);
  });

  it('cleans a host up that is back', async () => {
    await lab.power('h1', 'on');
    await lab.ready('h1');
    const without = inventoryWithout('g1', 'h2', 'h1');
    await applied(lab, 0, ['-i', without]);
    await assertClean('h1');
    await assertInSync(lab, without);
  });
});

const BROKEN = `#!/bin/sh
asked=$(cat)
case $asked in *action=off* | *action=reboot*) exit 1 ;; esac
printf '%s\\n' "$asked" | /usr/sbin/fence_lab.good "$@"
`;
