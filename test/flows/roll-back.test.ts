import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mock } from 'node:test';
import type { AuthenticationSpec } from '../../src/inventory/spec.ts';
import { useStateFolder, type Applied, type Run } from '../support/apply-lab.ts';
import { authenticationIn, putAuthority } from '../support/authority-files.ts';
import type { FakeLab } from '../support/fake-lab.ts';

/**
 * The program as its own late imports see it, the fakes included: mocha loads the files of tests in another way, which
 * makes two of each module.
 */
const program = async () => ({
  ...(await import('../support/fake-lab.ts')),
  ...(await import('../support/apply-lab.ts')),
  ...(await import('../../src/pacemaker/cib/cib.ts')),
});

describe('a conversion to certificates that fails', function () {
  this.timeout(60_000);
  useStateFolder();
  let folder = '';
  let authentication: AuthenticationSpec;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'outrigger-flow-rollback-'));
    await putAuthority(
      (name, text) => {
        writeFileSync(join(folder, name), text, { mode: 0o600 });
      },
      ['c1', 'c2', 'h1', 'h2'],
    );
    authentication = authenticationIn(folder);
  });

  after(() => {
    rmSync(folder, { recursive: true });
  });

  const apply = async (lab: FakeLab, run: Run = {}): Promise<Applied> =>
    (await program()).apply(lab, run);

  const ALLOWED = { allowed: ['credentials-converted'] } as const;

  /** A cluster that is connected with the authkey, by daemons that could use certificates. */
  async function withKey(): Promise<FakeLab> {
    const { FakeLab: Lab } = await program();
    const lab = new Lab(['h1', 'h2']);
    assert.deepEqual([...(await apply(lab)).failed], []);
    for (const { name } of lab.hosts) {
      lab.change(name, 'environment', 'file=/etc/default/pacemaker');
      lab.change(name, 'daemon', 'running');
      lab.change(name, 'capability', 'yes');
    }
    lab.forget();
    return Object.assign(lab, { spec: { ...lab.spec, authentication } });
  }

  const heldIn = ({ cib }: FakeLab): string[] =>
    [...cib.remoteConnections.values()].filter(({ quiet }) => quiet).map(({ id }) => id);

  it('for a host that dies leaves that host alone behind, and the next apply finishes it', async () => {
    const { maintenanceMode, planOf } = await program();
    const lab = await withKey();
    const { failed } = await apply(lab, {
      ...ALLOWED,
      onEvent: (event) => {
        if (event.type !== 'cib-written' || event.purpose !== 'enter-maintenance') return;
        lab.host('h2').isDead = true;
        lab.reported.set('h2', { managed: false });
      },
    });
    assert.equal(
      failed.get('h1'),
      'h2: the connection was lost; the rollback failed: h2: the connection was lost',
    );
    assert.deepEqual([heldIn(lab), maintenanceMode(lab.cib)], [['h2'], false]);
    assert.deepEqual(
      lab.host('h1').ran.filter((script) => script === 'start-service'),
      ['start-service', 'start-service'],
    );
    await assert.rejects(planOf(lab), /hosts that must change too are unreachable: h2$/);
    lab.host('h2').isDead = false;
    lab.reported.clear();
    lab.forget();
    const second = await apply(lab, ALLOWED);
    assert.deepEqual([[...second.failed], second.stopped, heldIn(lab)], [[], undefined, []]);
    assert.deepEqual((await planOf(lab)).plan.inSync, ['c1', 'c2', 'h1', 'h2']);
  });

  it('because others keep editing the CIB when maintenance mode shall end is finished by the next apply', async () => {
    const { maintenanceMode, planOf } = await program();
    const lab = await withKey();
    const now = performance.now.bind(performance);
    let later = 0;
    lab.beforeWrite = () => {
      if (!['c1', 'c2'].every((name) => lab.host(name).ran.includes('restart-pacemaker'))) return;
      later += 30_000;
      lab.editByOthers();
    };
    const clock = mock.method(performance, 'now', () => now() + later);
    const { failed } = await apply(lab, ALLOWED);
    clock.mock.restore();
    assert.match(failed.get('h1') ?? '', /the CIB kept changing for 60 s/);
    assert.deepEqual([heldIn(lab), maintenanceMode(lab.cib)], [['h1', 'h2'], true]);
    lab.beforeWrite = () => undefined;
    const second = await apply(lab, ALLOWED);
    assert.deepEqual([[...second.failed], second.stopped], [[], undefined]);
    assert.deepEqual([heldIn(lab), maintenanceMode(lab.cib)], [[], false]);
    assert.deepEqual((await planOf(lab)).plan.inSync, ['c1', 'c2', 'h1', 'h2']);
  });

  it('because Pacemaker does not come back on the first cluster node is put back whole', async () => {
    const { maintenanceMode } = await program();
    const lab = await withKey();
    lab.pacemakers.rejecting.set('c1', 'running');
    const { failed } = await apply(lab, ALLOWED);
    assert.match(
      failed.get('c1') ?? '',
      /pacemaker.service does not start; all changes were rolled back$/,
    );
    assert.deepEqual([heldIn(lab), maintenanceMode(lab.cib)], [[], false]);
    assert.equal(lab.pacemakers.rejecting.has('c1'), false, 'Pacemaker was not started again');
  });
});
