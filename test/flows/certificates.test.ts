import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AuthenticationSpec } from '../../src/inventory/spec.ts';
import { useStateFolder, type Applied, type Run } from '../support/apply-lab.ts';
import { authenticationIn, putAuthority, VALID } from '../support/authority-files.ts';
import type { FakeLab } from '../support/fake-lab.ts';
import type { HostTrouble } from '../support/host-trouble.ts';
import { issue, makeAuthority, revoke, type Issued } from '../support/pki.ts';

const FILES = { ca: 'ca', certificate: 'cert', key: 'key' } as const;
const pathOf = (role: keyof typeof FILES): string => `/etc/pacemaker/x509-${FILES[role]}.pem`;
const VARIABLES = Object.entries(FILES).map(
  ([role, name]) => `PCMK_${name}_file=${pathOf(role as keyof typeof FILES)}`,
);

/** What changes something on a host, or shakes hands with one. */
const NOTABLE = ['write-cib', 'handshake', 'start-service', 'remove-files'];

/**
 * The program as its own late imports see it, the fakes included: mocha loads the files of tests in another way, which
 * makes two of each module.
 */
const program = async () => ({
  ...(await import('../support/fake-lab.ts')),
  ...(await import('../support/apply-lab.ts')),
  ...(await import('../../src/support/errors.ts')),
});

