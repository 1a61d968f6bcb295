import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readCib } from '../../../src/pacemaker/cib/cib.ts';
import { applyOperations } from '../../../src/pacemaker/procedures/edit.ts';
import { fenceCoverage } from '../../../src/pacemaker/edits/fencing.ts';
import { withdraw, type Withdrawal } from '../../../src/pacemaker/procedures/withdraw.ts';
import { serializeXml } from '../../../src/pacemaker/basics/xml.ts';

const cibWith = (parameters: Readonly<Record<string, string>>): string => {
  const pairs = Object.entries(parameters)
    .map(([name, value]) => `<nvpair id="i-${name}" name="${name}" value="${value}"/>`)
    .join('');
  return serializeXml(
    readCib(`<cib admin_epoch="0" epoch="1" num_updates="0"><configuration><resources>
      <primitive id="pdu" class="stonith" type="fence_apc">${pairs === '' ? '' : `<instance_attributes id="i">${pairs}</instance_attributes>`}</primitive>
    </resources></configuration></cib>`).root,
  );
};

/** A CIB in which the device covers these nodes as well, and what that has added. */
function extended(text: string, nodes: readonly (readonly [string, string | undefined])[]) {
  let now = text;
  const entries: Withdrawal[] = [];
  for (const [node, plug] of nodes) {
    const coverage = fenceCoverage(readCib(now), { node, device: 'pdu', plug });
    if (coverage.kind !== 'extend') continue;
    const { name, entry } = coverage.operation;
    now = applyOperations(now, [coverage.operation]);
    entries.push({ device: 'pdu', parameter: name, entry });
  }
  return { now, entries };
}

/** The CIB without them, and with the version that it had. */
const withdrawn = (text: string, entries: readonly Withdrawal[]): string =>
  applyOperations(text, withdraw(readCib(text), entries)).replace(/ epoch="\d+"/, ' epoch="1"');

describe('entries that are taken out of the lists of a fence device', () => {
  const names = fc.uniqueArray(fc.stringMatching(/^[a-z][a-z0-9]{0,5}$/), { maxLength: 4 });

  it('leave the CIB as it was before they were added, whatever else stands there', () => {
    fc.assert(
      fc.property(
        names,
        names,
        fc.constantFrom(' ', ', ', ',', ';', ' ; '),
        fc.boolean(),
        (before, added, separator, isMap) => {
          const value = before.map((name) => (isMap ? `${name}:p${name}` : name));
          const joined = value.join(isMap ? separator.replace(',', ';') : separator);
          const parameter = isMap ? 'pcmk_host_map' : 'pcmk_host_list';
          const text = cibWith({ pcmk_host_check: 'static-list', [parameter]: joined });
          fc.pre(joined !== '');
          const { now, entries } = extended(
            text,
            added.map((name) => [name, isMap ? `q${name}` : undefined] as const),
          );
          assert.equal(withdrawn(now, entries), text);
        },
      ),
    );
  });

  it('leave no list behind where there was none, and no block', () => {
    const text = cibWith({ pcmk_host_check: 'static-list' });
    const { now, entries } = extended(text, [['r1', undefined]]);
    assert.equal(entries.length, 1);
    assert.equal(withdrawn(now, entries), text);
  });

  it('are left alone where they are not there any more, or the list stands twice by now', () => {
    const gone = [{ device: 'pdu', parameter: 'pcmk_host_list', entry: 'r1' }];
    assert.deepEqual(withdraw(readCib(cibWith({ pcmk_host_list: 'c1 r12' })), gone), []);
    assert.deepEqual(withdraw(readCib(cibWith({})), gone), []);
    assert.deepEqual(
      withdraw(readCib(cibWith({})), [
        { device: 'none', parameter: 'pcmk_host_list', entry: 'r1' },
      ]),
      [],
    );
    const twice = cibWith({ pcmk_host_list: 'r1' }).replace(
      '</primitive>',
      '<instance_attributes id="j"><nvpair id="j-l" name="pcmk_host_list" value="r1"/></instance_attributes></primitive>',
    );
    assert.deepEqual(withdraw(readCib(twice), gone), []);
  });
});
