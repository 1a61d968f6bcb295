import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Planned } from '../../src/flows/plan/plan-cluster.ts';
import type { AuthenticationSpec } from '../../src/inventory/spec.ts';
import { useStateFolder, type Applied } from '../support/apply-lab.ts';
import { VALID } from '../support/authority-files.ts';
import type { FakeLab } from '../support/fake-lab.ts';
import type { HostTrouble } from '../support/host-trouble.ts';
import { DAY_MS, makeAuthority, request, signRequest, type Issued } from '../support/pki.ts';
import { withoutPrompt } from '../support/secrets.ts';

const VARIABLES = ['ca', 'cert', 'key'].map(
  (name) => `PCMK_${name}_file=/etc/pacemaker/x509-${name}.pem`,
);

/** As the program itself sees its modules: mocha loads the files of tests in another way, which makes two of each. */
const program = async () => ({
  ...(await import('../support/fake-lab.ts')),
  ...(await import('../support/apply-lab.ts')),
  ...(await import('../../src/flows/complete-credentials.ts')),
  ...(await import('../../src/support/errors.ts')),
});

describe('certificates for keys that are made on the hosts', function () {
  this.timeout(30_000);
  useStateFolder();
  let folder = '';
  let authority: Issued;
  let reported: string[] = [];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'outrigger-requests-'));
    authority = await makeAuthority(VALID);
    writeFileSync(join(folder, 'ca.pem'), authority.pem);
    reported = [];
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const path = (name: string): string => join(folder, name);

  /** Cluster nodes that are set up for certificates, and hosts. */
  async function labOf(
    signing: { readonly by: 'hand' } | { readonly by: 'program'; readonly script: string },
    trouble: Readonly<Record<string, HostTrouble>> = {},
  ): Promise<FakeLab> {
    const { FakeLab: Lab } = await program();
    const lab = new Lab(['h1'], { c1: { key: 'none' }, c2: { key: 'none' }, ...trouble });
    for (const name of ['c1', 'c2']) {
      lab.change(name, 'environment', ['file=/etc/default/pacemaker', ...VARIABLES].join('\n'));
      lab.change(name, 'daemon', ['running', ...VARIABLES].join('\n'));
      lab.change(name, 'capability', 'yes');
    }
    const authentication: AuthenticationSpec = {
      method: 'x509',
      x509: {
        kind: 'requests',
        ca: path('ca.pem'),
        certificatePattern: path('{node}.pem'),
        crl: undefined,
        signing:
          signing.by === 'hand'
            ? { by: 'hand', requestPattern: path('{node}.csr') }
            : { by: 'program', argv: ['/bin/sh', '-c', signing.script] },
        renewBeforeMs: 30 * DAY_MS,
        removesAuthkey: true,
      },
    };
    return Object.assign(lab, { spec: { ...lab.spec, authentication } });
  }

  const byProgram = {
    by: 'program',
    script: 'exit 9',
  } as const;

  async function complete(lab: FakeLab, planned: Planned): Promise<Planned> {
    const { completeCredentials } = await program();
    return completeCredentials(
      { spec: lab.spec, selected: lab.spec, planned },
      {
        fetchSecret: withoutPrompt,
        signal: new AbortController().signal,
        report: (line) => reported.push(line),
      },
    );
  }

  async function plan(lab: FakeLab): Promise<Planned> {
    return (await program()).planOf(lab);
  }

  async function apply(lab: FakeLab): Promise<Applied> {
    return (await program()).apply(lab, { planned: await complete(lab, await plan(lab)) });
  }

  async function refused(work: Promise<unknown>): Promise<{ code: string; message: string }> {
    const { OutriggerError } = await program();
    try {
      await work;
    } catch (thrown) {
      assert.ok(thrown instanceof OutriggerError, String(thrown));
      return { code: thrown.code, message: thrown.message.replaceAll(folder, '') };
    }
    return assert.fail('it went well');
  }

  async function sign(node: string): Promise<void> {
    const text = readFileSync(path(`${node}.csr`), 'utf8');
    writeFileSync(path(`${node}.pem`), (await signRequest(text, authority, VALID)).pem);
  }

  const changed = (lab: FakeLab): string[] =>
    lab.hosts.flatMap(({ name, ran, written }) => [
      ...ran.filter((script) => script !== 'probe').map((script) => `${name} ${script}`),
      ...written.map((file) => `${name} ${file.path}`),
    ]);

  it('are planned without making anything, and by hand awaited one by one', async () => {
    const lab = await labOf({ by: 'hand' });
    const planned = await plan(lab);
    const shown = planned.plan.plays
      .flatMap(({ changes }) => changes)
      .filter(({ host, item }) => host === 'h1' && item === 'certificate')
      .flatMap(({ attributes }) => attributes.map(({ name, after }) => `${name}: ${after ?? ''}`));
    assert.deepEqual(shown.slice(1), [
      `certificate: new, not issued yet: ${path('h1.pem')}, for the CSR ${path('h1.csr')}`,
      'key: a new key, created on the host',
    ]);
    assert.ok(changed(lab).every((step) => / (simulate|verify-cib)$/.test(step)));
    assert.equal(existsSync(path('h1.csr')), false);

    const { code, message } = await refused(complete(lab, planned));
    assert.equal(code, 'CERTIFICATES_AWAITED');
    assert.deepEqual(message.split('\n').slice(1), [
      '  c1: /c1.pem, for the CSR /c1.csr',
      '  c2: /c2.pem, for the CSR /c2.csr',
      '  h1: /h1.pem, for the CSR /h1.csr',
    ]);
    assert.match(reported.join('\n'), /at most 60 s/);
    assert.deepEqual(
      changed(lab).filter((step) => !/ (simulate|verify-cib)$/.test(step)),
      ['c1 make-request', 'c2 make-request', 'h1 make-request'],
    );

    await sign('c1');
    const second = await refused(plan(lab));
    assert.equal(second.message.split('\n').length, 3, 'those of c2 and h1');
    lab.forget();
    await sign('c2');
    assert.deepEqual(
      (await plan(lab)).plan.problems.map(({ host, code: why }) => [host, why]),
      [['h1', 'CERTIFICATE_AWAITED']],
    );
    await sign('h1');
    lab.forget();
    const applied = await apply(lab);
    assert.deepEqual([...applied.failed], []);
    assert.ok(
      lab.hosts.every(({ written }) => written.every((file) => !file.path.includes('key'))),
    );
    assert.ok(
      lab.hosts.every(({ ran }) => !ran.includes('make-request')),
      'its keys waited',
    );
    assert.deepEqual((await plan(lab)).plan.inSync, ['c1', 'c2', 'h1']);
  });

  it('go on with the old pair while a new certificate is awaited, and refuse a wrong one', async () => {
    const lab = await labOf({ by: 'hand' });
    await refused(apply(lab));
    for (const node of ['c1', 'c2', 'h1']) await sign(node);
    await apply(lab);
    const renew = async (): Promise<Planned> => {
      const { planCluster } = await import('../../src/flows/plan/plan-cluster.ts');
      const { sitePlaybook } = await import('../support/specs.ts');
      return planCluster({
        spec: lab.spec,
        selected: lab.spec,
        playbook: sitePlaybook,
        forks: 10,
        connect: lab.network.connect,
        fetchSecret: withoutPrompt,
        signal: new AbortController().signal,
        renewed: new Set(['h1']),
      });
    };
    const { message } = await refused(complete(lab, await renew()));
    assert.equal(
      message,
      'certificates have not been issued yet:\n  h1: /h1.pem, for the CSR /h1.csr',
    );
    const { plan: meanwhile } = await plan(lab);
    assert.deepEqual(meanwhile.inSync, ['c1', 'c2', 'h1']);
    assert.match(meanwhile.notes.join('\n'), /h1: its new certificate has not been issued yet/);
    const good = readFileSync(path('h1.pem'), 'utf8');
    writeFileSync(path('h1.pem'), good.slice(0, 300));
    assert.match((await refused(plan(lab))).message, /\/h1\.pem: it is truncated/);
    await sign('h1');
    lab.forget();
    await apply(lab);
    assert.ok(lab.host('h1').ran.includes('activate-pair'));
    assert.doesNotMatch((await plan(lab)).plan.notes.join('\n'), /not been issued yet/);
  });

  it('are signed by a program, one after the other, and kept as soon as they are there', async () => {
    // The test is the authority: what the program shall print for a node lies there beforehand.
    const script = 'cat >/dev/null; cat "$FOLDER/for-$OUTRIGGER_NODE" 2>/dev/null';
    process.env['FOLDER'] = folder;
    const lab = await labOf({ by: 'program', script });
    const failed = await refused(apply(lab));
    assert.match(failed.message, /did not sign the CSR of c1: exit code 1$/);
    const give = async (node: string): Promise<void> => {
      const text = await (async () => {
        const { stdout } = await lab.host(node).exec({
          script: readFileSync(
            new URL('../../src/host/scripts/files/make-request.sh', import.meta.url),
            'utf8',
          ),
          params: ['', node],
          timeoutMs: 1,
        });
        return stdout;
      })();
      writeFileSync(path(`for-${node}`), (await signRequest(text, authority, VALID)).pem);
    };
    await give('c1');
    assert.match((await refused(apply(lab))).message, /did not sign the CSR of c2/);
    assert.ok(existsSync(path('c1.pem')), 'what was signed is kept');
    await give('c2');
    writeFileSync(path('for-h1'), authority.pem);
    const wrong = await refused(apply(lab));
    assert.match(
      wrong.message,
      /h1:\S+key-new\.pem: it is not the key of the output of \/bin\/sh for h1/,
    );
    assert.equal(existsSync(path('h1.pem')), false);
    assert.ok(lab.hosts.every(({ written }) => written.length === 0));
    await give('h1');
    assert.deepEqual([...(await apply(lab)).failed], []);
    assert.deepEqual((await plan(lab)).plan.inSync, ['c1', 'c2', 'h1']);
    delete process.env['FOLDER'];
  });

  it('are not asked for with the request of a host that names another, or has no openssl', async () => {
    const forged = (await request('c1')).pem;
    const lab = await labOf(byProgram, {
      h1: { answers: { 'make-request': () => forged } },
      c2: {
        key: 'none',
        answers: { 'make-request': () => ({ code: 1, stderr: 'openssl is not installed' }) },
      },
    });
    assert.deepEqual((await refused(apply(lab))).message.split('\n').slice(1), [
      '  c2: make-request: openssl is not installed',
      '  h1: its CSR cannot be used: it names CN=c1, dns:c1 instead of this node only',
    ]);
    lab.change('h1', 'made_keys', 'openssl missing');
    const { problems } = (await plan(lab)).plan;
    assert.match(problems[0]?.message ?? '', /^openssl is not installed/);
  });
});
