import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  at,
  child,
  element,
  indexById,
  parseXml,
  serializeXml,
  walk,
  type XmlElement,
} from '../../../src/pacemaker/basics/xml.ts';
import { OutriggerError } from '../../../src/support/errors.ts';
import { fixture } from './fixtures.ts';

const names = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9._-]{0,8}$/);

const SPECIAL = ['&', '<', '>', '"', "'", '\t', '\n', '\r', ' ', ';', '#'];

const values = fc
  .string({ unit: fc.oneof(fc.constantFrom(...SPECIAL), fc.string({ unit: 'grapheme' })) })
  .filter((text) => !/[^\P{Cc}\t\n\r]|[\ufffe\uffff]/u.test(text));

const { tree } = fc.letrec<{ tree: XmlElement }>((tie) => ({
  tree: fc
    .tuple(
      names,
      fc.dictionary(names, values, { maxKeys: 4 }),
      fc.oneof({ maxDepth: 4 }, fc.constant([]), fc.array(tie('tree'), { maxLength: 3 })),
    )
    .map(([name, attributes, children]) => element(name, attributes, children)),
}));

const refused = (text: string, says: RegExp): void => {
  assert.throws(
    () => parseXml(text, 'the CIB'),
    (thrown) => {
      assert.ok(thrown instanceof OutriggerError);
      assert.equal(thrown.code, 'REPLY_INVALID');
      assert.match(thrown.message, says);
      return true;
    },
  );
};

describe('XML', () => {
  it('reads back what it wrote, whatever the values hold', () => {
    fc.assert(
      fc.property(tree, (root) => {
        assert.deepEqual(parseXml(serializeXml(root), 'it'), root);
      }),
    );
  });

  it('writes a CIB exactly as Pacemaker wrote it', () => {
    const text = fixture('cib.xml');
    assert.equal(serializeXml(parseXml(text, 'the CIB')), text);
  });

  it('refuses what is not well-formed, and says what and where', () => {
    refused('<cib><nodes></cib>', /^the CIB is not well-formed XML: 1:18: /);
    refused('', /root|no element/);
    refused('<cib/><cib/>', /not well-formed/);
    refused('<cib a="1" a="2"/>', /duplicate attribute/);
    refused('<cib a="&nbsp;"/>', /undefined entity|entity/);
    refused('<cib a="\u0001"/>', /disallowed character/);
    refused('cibadmin: connection refused', /text data outside|not well-formed/);
  });

  it('refuses documents that are made to exhaust it', () => {
    refused('<!DOCTYPE cib [<!ENTITY a "aaaa">]><cib/>', /document type declaration/);
    refused('<a>'.repeat(101) + '</a>'.repeat(101), /nested deeper than 100/);
    const attributes = (count: number) =>
      Array.from({ length: count }, (_, index) => ` a${index}="1"`).join('');
    refused(`<a${attributes(1001)}/>`, /1000 attributes/);
    assert.equal(parseXml(`<a${attributes(1000)}/>`, 'it').name, 'a');
  });

  it('does not write a character that XML cannot carry', () => {
    for (const value of ['\u0000', '\u001b[2J', '\ud800', '\uffff']) {
      assert.throws(() => serializeXml(element('nvpair', { value })), /XML cannot carry/);
    }
  });

  it('keeps an attribute named like a property of every object', () => {
    const root = parseXml('<a constructor="1" __proto__="2"/>', 'it');
    assert.deepEqual(Object.entries(root.attributes), [
      ['constructor', '1'],
      ['__proto__', '2'],
    ]);
    assert.ok(!('toString' in root.attributes));
  });

  it('finds by name, by path and by id', () => {
    const root = parseXml('<a><b id="1"><c/></b><b id="2"/></a>', 'it');
    assert.equal(child(root, 'b')?.attributes['id'], '1');
    assert.equal(at(root, 'b', 'c')?.name, 'c');
    assert.equal(at(root, 'c', 'b'), undefined);
    assert.equal(indexById(root).get('2')?.name, 'b');
    assert.deepEqual([...walk(root)].map(({ name }) => name).join(''), 'abcb');
  });
});
