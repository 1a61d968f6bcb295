import assert from 'node:assert/strict';
import { readExamination } from '../../src/probe/examine.ts';
import { readHost } from '../../src/probe/readers/read-host.ts';
import { readFencers, readRoutes } from '../../src/probe/readers/read-member.ts';
import { splitSections } from '../../src/probe/readers/sections.ts';
import { collectOutput } from '../../src/host/ssh/channel/output.ts';
import { cibView } from '../../src/pacemaker/cib/cib.ts';
import { readCrmMon } from '../../src/pacemaker/status/crm-mon.ts';
import { readSimulation } from '../../src/pacemaker/status/simulate.ts';
import {
  element,
  parseXml,
  serializeXml,
  type XmlElement,
} from '../../src/pacemaker/basics/xml.ts';
import { listenToSudo } from '../../src/shell/script.ts';
import { OutriggerError } from '../../src/support/errors.ts';
import { pemBlocks } from '../../src/credentials/x509/pem.ts';
import { operationsOf } from '../support/operations.ts';
import { readReply, replyOf, sectionsOf } from '../support/replies.ts';

/** With more, each section and each element is looked at by itself; all of it at once is quicker, and finds as much. */
const IS_THOROUGH = process.env['OUTRIGGER_TEST_THOROUGH'] !== undefined;

const FEW = IS_THOROUGH ? 300 : 150;
const TIMES = 4;
/** Sorting takes a little more than its size; what grows with the square takes 16 times as much. */
const MOST = 1.3 * TIMES;
/** What is little at the larger size is not told apart from what begins a reading. */
const LITTLE = 66 * FEW;

/** Counts the work at two sizes. `make` is not part of it. */
async function isLinear<Input>(
  what: string,
  make: (size: number) => Input,
  read: (input: Input) => unknown,
): Promise<void> {
  const work = async (size: number): Promise<number> => {
    const input = make(size);
    return operationsOf(() => {
      try {
        read(input);
      } catch (thrown) {
        if (!(thrown instanceof OutriggerError)) throw thrown;
      }
    });
  };
  const [few, many] = [await work(FEW), await work(FEW * TIMES)];
  assert.ok(many < LITTLE || many < few * MOST, `${what}: ${few}, then ${many} operations`);
}

const golden = new URL('../golden/', import.meta.url);
const recorded = ['tampered/replies/c1', 'own-certificates/replies/c1']
  .map((name) => readReply(new URL(`${name}.probe.txt`, golden)))
  .map(sectionsOf);

function readAll(reply: string): void {
  const sections = splitSections(reply, 'NONCE', 'h1');
  readHost('h1', sections, 0);
  readRoutes(sections);
  readFencers(sections);
  readExamination(sections, []);
}

/** The same line again and again; with a number at the end of each word, or of the last; and with more and more words. */
const VARIATIONS: readonly ((line: string, size: number) => readonly string[])[] = [
  (line, size) => Array<string>(size).fill(line),
  (line, size) => counted(size, (count) => line.replace(/(?=[ =]|$)/g, String(count))),
  (line, size) => counted(size, (count) => `${line}${count}`),
  (line, size) => [line + ' x'.repeat(size)],
];

const counted = <One>(size: number, one: (count: number) => One): readonly One[] =>
  Array.from({ length: size }, (_, count) => one(count));

/** A section with that many more lines of each of its kinds. */
function grownLines(
  name: string,
  text: string,
  vary: (line: string, size: number) => readonly string[],
  size: number,
): string {
  if (/^(cib|crm_mon|membership|end)$/.test(name)) return text;
  const seen = new Set<string>();
  const lines = text.split('\n').flatMap((line) => {
    const kind = line.replace(/\d+/g, '0').split(/[ =]/).slice(0, 2).join(' ');
    if (line === '' || seen.has(kind)) return [line];
    seen.add(kind);
    // The clock is one line, and the first counts.
    return [line, ...vary(line.slice(0, 300), size)];
  });
  return lines.join('\n');
}

const copyOf = ({ name, attributes, children }: XmlElement, count: number): XmlElement =>
  element(
    name,
    Object.fromEntries(
      Object.entries(attributes).map(([key, value]) => [
        key,
        /^(id|uname|rsc|node|resource)$/.test(key) ? `${value}${count}` : value,
      ]),
    ),
    children.map((inner) => copyOf(inner, count)),
  );

/** Of these real clusters have many. */
const IS_MANY = /^(node|primitive|resource|lrm_resource|rsc_action)$/;

/** A document for each kind of element in it: with that many more of them. */
function* grown(root: XmlElement): Generator<[what: string, make: (size: number) => XmlElement]> {
  const seen = new Set<string>();
  for (const [place, inner] of root.children.entries()) {
    const what = `${root.name} ${inner.name}`;
    if (!seen.has(what) && (IS_THOROUGH || IS_MANY.test(inner.name))) {
      const more = (size: number) =>
        Array.from({ length: size }, (_, count) => copyOf(inner, count));
      yield [
        what,
        (size) => element(root.name, root.attributes, [...root.children, ...more(size)]),
      ];
    }
    seen.add(what);
    for (const [below, make] of grown(inner)) {
      if (seen.has(below)) continue;
      seen.add(below);
      yield [
        below,
        (size) => element(root.name, root.attributes, root.children.with(place, make(size))),
      ];
    }
  }
}

