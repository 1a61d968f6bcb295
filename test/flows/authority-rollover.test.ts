import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Credentials } from '../../src/credential-sources/load-certificates.ts';
import { DAY_MS } from '../../src/credentials/x509/time-left.ts';
import { digestOf, NODES, PASSPHRASE, useAuthority } from '../support/own-authority.ts';

describe("outrigger's own authority while another one takes its place", () => {
  const at = useAuthority();
  const { load, asking, make, everything } = at;

  const begin = { step: 'begin' } as const;

  /** Makes what the step after the one under way wants. */
  const goOn = async (): Promise<Credentials> => {
    const { rollover, pending } = await load();
    assert.equal(pending, undefined);
    const next = await rollover?.next?.();
    assert.ok(next?.pending);
    return next.pending.make(asking(PASSPHRASE));
  };

  const read = (name: string): string => readFileSync(join(at.directory, name), 'latin1');
  const countIn = (name: string): number => read(name).match(/-----BEGIN /g)?.length ?? 0;
  const counts = () => ['ca.pem', 'ca.key', 'crl.pem'].map(countIn);
  const stepNow = async (): Promise<string | undefined> => (await load()).rollover?.step;

  it('goes three steps, each when it is told to, with one passphrase for both', async () => {
    const first = await make();
    const own = read('ca.pem');
    const planned = await load(begin);
    assert.match(
      planned.desired.nodes.get('r1')?.files.ca?.description ?? '',
      /^with a second, new one, CN=outrigger authority of prod 2, valid until /,
    );
    assert.match(planned.desired.notes.join(), /: step 1 of 3 of the CA replacement/);
    assert.deepEqual(counts(), [1, 1, 1], 'a plan makes nothing');
    at.questions = [];
    const trusted = await make(begin);
    assert.deepEqual(at.questions, ['Passphrase of /pki/ca/ca.key:']);
    assert.deepEqual(counts(), [2, 2, 2]);
    assert.ok(read('ca.pem').startsWith(own));
    assert.equal(digestOf(trusted, 'r1', 'certificate'), digestOf(first, 'r1', 'certificate'));
    assert.notEqual(digestOf(trusted, 'r1', 'ca'), digestOf(first, 'r1', 'ca'));
    assert.equal((await load(begin)).pending, undefined, 'it has begun already');

    const issued = await goOn();
    assert.equal(await stepNow(), 'issue');
    assert.ok(read('ca.pem').endsWith(own));
    for (const node of NODES)
      assert.notEqual(digestOf(issued, node, 'key'), digestOf(trusted, node, 'key'));

    await goOn();
    assert.deepEqual(counts(), [1, 1, 1]);
    assert.ok(!read('ca.pem').includes(own));
    const last = await load();
    assert.deepEqual([last.rollover, last.pending, last.desired.notes], [undefined, undefined, []]);
    assert.equal(digestOf(last, 'r1', 'certificate'), digestOf(issued, 'r1', 'certificate'));
    await make(begin);
    assert.match((await load()).desired.nodes.get('r1')?.files.ca?.description ?? '', / prod 3,/);
  });

  it('begins once, also when two runs have planned it', async () => {
    await make();
    const planned = [await load(begin), await load(begin)];
    for (const { pending } of planned) await pending?.make(asking(PASSPHRASE));
    assert.deepEqual(counts(), [2, 2, 2]);
  });

  it('goes on where a run has died, whatever it had written of a step by then', async () => {
    await make();
    const states: Record<string, string>[] = [everything()];
    await make(begin);
    states.push(everything());
    await goOn();
    states.push(everything());
    await goOn();
    states.push(everything());
    /** What each step writes, in its order; the key goes last. */
    const orders = [
      ['ca.key', 'ca.pem', 'crl.pem'],
      ['ca.pem', 'issued', 'nodes/c1.key', 'nodes/c1.pem', 'nodes/c2', 'nodes/r1'],
      ['ca.pem', 'crl.pem', 'ca.key'],
    ];
    const under = ['begin', 'issue', undefined];
    for (const [index, order] of orders.entries()) {
      for (const done of order.keys()) {
        rmSync(at.directory, { recursive: true });
        for (const name of ['', 'nodes', 'issued'])
          mkdirSync(join(at.directory, name), { mode: 0o700, recursive: true });
        const isNew = (name: string): boolean =>
          order.slice(0, done + 1).some((part) => name.startsWith(`pki/ca/${part}`));
        const [before = {}, after = {}] = states.slice(index, index + 2);
        for (const [name, text] of [
          ...Object.entries(before).filter(([each]) => !isNew(each)),
          ...Object.entries(after).filter(([each]) => isNew(each)),
        ])
          writeFileSync(join(at.folder, name), text, { mode: 0o600 });
        const where = `step ${index + 1}, after ${order[done] ?? ''}`;
        const { pending } = await load(index === 0 ? begin : {});
        await pending?.make(asking(PASSPHRASE));
        const { rollover, pending: more } = await load();
        assert.deepEqual([rollover?.step, more], [under[index], undefined], where);
      }
    }
  }).timeout(120_000);

  it('is told when it is due: certificates do not outlive their authority', async () => {
    await make();
    const soon = new Date(Date.now() + 19.5 * 365 * DAY_MS);
    const { desired } = await load({ now: soon });
    assert.match(
      desired.notes.join(),
      /the CA expires in \d+ days, on .*replace it with `outrigger rotate authority`/,
    );
  });
});
