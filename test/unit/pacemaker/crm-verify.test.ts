import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  judge,
  outsideMaintenance,
  type Verification,
} from '../../../src/pacemaker/status/crm-verify.ts';
import { parseXml, serializeXml } from '../../../src/pacemaker/basics/xml.ts';

const said = (exitCode: number, complaints = '', notices = ''): Verification => ({
  exitCode,
  complaints: complaints.split('\n'),
  notices: notices.split('\n'),
});

const CLEAN = said(0);

/** Recorded with -V: `pcs resource create st ocf:pacemaker:Stateful promotable` on 3.0.0, outside maintenance mode. */
const ROLES = `warning: Support for the Master role is deprecated and will be removed in a future release. Use Promoted instead.
warning: Support for the Slave role is deprecated and will be removed in a future release. Use Unpromoted instead.
Configuration invalid (with warnings)`;

const OPTION_NAME =
  "warning: Support for legacy name 'stonith-enabled' for cluster option 'fencing-enabled' is deprecated and will be removed in a future release";

/** One fault of a resource's operation, as each release prints it. */
const FAULTS: Readonly<Record<string, string>> = {
  '2.1.5': `(unpack_operation) \terror: Value 'fence' for 'on-fail' is not valid
crm_verify: Errors found during check: config not valid`,
  '2.1.9': `error: Value 'fence' for 'on-fail' is not valid
Errors found during check: config not valid`,
  '3.0.0': `error: Value 'fence' for 'on-fail' is not valid
error: CIB did not pass schema validation
Configuration invalid (with errors)`,
  '3.0.3': `${OPTION_NAME}
error: Value 'fence' for 'on-fail' is not valid
error: CIB did not pass schema validation
Configuration invalid`,
};

const FAULT = "Value 'fence' for 'on-fail' is not valid";

const SCHEMA: Readonly<Record<string, (line: number) => string>> = {
  '2.1.5': (
    line,
  ) => `/tmp/a/intended.xml:${line}: element primitive: Relax-NG validity error : Element primitive failed to validate content
(main) \terror: CIB did not pass schema validation
crm_verify: Errors found during check: config not valid`,
  '3.0.0': () => `Element primitive failed to validate content

error: CIB did not pass schema validation
Configuration invalid (with errors)`,
};

describe('what crm_verify reports of an edit', () => {
  for (const [release, fault] of Object.entries(FAULTS)) {
    it(`is refused for an error that the CIB as it is does not have (${release})`, () => {
      assert.deepEqual(judge(CLEAN, said(78, fault)).refusals, [FAULT]);
    });

    it(`is not refused, nor shown, for what the CIB as it is has as well (${release})`, () => {
      const { refusals, remarks } = judge(said(78, fault), said(78, fault));
      assert.deepEqual([refusals, remarks], [[], []]);
    });
  }

  for (const [release, schema] of Object.entries(SCHEMA)) {
    it(`is refused where the schema does not allow it (${release})`, () => {
      const { refusals } = judge(CLEAN, said(78, schema(10)));
      assert.equal(refusals.length, 1);
      assert.match(refusals[0] ?? '', /^(element primitive: .*)?Element primitive failed to/);
    });

    it(`is compared without the line at which it stands in a file (${release})`, () => {
      assert.deepEqual(judge(said(78, schema(10)), said(78, schema(12))).refusals, []);
    });
  }

  it('is shown and not refused for a warning, although the exit code is 78', () => {
    const { refusals, remarks } = judge(CLEAN, said(78, ROLES));
    assert.deepEqual(refusals, []);
    assert.equal(remarks.length, 2);
    assert.match(remarks[0] ?? '', /^warning: Support for the Master role is deprecated/);
    const other = said(78, 'crm_verify: Warnings found during check: config may not be valid');
    assert.deepEqual(judge(CLEAN, other), { refusals: [], remarks: [] });
  });

  it('is refused for an error beside warnings that were there before', () => {
    const before = said(78, `${OPTION_NAME}\nConfiguration may need attention`);
    const { refusals, remarks } = judge(before, said(78, FAULTS['3.0.3']));
    assert.deepEqual([refusals, remarks], [[FAULT], []]);
  });

  it('is shown and not refused for a notice, unless the CIB as it is gives the same one', () => {
    // Case: the list of a fence device with provides=unfencing gets longer.
    const unfencing = 'notice: Unfencing node c1 because the definition of fence-nova changed';
    const parameters = "Only 'private' parameters to fence-nova for unfencing c1 changed";
    const intended = said(0, '', `${unfencing}\n${parameters}`);
    assert.deepEqual(judge(said(0, '', parameters), intended), {
      refusals: [],
      remarks: [unfencing],
    });
  });

  it('is the same for another instance of a clone', () => {
    const of = (instance: string): Verification =>
      said(78, `error: ${instance} has no role\nConfiguration invalid (with errors)`);
    assert.deepEqual(judge(of('st:0'), of('st:2')).refusals, []);
    assert.deepEqual(judge(of('st:0'), of('other:0')).refusals, ['other:0 has no role']);
  });

  it('is refused where crm_verify fails without a word, unless it fails for the CIB as it is', () => {
    const cannot = said(127, 'crm_verify: not found');
    assert.deepEqual(judge(CLEAN, cannot).refusals, ['crm_verify: not found']);
    assert.deepEqual(judge(CLEAN, said(139)).refusals, ['crm_verify ended with exit code 139']);
    assert.deepEqual(judge(cannot, cannot).refusals, []);
    const summary = 'Configuration invalid (with errors)';
    assert.deepEqual(judge(CLEAN, said(78, summary)).refusals, [summary]);
  });

  it('is nothing of an edit that changes nothing, whatever is printed', () => {
    const verification = fc.record({
      exitCode: fc.constantFrom(0, 1, 78, 124, 139),
      complaints: fc.array(fc.oneof(fc.string(), fc.constantFrom(...Object.values(FAULTS)))),
      notices: fc.array(fc.string()),
    });
    fc.assert(
      fc.property(verification, (one) => {
        const { refusals, remarks } = judge(one, one);
        assert.deepEqual([refusals, remarks], [[], []]);
      }),
    );
  });
});

describe('a CIB outside maintenance', () => {
  const outside = (text: string): string => serializeXml(outsideMaintenance(parseXml(text, 'it')));

  it('has no maintenance of the cluster, of a node or of a resource, and is the same otherwise', () => {
    const cib = (value: string, of: string): string =>
      `<cib><nvpair id="a" name="maintenance-mode" value="${value}"/><node id="1"><nvpair id="b" name="maintenance" value="${of}"/></node>
       <nvpair id="c" name="is-managed" value="false"/><nvpair id-ref="b" name="maintenance"/></cib>`;
    const expected = serializeXml(parseXml(cib('false', 'false'), 'it'));
    assert.equal(outside(cib('yes', 'true')), expected);
    assert.equal(outside(cib('false', 'on')), expected);
  });

  it('is itself where nothing is in maintenance', () => {
    const root = parseXml('<cib><nvpair id="a" name="standby" value="true"/></cib>', 'it');
    assert.equal(outsideMaintenance(root), root);
  });
});
