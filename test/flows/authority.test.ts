import assert from 'node:assert/strict';
import { createHash, createPrivateKey } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Credentials } from '../../src/credential-sources/load-certificates.ts';
import { OutriggerError } from '../../src/support/errors.ts';
import { reveal, Secret } from '../../src/support/secret.ts';
import { DAY_MS } from '../../src/credentials/x509/time-left.ts';
import { endedProcess } from '../support/ended-process.ts';
import { digestOf, NODES, PASSPHRASE, useAuthority } from '../support/own-authority.ts';

describe("outrigger's own authority in its directory", () => {
  const at = useAuthority();
  const { load, asking, make, everything, refused } = at;

  const sha256 = (name: string): string =>
    createHash('sha256')
      .update(readFileSync(join(at.directory, 'issued', name)))
      .digest('hex');

  it('is planned without making anything, and without a question', async () => {
    const { desired, pending } = await load();
    assert.ok(pending);
    assert.equal(existsSync(join(at.folder, 'pki')), false);
    const { ca, certificate, key, crl } = desired.nodes.get('r1')?.files ?? {};
    for (const file of [ca, certificate, key, crl]) assert.equal(file?.digest, undefined);
    assert.match(ca?.description ?? '', /^new, CN=outrigger authority of prod, valid until /);
    assert.match(certificate?.description ?? '', /^new, issued by the CA, valid until \d{4}-/);
    assert.match(crl?.description ?? '', /^new, valid until .*, 0 revoked$/);
    assert.deepEqual(at.questions, []);
  });

  it('is made once, for its owner alone, and then there is nothing to make', async () => {
    const made = await make();
    assert.deepEqual(at.questions, [
      'New passphrase for /pki/ca/ca.key, the CA of cluster prod:',
      'Repeat the passphrase:',
    ]);
    const files = everything();
    assert.deepEqual(
      Object.keys(files)
        .filter((name) => !name.includes('/issued/'))
        .sort(),
      [
        'ca.key',
        'ca.pem',
        'cluster',
        'crl.pem',
        ...NODES.flatMap((n) => [`nodes/${n}.key`, `nodes/${n}.pem`]),
      ]
        .map((name) => `pki/ca/${name}`)
        .sort(),
    );
    assert.equal(Object.keys(files).filter((name) => name.includes('/issued/')).length, 3);
    for (const name of Object.keys(files))
      assert.equal(statSync(join(at.folder, name)).mode & 0o777, 0o600, name);
    for (const name of ['pki/ca', 'pki/ca/nodes', 'pki/ca/issued'])
      assert.equal(statSync(join(at.folder, name)).mode & 0o777, 0o700, name);
    const again = await load();
    assert.equal(again.pending, undefined);
    for (const node of NODES)
      for (const role of ['ca', 'certificate', 'key', 'crl'] as const) {
        assert.equal(digestOf(again, node, role), digestOf(made, node, role));
        assert.ok(reveal(again.contentOf(node, role)).length > 0);
      }
    assert.deepEqual(again.desired.notes, []);
    assert.deepEqual(everything(), files);
  });

  it('keeps its key encrypted, and the passphrase nowhere', async () => {
    await make();
    const pem = readFileSync(join(at.directory, 'ca.key'), 'latin1');
    assert.match(pem, /^-----BEGIN ENCRYPTED PRIVATE KEY-----/);
    assert.throws(() => createPrivateKey({ key: pem, passphrase: 'another' }));
    createPrivateKey({ key: pem, passphrase: PASSPHRASE });
    for (const [name, text] of Object.entries(everything()))
      assert.ok(!text.includes(PASSPHRASE), name);
  });

  it('issues for a further node alone, and leaves the others as they are', async () => {
    await make({ nodes: ['c1', 'c2'] });
    const before = everything();
    at.questions = [];
    const { desired } = await load();
    assert.deepEqual(
      NODES.map((node) => desired.nodes.get(node)?.files.certificate?.digest === undefined),
      [false, false, true],
    );
    await make();
    assert.deepEqual(at.questions, ['Passphrase of /pki/ca/ca.key:']);
    const after = everything();
    for (const [name, text] of Object.entries(before)) assert.equal(after[name], text, name);
    assert.equal(Object.keys(after).length, Object.keys(before).length + 3);
  });

  it('renews what is about to expire, with a new key, and those that somebody asks for', async () => {
    const first = await make({ now: new Date(Date.now() - 340 * DAY_MS) });
    const planned = await load();
    assert.ok(NODES.every((node) => digestOf(planned, node, 'certificate') === undefined));
    assert.ok(digestOf(planned, 'r1', 'ca') !== undefined);
    const second = await make();
    assert.equal(digestOf(second, 'r1', 'ca'), digestOf(first, 'r1', 'ca'));
    for (const role of ['certificate', 'key', 'crl'] as const)
      assert.notEqual(digestOf(second, 'r1', role), digestOf(first, 'r1', role), role);
    const third = await make({ renewed: ['r1'] });
    assert.notEqual(digestOf(third, 'r1', 'key'), digestOf(second, 'r1', 'key'));
    assert.equal(digestOf(third, 'c1', 'key'), digestOf(second, 'c1', 'key'));
    assert.equal(digestOf(third, 'c1', 'crl'), digestOf(second, 'c1', 'crl'));
  });

  it('revokes every certificate of a node that is no more, and forgets none', async () => {
    await make();
    await make({ renewed: ['r1'] });
    const members = { nodes: ['c1', 'c2'], declared: ['c1', 'c2'] };
    const crl = (credentials: Credentials) => credentials.desired.nodes.get('c1')?.files.crl;
    const planned = await load({ ...members, revoked: ['r1'] });
    assert.match(crl(planned)?.description ?? '', /, 2 revoked$/);
    const certificates = readdirSync(join(at.directory, 'issued')).map((name) => sha256(name));
    const revokes = [...(planned.pending?.revokes.serials.keys() ?? [])];
    assert.equal(revokes.length, 2);
    assert.ok(revokes.every((digest) => certificates.includes(digest)));
    assert.deepEqual([...(planned.pending?.revokes.nodes ?? [])], ['r1']);
    const made = await make({ ...members, revoked: ['r1'] });
    for (const revoked of [['r1'], []]) {
      const again = await load({ ...members, revoked });
      assert.equal(again.pending, undefined);
      assert.equal(crl(again)?.digest, crl(made)?.digest);
    }
    const back = await load();
    assert.equal(digestOf(back, 'r1', 'certificate'), undefined, 'it needs another certificate');
  });

  it('goes on where a run has died, whatever it had written by then', async () => {
    await make();
    const whole = everything();
    const order = ['ca.key', 'ca.pem', 'crl.pem', 'issued', 'nodes/c1.key', 'nodes/c1.pem'];
    for (const [index, last] of order.entries()) {
      rmSync(at.directory, { recursive: true });
      for (const name of ['', 'nodes', 'issued'])
        mkdirSync(join(at.directory, name), { mode: 0o700, recursive: true });
      for (const [name, text] of Object.entries(whole))
        if (order.slice(0, index + 1).some((part) => name.startsWith(`pki/ca/${part}`)))
          writeFileSync(join(at.folder, name), text, { mode: 0o600 });
      writeFileSync(join(at.directory, 'nodes', '.c1.key.outrigger-new'), 'half of', {
        mode: 0o600,
      });
      await make();
      assert.equal((await load()).pending, undefined, `after ${last}`);
      assert.equal(
        existsSync(join(at.directory, 'nodes', '.c1.key.outrigger-new')),
        last.endsWith('c1.pem'),
      );
      if (index > 0)
        assert.equal(everything()['pki/ca/ca.pem'], whole['pki/ca/ca.pem'], `after ${last}`);
    }
  });

  it('is used by one run at a time: another is told by whom', async () => {
    const first = await load();
    const second = await load();
    let ask = (): void => assert.fail('nobody waits for an answer');
    const asked = new Promise<void>((resolve) => (ask = resolve));
    let answer: (passphrase: Secret) => void = () => undefined;
    const answered = new Promise<Secret>((resolve) => (answer = resolve));
    const making = first.pending?.make({
      ...asking(),
      fetchSecret: () => {
        ask();
        return answered;
      },
    });
    await asked;
    const because = await refused(second.pending?.make(asking(PASSPHRASE)) ?? Promise.resolve());
    assert.match(
      because,
      new RegExp(`^the CA /pki/ca is in use: process ${process.pid} on \\S+ since 2`),
    );
    assert.deepEqual(Object.keys(everything()), ['pki/ca/.in-use']);
    answer(new Secret(Buffer.from(PASSPHRASE)));
    await making;
    const whole = everything();
    assert.ok(!Object.keys(whole).some((name) => name.includes('in-use')));
    await second.pending?.make(asking(PASSPHRASE));
    assert.deepEqual(everything(), whole, 'something was made twice');
  });

  it('is taken over from a run that died on this machine, and from no other', async () => {
    await make();
    const held = (identity: string): void => {
      writeFileSync(join(at.directory, '.in-use'), `process 7 on seat since then\n${identity}\n`);
    };
    held(await endedProcess());
    await make({ renewed: ['r1'] });
    assert.ok(!existsSync(join(at.directory, '.in-use')));
    for (const identity of ['', 'another machine altogether']) {
      held(identity);
      const { pending } = await load({ renewed: ['r1'] });
      assert.match(
        await refused(pending?.make(asking(PASSPHRASE)) ?? Promise.resolve()),
        /in use: process 7 on seat since then$/,
      );
      assert.ok(existsSync(join(at.directory, '.in-use')), 'it belongs to somebody else');
    }
  });

  it('takes three tries for a passphrase, signs nothing without it, and never another new key', async () => {
    await make();
    const before = everything();
    const { pending } = await load({ renewed: ['r1'] });
    at.questions = [];
    assert.match(
      await refused(pending?.make(asking('wrong')) ?? Promise.resolve()),
      /^wrong passphrase for \/pki\/ca\/ca\.key$/,
    );
    assert.equal(at.questions.length, 3);
    assert.deepEqual(everything(), before);
    await assert.rejects(
      pending?.make(asking('wrong')) ?? Promise.resolve(),
      (thrown: unknown) =>
        thrown instanceof OutriggerError &&
        /passphrase is lost, name a new directory under `authority`.*`ca-replaced`/.test(
          thrown.hint ?? '',
        ),
    );
    at.questions = at.questions.slice(3);
    await pending?.make(asking('wrong', PASSPHRASE));
    assert.equal(at.questions.length, 5);
  });

  it('takes no new passphrase that was mistyped, or is easy to guess', async () => {
    const { pending } = await load();
    const tried = (...answers: string[]) =>
      refused(pending?.make(asking(...answers)) ?? Promise.resolve());
    assert.match(await tried(PASSPHRASE, 'another'), /^the two passphrases differ/);
    assert.match(await tried(''), /^the passphrase is too easy to guess for the key of a CA/);
    assert.equal(existsSync(join(at.directory, 'ca.key')), false);
  });

  it('takes the passphrase from a file that only its owner can read', async () => {
    const path = join(at.folder, 'passphrase');
    writeFileSync(path, `${PASSPHRASE}\n`, { mode: 0o600 });
    await make({ passphrase: { kind: 'file', path } });
    assert.deepEqual(at.questions, []);
    chmodSync(path, 0o640);
    const { pending } = await load({ renewed: ['r1'], passphrase: { kind: 'file', path } });
    assert.match(
      await refused(pending?.make(asking('')) ?? Promise.resolve()),
      /other users can read it/,
    );
  });

  it('is refused when others can get at it', async () => {
    await make();
    for (const [name, mode] of [
      ['', 0o750],
      ['nodes', 0o701],
      ['issued', 0o770],
      ['ca.key', 0o640],
      ['nodes/r1.key', 0o604],
    ] as const) {
      const path = join(at.directory, name);
      const { mode: right } = statSync(path);
      chmodSync(path, mode);
      const shown = join('/pki/ca', name).replace(/\/$/, '');
      assert.match(
        await refused(load()),
        new RegExp(`^the CA cannot be used: ${shown}/?: other users can access it \\(mode 0`),
      );
      chmodSync(path, right);
    }
    assert.equal((await load()).pending, undefined);
  });

  it('is refused with a key that is not its own, or lies open', async () => {
    await make();
    const key = readFileSync(join(at.directory, 'ca.key'));
    const plain = createPrivateKey({ key, passphrase: PASSPHRASE });
    writeFileSync(join(at.directory, 'ca.key'), plain.export({ type: 'pkcs8', format: 'pem' }));
    const { pending } = await load({ renewed: ['r1'] });
    const tried = () => refused(pending?.make(asking(PASSPHRASE)) ?? Promise.resolve());
    assert.match(await tried(), /its ca\.key is not encrypted/);
    const other = createPrivateKey(readFileSync(join(at.directory, 'nodes', 'r1.key')));
    writeFileSync(
      join(at.directory, 'ca.key'),
      other.export({
        type: 'pkcs8',
        format: 'pem',
        cipher: 'aes-256-cbc',
        passphrase: PASSPHRASE,
      }),
    );
    assert.match(await tried(), /its ca\.key is not the key of ca\.pem/);
    unlinkSync(join(at.directory, 'ca.key'));
    assert.match(await refused(load({ renewed: ['r1'] })), /ca\.key is missing/);
    assert.equal((await load()).pending, undefined, 'it may lie in a safe');
  });
});