describe('certificates of an existing authority', function () {
  this.timeout(30_000);
  useStateFolder();
  let folder = '';
  let authentication: AuthenticationSpec;
  let authority: Issued;
  let issued: ReadonlyMap<string, Issued>;
  const contents = new Map<string, string>();
  const put = (name: string, text: string): void => {
    contents.set(name, text);
    writeFileSync(join(folder, name), text, { mode: 0o600 });
  };

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'outrigger-flow-pki-'));
    ({ authority, issued } = await putAuthority(put, ['c1', 'c2', 'h1', 'h2']));
    authentication = authenticationIn(folder);
  });

  after(() => {
    rmSync(folder, { recursive: true });
  });

  /** Cluster nodes that use their certificates already, and bare hosts. */
  async function labOf(
    names: readonly string[],
    trouble: Readonly<Record<string, HostTrouble>> = {},
  ): Promise<FakeLab> {
    const { FakeLab: Lab } = await program();
    const lab = new Lab(names, { c1: { key: 'none' }, c2: { key: 'none' }, ...trouble });
    const digest = (file: string): string =>
      createHash('sha256')
        .update(contents.get(file) ?? '')
        .digest('hex');
    for (const name of ['c1', 'c2']) {
      const rights = 'root haclient 640 1';
      const files = [`ca ${digest('ca.pem')}`, `certificate ${digest(`${name}.pem`)}`];
      const lines = [...files, `key ${digest(`${name}.key`)}`].map((line) => `${line} ${rights}`);
      lab.change(name, 'certificates', lines.join('\n'));
      const texts = [
        `ca ${contents.get('ca.pem') ?? ''}`,
        `certificate ${contents.get(`${name}.pem`) ?? ''}`,
      ];
      const pem = texts.flatMap((text) => {
        const [role = ''] = text.split(' ');
        return text
          .slice(role.length)
          .trim()
          .split('\n')
          .map((line) => `${role} pem ${line}`);
      });
      lab.change(name, 'certificate_texts', pem.join('\n'));
      lab.change(name, 'environment', ['file=/etc/default/pacemaker', ...VARIABLES].join('\n'));
      lab.change(name, 'daemon', ['running', ...VARIABLES].join('\n'));
      lab.change(name, 'capability', 'yes');
    }
    return Object.assign(lab, { spec: { ...lab.spec, authentication } });
  }

  const apply = async (lab: FakeLab, run: Run = {}): Promise<Applied> =>
    (await program()).apply(lab, run);

  const notable = (lab: FakeLab): string[] =>
    lab.hosts.flatMap(({ name, ran }) =>
      ran.filter((script) => NOTABLE.includes(script)).map((script) => `${name} ${script}`),
    );

  it('bring bare hosts in, and then cost one connection and one exec a host, and no file', async () => {
    const lab = await labOf(['h1', 'h2']);
    const applied = await apply(lab);
    assert.deepEqual([...applied.failed], []);
    for (const name of ['h1', 'h2']) {
      const { written } = lab.host(name);
      assert.deepEqual(
        written.map(({ path, owner, group, mode }) => `${path} ${mode} ${owner}:${group}`),
        (['ca', 'certificate', 'key'] as const).map((role) => `${pathOf(role)} 0640 root:haclient`),
      );
    }
    assert.deepEqual(lab.host('c1').written, [], 'a cluster node got files that it had');
    const { planOf, editsOf } = await program();
    const before = lab.network.connections.length;
    lab.forget();
    const { plan } = await planOf(lab);
    assert.deepEqual(plan.problems, []);
    assert.deepEqual(plan.inSync, ['c1', 'c2', 'h1', 'h2']);
    assert.deepEqual(lab.network.connections.slice(before).toSorted(), ['c1', 'c2', 'h1', 'h2']);
    assert.deepEqual(
      lab.hosts.map(({ ran }) => ran),
      [['probe'], ['probe'], ['probe'], ['probe']],
    );
    assert.deepEqual(editsOf(lab), []);
  });

  it('are verified with a TLS handshake by every cluster node before the cluster is told of a host', async () => {
    const rejected = {
      c2: { key: 'none', answers: { handshake: () => 'h1 3121 rejected\n' } },
    } as const;
    const lab = await labOf(['h1'], rejected);
    const { failed } = await apply(lab);
    assert.match(
      failed.get('h1') ?? '',
      /its daemon does not accept the certificate of c2 \(verified with a TLS handshake\)/,
    );
    assert.deepEqual(lab.cibWrites, []);
    assert.ok(lab.hosts.every(({ ran }) => !ran.includes('remove-files')));
  });

  it('are told of where a host could not verify them itself, once', async () => {
    const lab = await labOf(['h1', 'h2'], {
      h2: { answers: { 'verify-certificates': () => 'no-openssl\n' } },
    });
    const { events, failed } = await apply(lab);
    assert.deepEqual([...failed], []);
    const notices = events.flatMap((event) => (event.type === 'notice' ? [event.message] : []));
    assert.deepEqual(notices, [
      'h2 has no openssl: its certificates were verified on this machine only, and on the host only that hacluster can read them',
    ]);
  });

  it('are renewed while Pacemaker on a cluster node is stopped, which has all that it will start with', async () => {
    const lab = await labOf(['h1', 'h2']);
    assert.deepEqual([...(await apply(lab)).failed], []);
    const { planOf } = await program();
    lab.change('c2', 'daemon', '');
    assert.deepEqual((await planOf(lab)).plan.inSync, ['c1', 'c2', 'h1', 'h2']);
    const { pem, key } = await issue({ ...VALID, name: 'h1' }, authority);
    put('h1.pem', pem);
    put('h1.key', key);
    lab.forget();
    assert.deepEqual([...(await apply(lab)).failed], []);
    assert.ok(notable(lab).includes('h1 start-service'));
    assert.equal(lab.cib.remoteConnections.get('h1')?.quiet, false);
  });

  it('are given to no host by whose clock they are not valid, and to no cluster with such a node', async () => {
    const { planOf, OutriggerError } = await program();
    const twoDays = 2 * 86_400;
    const lab = await labOf(['h1', 'h2'], {
      h1: { clockAhead: 100 },
      h2: { clockAhead: -twoDays },
    });
    const { plan } = await planOf(lab);
    assert.deepEqual(
      plan.problems.map(({ host, code }) => `${host} ${code}`),
      ['h2 CLOCK_WRONG'],
    );
    const about = plan.notes
      .filter((note) => note.includes('clock is'))
      .map((note) => note.slice(0, 2));
    assert.deepEqual(about, ['h1', 'h2']);
    const { failed } = await apply(lab);
    assert.deepEqual([...failed.keys()], ['h2']);
    assert.deepEqual([...lab.cib.remoteConnections.keys()], ['h1']);
    const behind = await labOf(['h1'], { c2: { key: 'none', clockAhead: -twoDays } });
    await assert.rejects(
      planOf(behind),
      (thrown: unknown) =>
        thrown instanceof OutriggerError &&
        thrown.code === 'REFUSED' &&
        thrown.message.startsWith('c2: by its clock ('),
    );
  });

  it('leave a host out that is lost in the middle, and the next apply finishes it', async () => {
    const { OutriggerError } = await program();
    let isLost = true;
    const lost = (): '' => {
      if (isLost)
        throw new OutriggerError('HOST_UNREACHABLE', 'the connection was lost', { host: 'h2' });
      return '';
    };
    const lab = await labOf(['h1', 'h2'], { h2: { answers: { 'verify-certificates': lost } } });
    const first = await apply(lab);
    assert.match(first.failed.get('h2') ?? '', /the connection was lost/);
    assert.deepEqual([...lab.cib.remoteConnections.keys()], ['h1']);
    assert.ok(
      !lab.host('h2').ran.includes('set-environment'),
      'a daemon was told of files that were not verified',
    );
    assert.ok(
      lab.hosts.every(({ ran }) => !ran.includes('remove-files')),
      'the authkey went although not everybody is proven',
    );
    isLost = false;
    lab.forget();
    const second = await apply(lab);
    assert.deepEqual([...second.failed], []);
    assert.deepEqual([...lab.cib.remoteConnections.keys()], ['h1', 'h2']);
    assert.ok(!notable(lab).some((step) => step.startsWith('h1 start')), 'h1 was disturbed');
    const { planOf } = await program();
    assert.deepEqual((await planOf(lab)).plan.inSync, ['c1', 'c2', 'h1', 'h2']);
  });

  it('are not revoked by a new list while a node uses them that nobody has asked', async () => {
    const gone = await issue({ ...VALID, name: 'gone' }, authority);
    const list = { from: VALID.notBefore, until: VALID.notAfter };
    const lab = await labOf(['h1', 'h2']);
    await apply(lab);
    const { planOf, OutriggerError } = await program();
    assert.ok(authentication.method === 'x509' && authentication.x509.kind === 'files');
    const crl = join(folder, 'crl.pem');
    const x509 = { ...authentication.x509, crl };
    const { spec } = lab;
    Object.assign(lab, { spec: { ...spec, authentication: { ...authentication, x509 } } });
    const variables = [...VARIABLES, 'PCMK_crl_file=/etc/pacemaker/x509-crl.pem'];
    for (const name of ['c1', 'c2']) {
      lab.change(name, 'environment', ['file=/etc/default/pacemaker', ...variables].join('\n'));
      lab.change(name, 'daemon', ['running', ...variables].join('\n'));
    }
    const onlyH1 = {
      ...lab.spec,
      remoteNodes: spec.remoteNodes.filter(({ name }) => name === 'h1'),
    };
    const notesWith = async (revoked: readonly Issued[]): Promise<readonly string[]> => {
      put('crl.pem', await revoke(authority, revoked, list));
      const { notes } = (await planOf(lab, undefined, onlyH1)).plan;
      return notes.filter((note) =>
        note.startsWith('the CRL is new, and the certificate in use on h2 was not checked: '),
      );
    };
    assert.equal((await notesWith([gone])).length, 1);
    assert.deepEqual(await notesWith([]), [], 'a list that revokes nothing harms nobody');
    const h2 = issued.get('h2');
    assert.ok(h2 !== undefined);
    await assert.rejects(
      notesWith([gone, h2]),
      (thrown: unknown) =>
        thrown instanceof OutriggerError &&
        thrown.code === 'REFUSED' &&
        thrown.message.endsWith('certificates that are still in use: h2 (by the inventory)'),
    );
  });

  it('become those of another authority step by step, or at once under the name of a risk', async () => {
    const lab = await labOf(['h1']);
    await apply(lab);
    const { planOf } = await program();
    const risksNow = async (): Promise<string[]> =>
      (await planOf(lab)).plan.risks.map(({ code }) => code);
    const old = contents.get('ca.pem') ?? '';
    const other = await makeAuthority({ ...VALID, name: 'another authority' });
    const issueAnew = async (): Promise<void> => {
      for (const name of ['c1', 'c2', 'h1']) {
        const { pem, key } = await issue({ ...VALID, name }, other);
        put(`${name}.pem`, pem);
        put(`${name}.key`, key);
      }
    };
    const whole = new Map(contents);
    await issueAnew();
    put('ca.pem', other.pem);
    assert.deepEqual(await risksNow(), ['ca-replaced']);
    put('ca.pem', old + other.pem);
    assert.deepEqual(await risksNow(), ['ca-replaced'], 'nobody knows the new one yet');
    for (const [name, text] of whole) put(name, text);

    const step = async (): Promise<void> => {
      assert.deepEqual(await risksNow(), []);
      lab.forget();
      assert.deepEqual([...(await apply(lab)).failed], []);
      const started = notable(lab).filter((what) => what.endsWith('start-service'));
      assert.deepEqual(started, ['h1 start-service']);
      assert.deepEqual((await planOf(lab)).plan.inSync, ['c1', 'c2', 'h1']);
    };
    put('ca.pem', old + other.pem);
    await step();
    await issueAnew();
    await step();
    put('ca.pem', other.pem);
    await step();
  });
});
