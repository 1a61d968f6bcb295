import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(
  new URL('../../../src/host/scripts/cluster/forget-nodes.sh', import.meta.url),
);

const REMOTE = '<primitive id="h2" class="ocf" provider="pacemaker" type="remote"/>';

describe('forget-nodes, whatever was checked before', () => {
  let bin = '';
  beforeEach(() => {
    bin = mkdtempSync(join(tmpdir(), 'outrigger-forget-'));
  });
  afterEach(() => {
    rmSync(bin, { recursive: true });
  });

  /** What it forgets of these names with such a CIB, and what it says. */
  function forget(names: readonly string[], cib: string, cibadmin = 'cat "$0.xml"') {
    const asked = join(bin, 'asked');
    writeFileSync(join(bin, 'cibadmin.xml'), `<cib><configuration>${cib}</configuration></cib>\n`);
    writeFileSync(join(bin, 'cibadmin'), `#!/bin/sh\n${cibadmin}\n`, { mode: 0o755 });
    writeFileSync(join(bin, 'crm_node'), `#!/bin/sh\necho "$3" >>'${asked}'\n`, { mode: 0o755 });
    const { status, stderr } = spawnSync('/bin/sh', [SCRIPT, ...names], {
      env: { PATH: `${bin}:/usr/bin:/bin` },
      encoding: 'utf8',
    });
    const forgotten = existsSync(asked) ? readFileSync(asked, 'utf8').trim().split('\n') : [];
    return { status, stderr, forgotten };
  }

  it('forgets what is gone', () => {
    const other = REMOTE.replace('h2', 'h20');
    const left = '<nodes><node id="H2" uname="H2" type="remote"/></nodes>';
    const { status, forgotten } = forget(['H2', 'h3'], `${left}${other}`);
    assert.deepEqual([status, forgotten], [0, ['H2', 'h3']]);
  });

  for (const [what, cib] of Object.entries({
    'a connection': REMOTE,
    'a connection with its attributes in another order':
      '<primitive type="remote" class="ocf" id="h2" provider="pacemaker">',
    'a connection of a template': '<primitive id="h2" template="remotes"/>',
    'a guest node':
      '<primitive id="vm"><meta_attributes id="m"><nvpair id="n" name="remote-node" value="h2"/></meta_attributes></primitive>',
    'a cluster node': '<nodes><node id="1" uname="h2"/></nodes>',
    'a cluster node of an old kind': '<nodes><node id="1" type="normal" uname="h2"/></nodes>',
  }))
    it(`forgets nothing at all where one of the names is ${what}, in any spelling`, () => {
      for (const name of ['h2', 'H2']) {
        const { status, stderr, forgotten } = forget(['h9', name], cib);
        assert.deepEqual([status, forgotten], [1, []]);
        assert.match(stderr, new RegExp(`^${name} is not forgotten`));
      }
    });

  it('forgets nothing where the cluster gives no answer', () => {
    const { status, forgotten } = forget(['h9'], '', 'exit 102');
    assert.deepEqual([status, forgotten], [1, []]);
  });
});
