import assert from 'node:assert/strict';
import { readCib } from '../../../src/pacemaker/cib/cib.ts';
import {
  isFencingOn,
  isInMaintenance,
  isOptionOn,
  startsByQuorum,
} from '../../../src/pacemaker/cib/cluster-options.ts';
import { readCrmMon } from '../../../src/pacemaker/status/crm-mon.ts';
import { crmMonXml } from '../../support/crm-mon.ts';

const cibWith = (options: Readonly<Record<string, string>>) =>
  readCib(
    `<cib admin_epoch="0" epoch="1" num_updates="0"><configuration><crm_config><cluster_property_set id="cib-bootstrap-options">${Object.entries(
      options,
    )
      .map(([name, value]) => `<nvpair id="o-${name}" name="${name}" value="${value}"/>`)
      .join('')}</cluster_property_set></crm_config></configuration></cib>`,
  );

const since302 = { 'dc-version': '3.0.2-1.el10' };

/** What is written, what crm_mon says of it, and whether the cluster fences. */
const FENCING: readonly (readonly [
  what: string,
  written: Readonly<Record<string, string>>,
  reported: Readonly<Record<string, string>>,
  isOn: boolean,
])[] = [
  [
    'the new name on a Pacemaker before 3.0.2, which ignores it',
    { 'fencing-enabled': 'false' },
    { 'stonith-enabled': 'true' },
    true,
  ],
  [
    'the new name on 3.0.3',
    { 'fencing-enabled': 'false' },
    { 'stonith-enabled': 'false', 'fencing-enabled': 'false' },
    false,
  ],
  [
    'the old name on 3.0.3',
    { 'stonith-enabled': 'no' },
    { 'stonith-enabled': 'false', 'fencing-enabled': 'false' },
    false,
  ],
  [
    'both names, of which an older Pacemaker takes its own',
    { 'fencing-enabled': 'true', 'stonith-enabled': 'false' },
    { 'stonith-enabled': 'false' },
    false,
  ],
  ['nothing', {}, { 'stonith-enabled': 'true' }, true],
];

/** What is written, where crm_mon says nothing of it, and whether the cluster fences. */
const WRITTEN: readonly (readonly [
  what: string,
  written: Readonly<Record<string, string>>,
  isOn: boolean,
])[] = [
  ['nothing', {}, true],
  ['the old name', { 'stonith-enabled': 'off' }, false],
  ['the old name on 3.0.2', { ...since302, 'stonith-enabled': 'off' }, false],
  ['the new name on 3.0.2', { ...since302, 'fencing-enabled': 'No' }, false],
  ['the new name on 3.1', { 'dc-version': '3.1.0-1.el11', 'fencing-enabled': 'No' }, false],
  ['the new name on 3.0.1', { 'dc-version': '3.0.1-3.el10', 'fencing-enabled': 'false' }, true],
  ['the new name on 2.1.5', { 'dc-version': '2.1.5-9', 'fencing-enabled': 'false' }, true],
  ['the new name, nobody knows on which version', { 'fencing-enabled': 'false' }, true],
  ['both on 3.0.2', { ...since302, 'fencing-enabled': 'true', 'stonith-enabled': 'false' }, true],
  ['both on 2.1.5', { 'fencing-enabled': 'true', 'stonith-enabled': 'false' }, false],
  // The name counts that is set: its value is no boolean, so that the default does.
  [
    'a word that is none on 3.0.2',
    { ...since302, 'fencing-enabled': 'maybe', 'stonith-enabled': 'false' },
    true,
  ],
];

describe('a cluster option', () => {
  for (const [what, written, options, isOn] of FENCING)
    it(`counts as the cluster itself uses it: ${what}`, () => {
      const mon = readCrmMon(crmMonXml({ options }));
      assert.equal(isFencingOn({ cib: cibWith(written), mon }), isOn);
    });

  for (const [what, written, isOn] of WRITTEN)
    it(`is read from the CIB by the names that its version knows: ${what}`, () => {
      assert.equal(isFencingOn({ cib: cibWith(written), mon: { options: {} } }), isOn);
    });

  it('says whether the lack of quorum stops anything', () => {
    const policy = (written: Record<string, string>, options: Record<string, string> = {}) =>
      startsByQuorum({ cib: cibWith(written), mon: { options } });
    for (const value of ['stop', 'freeze', 'demote', 'fence', 'suicide', 'ignored'])
      assert.equal(policy({ 'no-quorum-policy': value }), false, value);
    assert.equal(policy({}), false);
    assert.equal(policy({ 'no-quorum-policy': 'Ignore' }), true);
    assert.equal(policy({ 'no-quorum-policy': 'ignore' }, { 'no-quorum-policy': 'stop' }), false);
    assert.equal(policy({}, { 'no-quorum-policy': 'ignore' }), true);
  });

  it('counts by score, of which none is more than INFINITY', () => {
    const set = (id: string, score: string, value: string) =>
      `<cluster_property_set id="${id}" score="${score}"><nvpair id="${id}-v" name="have-watchdog" value="${value}"/></cluster_property_set>`;
    const watchdog = (config: string): boolean => {
      const configuration = `<configuration><crm_config>${config}</crm_config></configuration>`;
      const cib = readCib(`<cib admin_epoch="0" epoch="1" num_updates="0">${configuration}</cib>`);
      return isOptionOn({ cib, mon: { options: {} } }, 'have-watchdog');
    };
    assert.equal(watchdog(set('a', '9', 'true') + set('b', '8', 'false')), true);
    assert.equal(watchdog(set('a', 'INFINITY', 'false') + set('b', '2000000', 'true')), true);
    assert.equal(watchdog(set('a', '2000000', 'false') + set('b', 'INFINITY', 'true')), true);
  });

  it('counts also where a rule decides over it, which the CIB alone does not tell', () => {
    const mon = readCrmMon(crmMonXml({ options: { 'maintenance-mode': 'true' } }));
    assert.equal(isInMaintenance({ cib: cibWith({}), mon }), true);
    const ended = readCrmMon(crmMonXml({ options: { 'maintenance-mode': 'false' } }));
    const written = cibWith({ 'maintenance-mode': 'true' });
    assert.equal(isInMaintenance({ cib: written, mon: ended }), false);
    assert.equal(isInMaintenance({ cib: written, mon: { options: {} } }), true);
  });
});
