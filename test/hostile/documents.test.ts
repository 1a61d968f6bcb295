import assert from 'node:assert/strict';
import { readPlaybook } from '../../src/playbook/read-playbook.ts';
import { readInventory } from '../../src/inventory/read-inventory.ts';
import type { Diagnostic } from '../../src/support/yaml/diagnostic.ts';
import { diagnosticsAsJson, renderDiagnostics } from '../../src/support/yaml/render-diagnostics.ts';
import { readSchema } from '../unit/inventory/golden.ts';
import { DOUBTFUL, FORBIDDEN, RAW, STRUCTURES } from './nasty.ts';
import { placesIn, type Place } from './places.ts';

type Read = (text: string) => readonly Diagnostic[];

const FILE = 'hostile.yml';
/** More than the hundred errors need that are shown of any number. */
const LONGEST = 80_000;
const SLOWEST_MS = 1000;

const inventory = readSchema('inventory');
const playbook = readSchema('playbook');

const documents = {
  inventory: {
    places: placesIn(inventory),
    read: (text) =>
      readInventory({ file: FILE, text, schema: inventory, directory: '/etc/x', home: '/root' })
        .diagnostics,
  },
  playbook: {
    places: placesIn(playbook),
    read: (text) => readPlaybook({ file: FILE, text, schema: playbook }).diagnostics,
  },
} satisfies Record<string, { places: Place[]; read: Read }>;

const idOf = ({ code, path, line }: Diagnostic): string => `${line} ${path} ${code}`;

/** What is wrong with the right value too: a play whose order is refused, say. */
const known = new WeakMap<Place, ReadonlySet<string>>();

/** Reads a document with this text at that place, and holds what is said of it against what must hold for all. */
function saidOf(place: Place, yaml: string, read: Read): readonly Diagnostic[] {
  const { text, line } = place.fill(yaml);
  const began = process.cpuUsage(); // what others do on this machine does not count
  const diagnostics = read(text);
  const rendered = renderDiagnostics(diagnostics, new Map([[FILE, text]]));
  const json = diagnosticsAsJson(diagnostics);
  const { user, system } = process.cpuUsage(began);
  const took = (user + system) / 1000;
  assert.ok(took < SLOWEST_MS, `took ${took} ms`);
  for (const output of [rendered, json]) {
    assert.doesNotMatch(output, RAW);
    assert.ok(output.length < LONGEST, `${output.length} characters: ${output.slice(0, 2000)}`);
  }
  assert.ok(Array.isArray((JSON.parse(json) as { diagnostics: unknown }).diagnostics));
  const before =
    known.get(place) ?? new Set(read(place.fill(JSON.stringify(place.right)).text).map(idOf));
  known.set(place, before);
  const errors = diagnostics.filter(
    (diagnostic) => diagnostic.severity === 'error' && !before.has(idOf(diagnostic)),
  );
  const last = line + yaml.split('\n').length - 1;
  for (const { line: at, message } of errors) {
    assert.ok(at >= line && at <= last, `told at line ${at}, not ${line}: ${message}`);
  }
  return errors;
}

const failing = (places: readonly Place[], check: (place: Place) => void): void => {
  for (const place of places) {
    try {
      check(place);
    } catch (thrown) {
      const { message } = thrown as Error;
      throw new Error(`${place.title}: ${message.slice(0, 3000)}`, { cause: thrown });
    }
  }
};

/** Whether a text may stand there. */
const isText = ({ type, enum: words }: Place['rule']): boolean =>
  [type].flat().includes('string') || Array.isArray(words);

for (const [name, { places, read }] of Object.entries(documents)) {
  const texts = places.filter(({ rule, kind }) => kind === 'key' || isText(rule));

  describe(`in every field of the ${name}`, () => {
    it('what is right is right', () => {
      assert.ok(texts.length > 5);
      for (const place of places) {
        const { text } = place.fill(JSON.stringify(place.right));
        if (place.kind === 'value' && place.title !== 'the document') {
          const wrong = read(text).filter(({ code }) => /wrong-type|wrong-value/.test(code));
          assert.deepEqual(wrong, [], place.title);
        }
      }
    });

    for (const { title, text } of FORBIDDEN) {
      it(`${title} is one error at its place`, () => {
        failing(texts, (place) => {
          assert.equal(saidOf(place, JSON.stringify(text), read).length, 1);
        });
      });

      it(`${title} is an error when it stands in the file as it is`, () => {
        failing(texts, (place) => {
          const raw = Buffer.from(`"${text}"`).toString();
          if (raw !== `"${text}"`) return; // half of a pair cannot be written in UTF-8
          const folded = /^[a-z]+[\n\r][a-z]+$/.test(text); // YAML makes a blank of it
          if (!folded) assert.equal(saidOf(place, raw, read).length, 1);
        });
      });
    }

    for (const { title, text } of DOUBTFUL) {
      it(`${title} is one error at its place, or harmless`, () => {
        failing(texts, (place) => {
          const errors = saidOf(place, JSON.stringify(text), read);
          assert.ok(errors.length <= 1, errors.map(({ message }) => message).join('\n'));
          const { pattern, enum: words } = place.rule;
          if (errors.length > 0 || place.kind === 'key') return;
          if (typeof pattern === 'string') assert.match(text, new RegExp(pattern, 'u'));
          if (Array.isArray(words)) assert.ok(words.includes(text));
        });
      });
    }

    for (const { title, text } of STRUCTURES) {
      it(`${title} is told at its place, or harmless`, () => {
        failing(places, (place) => {
          saidOf(place, text, read);
          assert.equal(({} as { polluted?: unknown }).polluted, undefined);
        });
      });
    }
  });
}
