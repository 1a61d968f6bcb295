import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verifyEdit } from '../../../src/probe/verify-cib.ts';
import type { ExecRequest } from '../../../src/host/host.ts';
import { readCib } from '../../../src/pacemaker/cib/cib.ts';
import { protect } from '../../../src/pacemaker/procedures/edit.ts';
import { FakeHost } from '../../support/fake-host.ts';
import { hostScriptArgs } from '../../support/host-script.ts';

const CIB = `<cib epoch="1" num_updates="1" admin_epoch="0"><configuration><crm_config><cluster_property_set id="o">
  <nvpair id="m" name="maintenance-mode" value="true"/></cluster_property_set></crm_config><resources>
  <primitive id="r1" class="ocf" provider="pacemaker" type="remote"/></resources></configuration></cib>`;

describe('the verification of an edit on a host', () => {
  let folder = '';

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'outrigger-verify-'));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  /** Runs the script here, with this in the place of crm_verify; `$3` is the file with the CIB. */
  const verified = (crmVerify: string) => {
    writeFileSync(join(folder, 'crm_verify'), `#!/bin/sh\n${crmVerify}\n`, { mode: 0o755 });
    const host = new FakeHost('c1', {
      'verify-cib': ({ params = [], input = '' }: ExecRequest) => {
        const env = { ...process.env, PATH: `${folder}:${process.env['PATH'] ?? ''}` };
        const { status, stdout } = spawnSync('sh', hostScriptArgs('probe/verify-cib.sh', params), {
          env,
          input: String(input),
          encoding: 'utf8',
        });
        return { code: status ?? 1, stdout };
      },
    });
    const cib = readCib(CIB);
    const cluster = { readFrom: 'c1', cib, cibText: CIB, mon: {} as never, dcState: '' };
    return verifyEdit(host, cluster, protect(cib, ['r1']));
  };

  it('finds nothing where crm_verify finds nothing, and asks it once', async () => {
    const log = join(folder, 'log');
    assert.deepEqual(await verified(`echo "$3" >>${log}`), { refusals: [], remarks: [] });
    const { stdout } = spawnSync('wc', ['-l', log], { encoding: 'utf8' });
    assert.match(stdout, /^1 /);
  });

  it('finds no refusal in a notice', async () => {
    assert.deepEqual(await verified("echo 'notice: something'; exit 0"), {
      refusals: [],
      remarks: [],
    });
    assert.deepEqual(await verified('grep -q quiet "$3" && echo \'notice: something\'; exit 0'), {
      refusals: [],
      remarks: ['notice: something'],
    });
  });

  it('looks at both outside maintenance mode', async () => {
    const { refusals } = await verified(
      `grep -q 'maintenance-mode" value="true"' "$3" && exit 0
       echo 'error: a role' >&2; echo 'Configuration invalid (with errors)' >&2; exit 78`,
    );
    assert.deepEqual(refusals, []);
  });

  it('finds what is new of an error', async () => {
    const { refusals } = await verified(
      `echo 'error: old' >&2; grep -q quiet "$3" && echo 'error: new' >&2
       echo 'Configuration invalid (with errors)' >&2; exit 78`,
    );
    assert.deepEqual(refusals, ['new']);
  });

  it('refuses where there is no crm_verify for the new one alone', async () => {
    const { refusals } = await verified('grep -q quiet "$3" && exit 127; exit 0');
    assert.deepEqual(refusals, ['crm_verify ended with exit code 127']);
  });
});
