/** Rights with which a cluster works are no difference, so that a plan after an import is empty. */
import assert from 'node:assert/strict';
import { importCluster } from '../../src/flows/import-cluster.ts';
import { planCluster } from '../../src/flows/plan/plan-cluster.ts';
import type { ExecRequest } from '../../src/host/host.ts';
import { changeCount } from '../../src/model/plan.ts';
import { apply, planOf, requestOf, useStateFolder } from '../support/apply-lab.ts';
import { FakeLab } from '../support/fake-lab.ts';
import { replyTo } from '../support/replies.ts';
import { specOf } from '../unit/import/clusters.ts';

const KEY = '/etc/pacemaker/authkey';
const COROSYNC = `nodelist.node.0.nodeid (u32) = 1
nodelist.node.0.ring0_addr (str) = c1
nodelist.node.1.nodeid (u32) = 2
nodelist.node.1.ring0_addr (str) = c2
totem.cluster_name (str) = prod`;

/** Owner, group and mode of the key, and the mode of the directory in which it is. */
interface Odd {
  readonly rights: string;
  readonly directory: string;
}

describe('an authkey with other rights than ours', () => {
  useStateFolder();

  const giveRights = async (lab: FakeLab, host: string, { rights, directory }: Odd) => {
    const digest = (await planOf(lab)).facts.clusterNodes.get('c1')?.authkey.digest ?? '';
    lab.change(host, 'authkey', `path=${KEY}\ndigest=${digest}\nrights=${rights} 1`);
    const reach = ['authkey named', 'authkey real'].map((word) => `${word} ${KEY}`);
    const above = `authkey above root haclient ${directory} /etc/pacemaker`;
    lab.change(
      host,
      'reach',
      [...reach, above, `reads ${KEY}`, 'passes /etc/pacemaker'].join('\n'),
    );
  };

  const changesWith = async (host: string, rights: string, directory: string) => {
    const lab = new FakeLab(['h1']);
    await apply(lab);
    await giveRights(lab, host, { rights, directory });
    return changeCount((await planOf(lab)).plan);
  };

  /** What a plan would change of the inventory that `import` has written of the same hosts. */
  const changesAfterImport = async (rights: Readonly<Record<string, Odd>>) => {
    const said = (request: ExecRequest): string =>
      replyTo(
        request,
        `@NONCE uname\nc1\n\n@NONCE corosync\n${COROSYNC}\n\n@NONCE environment\n\n@NONCE cib\n${lab.cibText()}\n@NONCE end\n`,
      );
    const lab: FakeLab = new FakeLab(['h1'], { c1: { answers: { 'read-import': said } } });
    await apply(lab);
    for (const [host, odd] of Object.entries(rights)) await giveRights(lab, host, odd);
    const asked = { address: 'c1', connection: { become: 'sudo' } } as const;
    const { signal } = new AbortController();
    const spec = specOf(await importCluster(asked, lab.network.connect, signal));
    lab.host('c1').isClosed = false;
    assert.deepEqual(
      [spec.clusterNodes, spec.remoteNodes].map((nodes) => nodes.map(({ name }) => name)),
      [['c1', 'c2'], ['h1']],
    );
    const { plan, hosts } = await planCluster({ ...requestOf(lab), spec, selected: spec });
    await Promise.all([...hosts.values()].map((host) => host.close()));
    assert.deepEqual(plan.problems, []);
    return changeCount(plan);
  };

  it('is no change for a plan of what import has written', async () => {
    const closed = { rights: 'root root 644', directory: '750' };
    assert.equal(await changesAfterImport({ c1: closed, c2: closed }), 0);
    assert.equal(
      await changesAfterImport({ h1: { rights: 'root root 400', directory: '755' } }),
      0,
    );
    assert.equal(
      await changesAfterImport({ h1: { rights: 'root root 644', directory: '755' } }),
      1,
    );
  });

  it('is no change where others cannot pass its directory', async () => {
    for (const host of ['c1', 'h1'])
      assert.equal(await changesWith(host, 'root root 644', '750'), 0, host);
  });

  it('is no change where the daemon is root and so is its owner', async () => {
    assert.equal(await changesWith('h1', 'root root 400', '755'), 0);
  });

  it('is one where everybody can read it', async () => {
    assert.equal(await changesWith('h1', 'root root 644', '755'), 1);
  });
});
