import assert from 'node:assert/strict';
import { Ajv } from 'ajv';
import { loadSchema } from '../../src/flows/load-document.ts';
import { ALL_CODES, CODE_KINDS, CODES } from '../../src/model/codes.ts';
import { WIDTH } from '../../src/report/text/layout.ts';
import { OutriggerError } from '../../src/support/errors.ts';
import { commandLine } from '../support/command-line.ts';

const isExplanation = new Ajv({ strict: true, allowUnionTypes: true }).compile(
  loadSchema('explain'),
);

/** What it prints. */
async function explain(...args: readonly string[]): Promise<string> {
  const { out, code } = await commandLine('explain', ...args);
  assert.equal(code, 0);
  return out;
}

/** Why it is refused. */
async function refusal(word: string): Promise<OutriggerError> {
  const thrown: unknown = await explain(word).catch((error: unknown) => error);
  assert.ok(thrown instanceof OutriggerError);
  return thrown;
}

describe('explain', () => {
  it('prints the entry of a code, in any case', async () => {
    const text = await explain('LOCKED');
    assert.match(text, /^LOCKED \(Errors\)\n\nAnother run changes the cluster/);
    assert.match(text, /\n {4}the cluster is locked by .*\n/);
    assert.match(text, /\n- Wait, or pass `--lock-wait 10min`\.\n/);
    assert.equal(await explain('locked'), text);
    assert.equal(await explain('Host-Is-Off:r7'), await explain('host-is-off'));
  });

  it('prints all entries where codes of several kinds have one name', async () => {
    const text = await explain('fencing');
    assert.match(text, /^fencing \(Drift items\)\n/);
    assert.match(text, /\n\nfencing \(Doctor checks\)\n/);
  });

  it('explains every code in lines that fit, without marks of Markdown', async () => {
    for (const code of ALL_CODES) {
      const text = await explain(code);
      const lines = text.split('\n').filter((line) => !line.startsWith('    '));
      for (const line of lines) assert.ok(line.length <= WIDTH, `${code}: ${line}`);
      assert.doesNotMatch(text, /^#|\*\*|\]\(|```/m, code);
    }
  });

  it('lists all codes, one line each', async () => {
    const lines = (await explain()).split('\n');
    for (const kind of CODE_KINDS) {
      const start = lines.indexOf(CODES[kind].title);
      const end = lines.indexOf('', start);
      const codes = lines.slice(start + 1, end === -1 ? undefined : end);
      const names = codes.map((line) => line.trim().split(' ')[0] ?? '');
      assert.deepEqual(names.toSorted(), [...CODES[kind].codes].sort());
    }
  });

  it('refuses an unknown code with the nearest one', async () => {
    const { code, message, hint } = await refusal('HOST_KEY_CHANGE');
    assert.equal(code, 'USAGE');
    assert.equal(message, 'unknown code `HOST_KEY_CHANGE`');
    assert.equal(hint, 'did you mean HOST_KEY_CHANGED? `outrigger explain` lists all codes');
    assert.equal((await refusal('')).hint, '`outrigger explain` lists all codes');
    assert.equal((await refusal('x'.repeat(9000))).hint, '`outrigger explain` lists all codes');
  });

  it('prints JSON as its schema says', async () => {
    for (const args of [['--json'], ['--json', 'refused'], ['fencing', '--json']]) {
      const document = JSON.parse(await explain(...args)) as { entries: { code: string }[] };
      assert.ok(isExplanation(document), JSON.stringify(isExplanation.errors));
      assert.ok(document.entries.length > 0);
    }
  });
});
