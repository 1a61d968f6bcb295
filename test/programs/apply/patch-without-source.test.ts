/** A patch that is guarded by the epoch alone: which ones may be, and what becomes of them. As crm_diff 3.0.0 prints them. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hostScript } from '../../support/host-script.ts';

const VERSION = `  <version>
    <source admin_epoch="0" epoch="5" num_updates="3"/>
    <target admin_epoch="0" epoch="6" num_updates="0"/>
  </version>
`;
const OF_CIB = (attribute: string) => `  <change operation="modify" path="/cib">
    <change-list>
      <change-attr name="epoch" operation="set" value="6"/>
      <change-attr name="${attribute}" operation="set" value="0"/>
    </change-list>
    <change-result>
      <cib crm_feature_set="3.19.0" epoch="6" num_updates="0" admin_epoch="0" have-quorum="1" dc-uuid="1"/>
    </change-result>
  </change>
`;
const EDIT = `  <change operation="create" path="/cib/configuration/resources" position="1">
    <primitive id="r2" class="ocf" provider="pacemaker" type="remote"/>
  </change>
`;
const SEEN = `  <change operation="create" path="/cib/status" position="1">
    <node_state id="r2" uname="r2" remote_node="true" crm-debug-origin="outrigger"/>
  </change>
`;
const GONE = `  <change operation="delete" path="/cib/status/node_state[@id='r1']"/>\n`;
const ONE = [VERSION, GONE, OF_CIB('num_updates'), EDIT, SEEN];

describe('a patch that is guarded by the epoch alone', () => {
  let folder = '';
  const whole = hostScript('apply/cluster/write-cib.sh');
  const [text = assert.fail()] = /^without_source\(\) \{\n[^]*?^\}\n/m.exec(whole) ?? [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'outrigger-patch-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  function made(parts: readonly string[]): string | undefined {
    const file = join(folder, 'patch.xml');
    const before = `<diff format="2">\n${parts.join('')}</diff>\n`;
    writeFileSync(file, before);
    const script = `work=$1 expected=0.5\n${text}without_source`;
    const { status, stderr } = spawnSync('sh', ['-c', script, 'sh', folder], { encoding: 'utf8' });
    assert.equal(stderr, '');
    const after = readFileSync(file, 'utf8');
    if (status !== 0) assert.equal(after, before, 'a refused patch stays as it is');
    return status === 0 ? after : undefined;
  }

  it('names one epoch further, no source, and nothing of /cib itself', () => {
    const target = '    <target admin_epoch="0" epoch="6" num_updates="0"/>\n';
    assert.equal(
      made(ONE),
      `<diff format="2">\n  <version>\n${target}  </version>\n${GONE}${EDIT}${SEEN}</diff>\n`,
    );
  });

  it('is the same where ids are in other quotes, as crm_diff 2.1.5 prints them', () => {
    const quoted = (text: string) => text.replaceAll("'", '&apos;');
    assert.match(made([VERSION, quoted(GONE), EDIT]) ?? '', /node_state\[@id=&apos;r1&apos;\]/);
  });

  it('may change times and origins of the last edit', () => {
    for (const attribute of ['cib-last-written', 'update-client', 'update-origin', 'update-user'])
      assert.notEqual(made([VERSION, OF_CIB(attribute), EDIT]), undefined, attribute);
  });

  const FORBIDDEN: Readonly<Record<string, readonly string[]>> = {
    'quorum, the DC or a schema': [VERSION, OF_CIB('have-quorum'), EDIT],
    'no configuration': [VERSION, OF_CIB('num_updates'), SEEN, GONE],
    'a state that changes': [
      ...ONE,
      `  <change operation="modify" path="/cib/status/node_state[@id='1']">\n  </change>\n`,
    ],
    'a state that moves': [
      ...ONE,
      `  <change operation="move" path="/cib/status/node_state[@id='1']" position="2"/>\n`,
    ],
    'a part of a state': [
      ...ONE,
      `  <change operation="delete" path="/cib/status/node_state[@id='1']/lrm[@id='1']/lrm_resources/lrm_resource[@id='d1']"/>\n`,
      `  <change operation="create" path="/cib/status/node_state[@id='1']/transient_attributes[@id='1']" position="0">\n  </change>\n`,
    ],
    'the whole status': [...ONE, '  <change operation="delete" path="/cib/status"/>\n'],
    'the whole configuration, which is none of ours': [
      VERSION,
      '  <change operation="modify" path="/cib/configurations">\n  </change>\n',
    ],
    'no version': [OF_CIB('num_updates'), EDIT],
    'a change of /cib that does not end': [
      ...ONE,
      '  <change operation="modify" path="/cib">\n    <change-list>\n',
    ],
    'one line': [ONE.join('').replaceAll(/\n */g, '')],
    nothing: [],
  };
  for (const [what, parts] of Object.entries(FORBIDDEN))
    it(`is not made of one with ${what}`, () => {
      assert.equal(made(parts), undefined);
    });
});
