import assert from 'node:assert/strict';
import { apply, planOf, useStateFolder, verdictsOf } from '../support/apply-lab.ts';
import { FakeLab } from '../support/fake-lab.ts';

const FILES = ['ca', 'certificate', 'key']
  .map((role) => `${role} ${'a'.repeat(64)} root haclient 640 1`)
  .join('\n');

const VARIABLES = ['ca', 'cert', 'key'].map(
  (name) => `PCMK_${name}_file=/etc/pacemaker/x509-${name}.pem`,
);

describe('certificates that a cluster with an authkey does not use any more', () => {
  useStateFolder();

  /** A cluster that is connected to h1, all with certificates from before. */
  async function leftOver(): Promise<FakeLab> {
    const lab = new FakeLab(['h1']);
    assert.deepEqual([...(await apply(lab)).failed], []);
    for (const name of ['c1', 'c2', 'h1']) lab.change(name, 'certificates', FILES);
    lab.forget();
    return lab;
  }

  const removed = (lab: FakeLab): string[] =>
    lab.hosts.filter(({ ran }) => ran.includes('remove-files')).map(({ name }) => name);

  it('go from every host', async () => {
    const lab = await leftOver();
    const { plan } = await planOf(lab);
    assert.deepEqual(
      plan.plays.flatMap(({ changes }) => changes.map(({ host, item }) => `${host} ${item}`)),
      ['h1', 'c1', 'c2'].map((host) => `${host} certificate-removed`),
    );
    assert.deepEqual([...(await apply(lab)).failed], []);
    assert.deepEqual(removed(lab), ['c1', 'c2', 'h1']);
    assert.deepEqual((await planOf(lab)).plan.inSync, ['c1', 'c2', 'h1']);
  });

  it('stay while a connection is not proven', async () => {
    const lab = await leftOver();
    lab.reported.set('h1', { on: 'c1', role: 'Starting' });
    const applied = await apply(lab);
    assert.deepEqual(removed(lab), []);
    assert.ok(verdictsOf(applied, 'c1').includes('certificate-removed: skipped'));
  });

  it('stay while Pacemaker on a cluster node uses certificates', async () => {
    const lab = await leftOver();
    const planned = await planOf(lab);
    lab.change('c2', 'daemon', ['running', ...VARIABLES].join('\n'));
    const applied = await apply(lab, { planned });
    assert.deepEqual(removed(lab), []);
    assert.deepEqual(verdictsOf(applied, 'c2'), ['certificate-removed: skipped']);
  });
});
