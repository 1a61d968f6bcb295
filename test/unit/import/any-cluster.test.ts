import assert from 'node:assert/strict';
import fc from 'fast-check';
import { DOUBTFUL, FORBIDDEN, RAW } from '../../hostile/nasty.ts';
import { changesIn, cibOf, imported, specOf, reported } from './clusters.ts';
import { cases } from '../../support/cases.ts';

describe('an imported inventory', () => {
  it('is valid and changes nothing, whatever the CIB holds', () => {
    const text = fc.oneof(
      fc.constantFrom(...[...FORBIDDEN, ...DOUBTFUL].map((each) => each.text)),
      fc.string({ unit: 'grapheme', maxLength: 12 }),
      fc.constantFrom(
        'true',
        'yes',
        'null',
        '~',
        '007',
        '0x1f',
        '1e3',
        '-0',
        '12',
        '- a',
        'a: b',
        '#',
      ),
    );
    const name = fc.oneof(
      { weight: 3, arbitrary: fc.stringMatching(/^[a-z_][a-z0-9._-]{0,6}$/) },
      text,
    );
    const values = fc.dictionary(name, text, { maxKeys: 4 });
    const server = fc.oneof({ weight: 3, arbitrary: fc.ipV4() }, fc.ipV6(), text);
    const duration = fc.oneof(fc.constantFrom('60', '60s', '1min', '0', '1.5s', 'P1D'), text);
    const op = fc.record({
      name: fc.oneof(fc.constantFrom('start', 'stop', 'monitor', 'reload'), name),
      interval: duration,
      timeout: duration,
    });
    const remotes = fc.uniqueArray(
      fc.record({
        id: fc.oneof({ weight: 3, arbitrary: fc.stringMatching(/^r[0-9]{1,3}$/) }, name),
        parameters: fc.record(
          {
            server,
            port: fc.oneof(fc.nat(70_000).map(String), text),
            reconnect_interval: duration,
          },
          { requiredKeys: [] },
        ),
        meta: values,
        attributes: fc.oneof(values, fc.constantFrom({ standby: 'on' }, { maintenance: '1' })),
        operations: fc.array(op, { maxLength: 4 }),
      }),
      { selector: ({ id }) => id, maxLength: 6 },
    );
    fc.assert(
      fc.property(remotes, (all) => {
        const hostile = cibOf(all);
        const once = imported(reported(hostile));
        const spec = specOf(once);
        assert.doesNotMatch(once.text, RAW);
        assert.deepEqual(changesIn(hostile, spec), []);
        assert.equal(imported(reported(hostile)).text, once.text);
        const unsaid = all.filter(({ id }) => !spec.remoteNodes.some((node) => node.name === id));
        for (const { id } of unsaid)
          assert.ok(
            once.notes.some((note) => note.startsWith(`${id}: `)),
            id,
          );
      }),
      { numRuns: cases(40) }, // each is read half a dozen times
    );
  });
});
