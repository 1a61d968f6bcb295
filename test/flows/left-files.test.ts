import assert from 'node:assert/strict';
import { removeLeftFiles } from '../../src/flows/remove-left-files.ts';
import { apply, planOf, useStateFolder } from '../support/apply-lab.ts';
import { FakeLab } from '../support/fake-lab.ts';
import type { ExecRequest } from '../../src/host/host.ts';

const LEFT = '/etc/pacemaker/.authkey.outrigger.0123456789';

describe('files that scripts left on a host when they were killed', () => {
  useStateFolder();
  const reported: (readonly string[])[] = [];
  const answers = {
    'remove-left-files': ({ params = [] }: ExecRequest) => {
      reported.push(params);
      return '';
    },
  };
  beforeEach(() => {
    reported.length = 0;
  });

  async function whole(): Promise<FakeLab> {
    const lab = new FakeLab(['h1', 'h2'], { h1: { answers } });
    await apply(lab);
    lab.change(
      'h1',
      'left_files',
      `${LEFT}\n/run/outrigger.abcdefghij\nnot a path\n/etc/\u0007bell\n`,
    );
    return lab;
  }

  it('are noted by a plan, which has nothing to do and removes nothing', async () => {
    const { plan } = await planOf(await whole());
    assert.deepEqual(plan.notes, [
      `h1: leftovers of an interrupted run: ${LEFT}, /run/outrigger.abcdefghij; the next apply removes them`,
    ]);
    assert.deepEqual(reported, []);
  });

  it('a directory into which no file would be written is noted', async () => {
    const lab = await whole();
    lab.change('h1', 'left_files', '');
    lab.change('h1', 'unsafe_directories', 'the directory /etc/pacemaker (0770 root:haclient) …\n');
    assert.deepEqual((await planOf(lab)).plan.notes, [
      'h1: files cannot be written: the directory /etc/pacemaker (0770 root:haclient) …',
    ]);
  });

  it('are removed on that host alone', async () => {
    const { facts, hosts } = await planOf(await whole());
    assert.equal(await removeLeftFiles(facts, hosts, 10), undefined);
    assert.deepEqual(reported, [[LEFT, '/run/outrigger.abcdefghij']]);
  });
});
