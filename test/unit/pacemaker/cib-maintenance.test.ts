import assert from 'node:assert/strict';
import { maintenanceMode, readCib } from '../../../src/pacemaker/cib/cib.ts';
import {
  applyOperations,
  endMaintenance,
  beginMaintenance,
  isHeldInMaintenance,
  type CibOperation,
} from '../../../src/pacemaker/procedures/edit.ts';
import { parseXml } from '../../../src/pacemaker/basics/xml.ts';

const cibWith = (crmConfig: string): string =>
  `<cib admin_epoch="0" epoch="7" num_updates="1" have-quorum="1"><configuration><crm_config>${crmConfig}</crm_config><nodes/><resources/></configuration><status/></cib>`;

const bootstrap = (pairs: string): string =>
  `<cluster_property_set id="cib-bootstrap-options">${pairs}</cluster_property_set>`;

const OPTION = (value: string): string =>
  `<nvpair id="cib-bootstrap-options-maintenance-mode" name="maintenance-mode" value="${value}"/>`;

const CASES: readonly (readonly [what: string, crmConfig: string, afterwards: boolean])[] = [
  ['does not set it', bootstrap(''), false],
  ['has no options', '', false],
  ['sets it to false', bootstrap(OPTION('false')), false],
  ['sets it to No', bootstrap(OPTION('No')), false],
  ['sets it to true', bootstrap(OPTION('true')), true],
  [
    'sets it to false in another block',
    `<cluster_property_set id="mine">${OPTION('false')}</cluster_property_set>`,
    false,
  ],
];

/** The values of the option, in the order of the text. */
const valuesIn = (text: string): string[] =>
  [...text.matchAll(/name="maintenance-mode" value="([^"]*)"/g)].map(([, value = '']) => value);

/** As pcs writes it. */
const byHand = (value: string): CibOperation => ({
  kind: 'merge',
  fragment: parseXml(
    `<cib><configuration><crm_config>${bootstrap(OPTION(value))}</crm_config></configuration></cib>`,
    'the edit',
  ),
});

describe('maintenance mode for a restart of Pacemaker', () => {
  for (const [what, crmConfig, afterwards] of CASES) {
    it(`is restored to what it was, where the CIB ${what}`, () => {
      const before = cibWith(crmConfig);
      const inMaintenance = applyOperations(before, beginMaintenance(readCib(before)));
      assert.ok(maintenanceMode(readCib(inMaintenance)), inMaintenance);
      assert.ok(isHeldInMaintenance(readCib(inMaintenance)));
      assert.deepEqual(
        beginMaintenance(readCib(inMaintenance)),
        [],
        'once is enough, also after a crash',
      );
      const restored = applyOperations(inMaintenance, endMaintenance(readCib(inMaintenance)));
      assert.equal(maintenanceMode(readCib(restored)), afterwards);
      assert.ok(!isHeldInMaintenance(readCib(restored)));
      assert.deepEqual(valuesIn(restored), valuesIn(before));
      assert.deepEqual(endMaintenance(readCib(restored)), []);
    });
  }

  for (const [what, before] of [
    ['it was not set', bootstrap('')],
    ['it was off', bootstrap(OPTION('false'))],
  ] as const) {
    it(`is entered again where an operator ended maintenance mode by hand, and ${what} before`, () => {
      const first = applyOperations(cibWith(before), beginMaintenance(readCib(cibWith(before))));
      const ended = applyOperations(first, [byHand('off')]);
      assert.ok(!maintenanceMode(readCib(ended)), ended);
      const inMaintenance = applyOperations(ended, beginMaintenance(readCib(ended)));
      assert.ok(maintenanceMode(readCib(inMaintenance)), inMaintenance);
      const restored = applyOperations(inMaintenance, endMaintenance(readCib(inMaintenance)));
      assert.deepEqual(valuesIn(restored), ['off'], 'as the operator wrote it');
    });
  }

  it('is entered again where an operator ended maintenance mode in our block, as crm_attribute does', () => {
    for (const before of ['', bootstrap('')]) {
      const first = applyOperations(cibWith(before), beginMaintenance(readCib(cibWith(before))));
      const ended = first.replace(/(name="maintenance-mode" value=)"yes"/, '$1"false"');
      assert.ok(!maintenanceMode(readCib(ended)), ended);
      const inMaintenance = applyOperations(ended, beginMaintenance(readCib(ended)));
      assert.ok(maintenanceMode(readCib(inMaintenance)), inMaintenance);
      const restored = applyOperations(inMaintenance, endMaintenance(readCib(inMaintenance)));
      assert.deepEqual(valuesIn(restored), []);
    }
  });

  const begunIn = (text: string): string => applyOperations(text, beginMaintenance(readCib(text)));
  const endedIn = (text: string): string => applyOperations(text, endMaintenance(readCib(text)));

  for (const [what, before] of [
    ['it was not set', bootstrap('')],
    ['there were no options', ''],
    ['it was off', bootstrap(OPTION('false'))],
  ] as const) {
    it(`stays on where an operator enabled it meanwhile, and ${what} before`, () => {
      const switched = applyOperations(begunIn(cibWith(before)), [byHand('true')]);
      const left = endedIn(begunIn(switched));
      assert.deepEqual(valuesIn(left), ['true']);
      assert.ok(!isHeldInMaintenance(readCib(left)));
    });

    it(`stays off where an operator ended it after the last restart, and ${what} before`, () => {
      const ended = applyOperations(begunIn(cibWith(before)), [byHand('off')]);
      assert.deepEqual(valuesIn(endedIn(ended)), ['off']);
    });
  }

  for (const [what, before] of [
    ['it was not set', bootstrap('')],
    [
      'it was off elsewhere',
      `<cluster_property_set id="mine">${OPTION('false')}</cluster_property_set>`,
    ],
  ] as const) {
    it(`stays on where an operator enabled it in our block, as crm_attribute does, and ${what} before`, () => {
      const inMaintenance = begunIn(cibWith(before));
      const switched = inMaintenance.replace(/(name="maintenance-mode" value=)"yes"/, '$1"true"');
      assert.notEqual(switched, inMaintenance);
      const left = endedIn(begunIn(switched));
      assert.ok(maintenanceMode(readCib(left)), left);
      assert.ok(!isHeldInMaintenance(readCib(left)));
    });
  }
});