describe('a reply that holds too much is refused, with the bound', () => {
  const refused = (read: () => unknown, message: RegExp): void => {
    assert.throws(read, (thrown: unknown) => {
      assert.ok(thrown instanceof OutriggerError);
      assert.match(thrown.message, message);
      return true;
    });
  };

  it('lines', () => {
    const reply = '\n'.repeat(1_000_001);
    refused(() => splitSections(reply, 'NONCE', 'h1'), /more than 1000000 lines/);
  });

  it('zones of firewalld', () => {
    const zones = Object.fromEntries(Array.from({ length: 501 }, (_, count) => [`z${count}`, {}]));
    const reported = `active\nzones ${JSON.stringify({ data: [zones] })}`;
    const sections = new Map([
      ['clock', ['0']],
      ['firewalld', reported.split('\n')],
    ]);
    refused(() => readHost('h1', sections, 0), /more than 500 active firewalld zones/);
  });

  it('elements of XML', () => {
    refused(
      () => parseXml(`<r>${'<a/>'.repeat(1_000_000)}</r>`, 'it'),
      /more than 1000000 elements/,
    );
  });

  it('parts of a PEM file', () => {
    const text = '-----BEGIN A-----\nAAAA\n-----END A-----\n'.repeat(501);
    assert.deepEqual(pemBlocks(text), { fault: 'it contains more than 500 PEM blocks' });
  });
});

describe('four times as much takes four times as long to read, not sixteen', function () {
  this.timeout(300_000);

  for (const [variation, vary] of VARIATIONS.entries()) {
    it(`whatever lines of a reply there are more of (${variation})`, async () => {
      for (const sections of recorded) {
        const grownAll = (size: number): string =>
          replyOf(
            new Map(
              [...sections].map(([name, text]) => [name, grownLines(name, text, vary, size)]),
            ),
          );
        await isLinear('all sections', grownAll, readAll);
        if (!IS_THOROUGH) continue;
        for (const [name, text] of sections) {
          const make = (size: number): string =>
            replyOf(new Map(sections).set(name, grownLines(name, text, vary, size)));
          await isLinear(name, make, readAll);
        }
      }
    });
  }

  it('whatever element of the CIB and of crm_mon there is more of', async () => {
    const [first] = recorded;
    const read = { cib: cibView, crm_mon: (root: XmlElement) => readCrmMon(serializeXml(root)) };
    for (const [name, view] of Object.entries(read)) {
      const root = parseXml((first?.get(name) ?? '').trim(), name);
      for (const [what, make] of grown(root)) await isLinear(what, make, view);
    }
  });

  it('whatever element of a simulation there is more of', async () => {
    const text = readReply(new URL('tampered/replies/c1.simulate.txt', golden));
    const root = parseXml((sectionsOf(text).get('final') ?? '').trim(), 'crm_simulate');
    for (const [what, make] of grown(root))
      await isLinear(what, (size) => serializeXml(make(size)), readSimulation);
  });

  it('sections, PEM files, XML and packets', async () => {
    const times = (text: string) => (size: number) => text.repeat(size);
    const pem = '-----BEGIN A-----\nAAAA\n-----END A-----\n';
    const reply = (text: string) => (size: number) => `${text.repeat(size)}\n@NONCE end\n`;
    await isLinear('sections', reply('@NONCE a\n\n'), readAll);
    for (const text of [
      pem,
      pem.slice(0, 18),
      pem.slice(23),
      pem.replace('END A', 'END B'),
      '-----BEGIN ',
    ])
      await isLinear(text, times(text), pemBlocks);
    for (const text of [
      '<a/>',
      '<a>',
      '<a b="c">d</a>',
      '&lt;',
      '<!---->',
      '<?a?>',
      ' ',
      '<![CDATA[]]>',
    ])
      await isLinear(
        text,
        (size) => `<r>${text.repeat(size)}</r>`,
        (xml) => parseXml(xml, 'it'),
      );
    for (const text of ['a', '\n', 'outrigger:', 'outrigger:0123456789abcdef:password:a:'])
      await isLinear(text, times(text), (said) =>
        Array.from(said, listenToSudo('0123456789abcdef')),
      );
    await isLinear(
      'packets',
      (size) => Array<Uint8Array>(size).fill(Buffer.of(1)),
      (packets) => {
        const output = collectOutput();
        for (const packet of packets) output.add(packet);
        return output.text();
      },
    );
  });

  it('and what is counted does grow with the square where the work does', async () => {
    const squares = (size: number) => Array.from({ length: size }, (_, count) => `a${count}`);
    const search = (names: readonly string[]) => names.map((name) => names.indexOf(name));
    await assert.rejects(isLinear('a search in a list', squares, search), /operations/);
  });
});
