import assert from 'node:assert/strict';
import type { ExecRequest } from '../../src/host/host.ts';
import { quietlyProtected } from '../../src/pacemaker/procedures/edit.ts';
import { OutriggerError } from '../../src/support/errors.ts';
import { apply, editsOf, planOf, useStateFolder } from '../support/apply-lab.ts';
import { FakeLab } from '../support/fake-lab.ts';

const NODES = ['h1', 'h2'];
const HOSTS = ['c1', 'c2', ...NODES];
const FULL = 'cannot write /etc/pacemaker/authkey: No space left on device';

describe('a change of the whole group whose files cannot be written on one host', () => {
  useStateFolder();

  for (const guilty of ['c2', 'h2'])
    it(`protects and changes nothing, names ${guilty}, and is made once that is mended`, async () => {
      let isFull = false;
      const tried: (readonly string[])[] = [];
      const lab = new FakeLab(NODES, {
        [guilty]: {
          answers: {
            'try-files': ({ params = [] }: ExecRequest) => {
              tried.push(params);
              return isFull ? { code: 1, stderr: `${FULL}\n` } : '';
            },
          },
        },
      });
      assert.deepEqual([...(await apply(lab)).failed], []);
      lab.forget();
      isFull = true;
      const rotation = { rotates: true, allowed: ['authkey-replaced'] };
      const keys = HOSTS.map((name) => lab.keyOf(name));
      const { failed } = await apply(lab, { ...rotation });
      for (const name of NODES)
        assert.equal(failed.get(name), `nothing was changed: ${guilty}: try-files: ${FULL}`);
      assert.deepEqual(editsOf(lab), []);
      assert.deepEqual(
        HOSTS.map((name) => lab.keyOf(name)),
        keys,
      );
      assert.deepEqual(tried.at(-1), ['/etc/pacemaker/authkey', '256', 'file']);
      isFull = false;
      const { risks } = (await planOf(lab)).plan;
      assert.deepEqual(risks, []);
      const again = await apply(lab, {
        ...rotation,
        pause: (milliseconds) => {
          lab.pass(milliseconds);
          return Promise.resolve();
        },
      });
      assert.deepEqual([...again.failed], []);
      assert.notEqual(lab.keyOf('c2'), keys[1]);
    });

  it('is ended for the others where a run that died had begun it', async () => {
    let isDying = true;
    const answers = { 'try-files': () => (isDying ? '' : { code: 1, stderr: `${FULL}\n` }) };
    const lab = new FakeLab(NODES, { h2: { answers } });
    assert.deepEqual([...(await apply(lab)).failed], []);
    for (const name of NODES) {
      const host = lab.host(name);
      const write = host.writeFile.bind(host);
      host.writeFile = (file) =>
        isDying || name === 'h2'
          ? Promise.reject(new OutriggerError('COMMAND_FAILED', FULL, { host: name }))
          : write(file);
    }
    const pause = (milliseconds: number): Promise<void> => {
      lab.pass(milliseconds);
      return Promise.resolve();
    };
    await apply(lab, { rotates: true, allowed: ['authkey-replaced'], pause });
    assert.deepEqual(quietlyProtected(lab.cib), NODES);
    isDying = false;
    const { failed } = await apply(lab, { pause });
    assert.deepEqual([...failed], [['h2', FULL]]);
    assert.deepEqual(quietlyProtected(lab.cib), ['h2']);
    assert.equal(lab.keyOf('h1'), lab.keyOf('c1'));
  });

  it('names the host on which it failed all the same, to all that it was about', async () => {
    const lab = new FakeLab(NODES);
    assert.deepEqual([...(await apply(lab)).failed], []);
    const c2 = lab.host('c2');
    const write = c2.writeFile.bind(c2);
    let isFull = true;
    c2.writeFile = (file) =>
      isFull
        ? Promise.reject(
            new OutriggerError('COMMAND_FAILED', 'No space left on device', { host: 'c2' }),
          )
        : write(file);
    const { failed } = await apply(lab, { rotates: true, allowed: ['authkey-replaced'] });
    assert.equal(failed.get('h1'), 'c2: No space left on device');
    isFull = false;
  });
});

describe('a node that shall leave', () => {
  useStateFolder();

  it('stays in the cluster while its host cannot be cleaned', async () => {
    let isFull = false;
    const full = { code: 1, stderr: 'cannot write /etc/default/pacemaker: No space left\n' };
    const answers = { 'try-files': () => (isFull ? full : '') };
    const lab = new FakeLab(NODES, { h1: { answers } });
    assert.deepEqual([...(await apply(lab)).failed], []);
    const { remoteNodes, ...spec } = lab.spec;
    const [h1, h2] = remoteNodes;
    assert.ok(h1 && h2);
    const absent = { remoteNodes: [h1], guestNodes: [] };
    Object.assign(lab, { spec: { ...spec, remoteNodes: [h2], absent } });
    lab.change('h1', 'environment', 'file=/etc/default/pacemaker\nPCMK_remote_port=3121');
    isFull = true;
    lab.forget();
    const { failed } = await apply(lab);
    assert.match(failed.get('h1') ?? '', /No space left/);
    assert.deepEqual([...lab.cib.remoteConnections.keys()], NODES);
    assert.deepEqual(
      lab.cibWrites.filter((edit) => edit.includes('outrigger-leave-')),
      [],
    );
  });
});
