import assert from 'node:assert/strict';
import { maintenanceMode, readCib } from '../../../src/pacemaker/cib/cib.ts';
import {
  applyOperations,
  attachCluster,
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
  ['says nothing of it', bootstrap(''), false],
  ['says nothing at all', '', false],
  ['says that it is off', bootstrap(OPTION('false')), false],
  ['says that it is off, in other words', bootstrap(OPTION('No')), false],
  ['says that it is on', bootstrap(OPTION('true')), true],
  [
    'says so elsewhere',
    `<cluster_property_set id="mine">${OPTION('false')}</cluster_property_set>`,
    false,
  ],
];

/** The values of the option, in the order of the text. */
const said = (text: string): string[] =>
  [...text.matchAll(/name="maintenance-mode" value="([^"]*)"/g)].map(([, value = '']) => value);

/** As pcs writes it. */
const byHand = (value: string): CibOperation => ({
  kind: 'merge',
  fragment: parseXml(
    `<cib><configuration><crm_config>${bootstrap(OPTION(value))}</crm_config></configuration></cib>`,
    'the edit',
  ),
});

describe('detaching the cluster from its resources', () => {
  for (const [what, crmConfig, afterwards] of CASES) {
    it(`and attaching it again restores what was, where the operator ${what}`, () => {
      const before = cibWith(crmConfig);
      const detached = applyOperations(before, beginMaintenance(readCib(before)));
      assert.ok(maintenanceMode(readCib(detached)), detached);
      assert.ok(isHeldInMaintenance(readCib(detached)));
      assert.deepEqual(
        beginMaintenance(readCib(detached)),
        [],
        'once is enough, also after a crash',
      );
      const attached = applyOperations(detached, attachCluster(readCib(detached)));
      assert.equal(maintenanceMode(readCib(attached)), afterwards);
      assert.ok(!isHeldInMaintenance(readCib(attached)));
      assert.deepEqual(said(attached), said(before));
      assert.deepEqual(attachCluster(readCib(attached)), []);
    });
  }

  for (const [what, before] of [
    ['nothing was said of it', bootstrap('')],
    ['it was off', bootstrap(OPTION('false'))],
  ] as const) {
    it(`goes on where somebody ended maintenance mode by hand, and ${what} before`, () => {
      const first = applyOperations(cibWith(before), beginMaintenance(readCib(cibWith(before))));
      const ended = applyOperations(first, [byHand('off')]);
      assert.ok(!maintenanceMode(readCib(ended)), ended);
      const detached = applyOperations(ended, beginMaintenance(readCib(ended)));
      assert.ok(maintenanceMode(readCib(detached)), detached);
      const attached = applyOperations(detached, attachCluster(readCib(detached)));
      assert.deepEqual(said(attached), ['off'], 'as they said it');
    });
  }

  it('goes on where somebody ended maintenance mode in the block that is ours, as crm_attribute does', () => {
    for (const before of ['', bootstrap('')]) {
      const first = applyOperations(cibWith(before), beginMaintenance(readCib(cibWith(before))));
      const ended = first.replace(/(name="maintenance-mode" value=)"yes"/, '$1"false"');
      assert.ok(!maintenanceMode(readCib(ended)), ended);
      const detached = applyOperations(ended, beginMaintenance(readCib(ended)));
      assert.ok(maintenanceMode(readCib(detached)), detached);
      const attached = applyOperations(detached, attachCluster(readCib(detached)));
      assert.deepEqual(said(attached), []);
    }
  });

  const detachedFrom = (text: string): string =>
    applyOperations(text, beginMaintenance(readCib(text)));
  const attachedFrom = (text: string): string =>
    applyOperations(text, attachCluster(readCib(text)));

  for (const [what, before] of [
    ['nothing was said of it', bootstrap('')],
    ['nothing was said at all', ''],
    ['it was off', bootstrap(OPTION('false'))],
  ] as const) {
    it(`leaves maintenance mode that somebody switched on meanwhile, where ${what} before`, () => {
      const switched = applyOperations(detachedFrom(cibWith(before)), [byHand('true')]);
      const left = attachedFrom(detachedFrom(switched));
      assert.deepEqual(said(left), ['true']);
      assert.ok(!isHeldInMaintenance(readCib(left)));
    });

    it(`leaves it as somebody has ended it after the last restart, where ${what} before`, () => {
      const ended = applyOperations(detachedFrom(cibWith(before)), [byHand('off')]);
      assert.deepEqual(said(attachedFrom(ended)), ['off']);
    });
  }

  for (const [what, before] of [
    ['nothing was said of it', bootstrap('')],
    [
      'it was off elsewhere',
      `<cluster_property_set id="mine">${OPTION('false')}</cluster_property_set>`,
    ],
  ] as const) {
    it(`leaves what somebody switched on in the block that is ours, as crm_attribute does, where ${what} before`, () => {
      const detached = detachedFrom(cibWith(before));
      const switched = detached.replace(/(name="maintenance-mode" value=)"yes"/, '$1"true"');
      assert.notEqual(switched, detached);
      const left = attachedFrom(detachedFrom(switched));
      assert.ok(maintenanceMode(readCib(left)), left);
      assert.ok(!isHeldInMaintenance(readCib(left)));
    });
  }
});
