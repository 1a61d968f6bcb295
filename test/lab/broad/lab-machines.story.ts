/** Proves the lab's virtual machines: what the stories of guest nodes rely on without looking. */
import assert from 'node:assert/strict';
import { inOrder } from '../../support/in-order.ts';
import { labDown, labUp } from '../lab.ts';
import type { Lab } from '../lab.ts';
import { settled } from '../outrigger.ts';
import { skipWithoutLab } from '../story-run.ts';
import { waitFor } from '../wait.ts';

const NAME = 'story-machines';
const AGENT = 'OCF_ROOT=/usr/lib/ocf OCF_RESKEY_host=v1 /usr/lib/ocf/resource.d/lab/VirtualMachine';

describe('the virtual machines of the lab', function () {
  inOrder(this); // each step stands on the one before
  let lab: Lab;

  before(async function () {
    skipWithoutLab(this);
    lab = await labUp({ name: NAME, bareHosts: 0, virtualMachines: 1, replace: true });
  });

  after(async () => {
    await labDown(NAME);
  });

  const owner = (): string => lab.ownerOf('v1') ?? assert.fail('nobody runs v1');
  const other = (): string => (owner() === 'c1' ? 'c2' : 'c1');
  const bornAt = () => lab.sh('v1', "awk '{print $22}' /proc/1/stat");
  const runsOn = async (node: string): Promise<true | string> => {
    const mon = await lab.crmMon();
    const at = /<resource id="vm-v1" [^>]*role="Started"[^>]*>\s*<node name="(\w+)"/.exec(mon)?.[1];
    return at === node || `vm-v1 is on ${at ?? 'nobody'}`;
  };
  const switches = async (): Promise<string[]> => {
    const events = await lab.powerLog();
    await lab.clearPowerLog();
    return events.map(({ action, target, by, from }) => `${action} ${target} (${by}, ${from})`);
  };

  it('are started by Pacemaker on one cluster node, and by nobody else', async () => {
    assert.equal(await runsOn(owner()), true);
    assert.deepEqual(await switches(), [`on v1 (agent, ${owner()})`]);
    assert.equal(lab.boots('v1'), 1);
    assert.equal(await lab.sh('v1', 'hostname'), 'v1\n');
  });

  it('are running for their owner alone, and start nowhere a second time', async () => {
    assert.equal((await lab.exec(owner(), `${AGENT} monitor`)).code, 0);
    assert.equal((await lab.exec(other(), `${AGENT} monitor`)).code, 7);
    const second = await lab.exec(other(), `${AGENT} start`);
    assert.deepEqual(
      [second.code, second.stderr],
      [1, `start v1: it runs on ${owner()} already\n`],
    );
    assert.equal((await lab.exec(other(), `${AGENT} stop`)).code, 0);
    assert.deepEqual([lab.isOn('v1'), lab.boots('v1')], [true, 1]);
  });

  it('are off when stopped, and up with the disk they had when started', async () => {
    await lab.clearPowerLog();
    await lab.sh('v1', 'echo kept >/root/kept');
    const target = (role: string) =>
      lab.sh('c1', `crm_resource -r vm-v1 --meta -p target-role -v ${role} && crm_resource --wait`);
    const node = owner();
    await target('Stopped');
    assert.deepEqual([lab.isOn('v1'), lab.ownerOf('v1')], [false, undefined]);
    assert.equal((await lab.exec(node, `${AGENT} monitor`)).code, 7);
    await target('Started');
    assert.equal(
      await lab.sh('v1', 'cat /root/kept; test -e /run/nologin || echo up'),
      'kept\nup\n',
    );
    assert.deepEqual(await switches(), [`off v1 (agent, ${node})`, `on v1 (agent, ${owner()})`]);
  });

  it('are started again when they died', async () => {
    const [born, node] = [await bornAt(), owner()];
    await lab.power('v1', 'off');
    await waitFor('v1 is on again', 30_000, () => lab.isOn('v1') || 'off');
    await settled(lab);
    assert.notEqual(await bornAt(), born);
    assert.deepEqual(await switches(), ['off v1 (operator, control)', `on v1 (agent, ${node})`]);
  });

  it('move by a stop and a start', async () => {
    const [from, to] = [owner(), other()];
    await lab.sh('c1', `crm_resource --move -r vm-v1 --node ${to} && crm_resource --wait`);
    assert.equal(await runsOn(to), true);
    assert.deepEqual(await switches(), [`off v1 (agent, ${from})`, `on v1 (agent, ${to})`]);
    await lab.sh('c1', 'crm_resource --clear -r vm-v1 && crm_resource --wait');
  });

  it('move alive where that is allowed', async () => {
    const [born, to] = [await bornAt(), other()];
    await lab.sh('c1', 'crm_resource -r vm-v1 --meta -p allow-migrate -v true');
    await lab.sh('c1', `crm_resource --move -r vm-v1 --node ${to} && crm_resource --wait`);
    assert.deepEqual([await runsOn(to), owner()], [true, to]);
    assert.deepEqual([await switches(), await bornAt()], [[], born]);
    await lab.sh('c1', 'crm_resource --clear -r vm-v1 && crm_resource --wait');
  });

  it('die with their owner when it is fenced, and live again elsewhere', async () => {
    const [from, to] = [owner(), other()];
    await lab.sh(from, 'systemctl kill --signal=KILL corosync');
    await waitFor('v1 runs elsewhere', 60_000, () => runsOn(to));
    assert.deepEqual(await switches(), [
      `reboot ${from} (fencing, ${to})`,
      `off v1 (owner, ${from})`,
      `on v1 (agent, ${to})`,
    ]);
    assert.deepEqual([owner(), await lab.sh('v1', 'cat /root/kept')], [to, 'kept\n']);
    await lab.ready(from);
  });

  it('are off, and seeded anew, after a reset', async () => {
    await lab.reset();
    assert.equal(lab.boots('v1'), 1);
    assert.notEqual((await lab.exec('v1', 'test -e /root/kept')).code, 0);
    assert.deepEqual(await switches(), [`on v1 (agent, ${owner()})`]);
  });
});
