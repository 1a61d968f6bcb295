import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { runCommandLine } from '../../../src/cli/program.ts';
import { ALL_CODES } from '../../../src/model/codes.ts';
import { newCode, RENAMED_CODES } from '../../../src/model/renamed-codes.ts';
import { RISKS } from '../../../src/model/risk.ts';

/** What a command that is refused prints on stderr, and its exit code. */
async function refusal(...args: readonly string[]): Promise<{ text: string; code: number }> {
  const stream = Object.assign(new PassThrough(), {
    isTTY: false,
  }) as unknown as NodeJS.WriteStream;
  let text = '';
  try {
    const code = await runCommandLine(args, {
      out: () => undefined,
      err: (line) => {
        text += line;
      },
      outStream: stream,
      errStream: stream,
      inIsTerminal: false,
      env: {},
      signal: new AbortController().signal,
    });
    return { text, code };
  } catch (thrown) {
    return {
      text: `${text}${thrown instanceof Error ? thrown.message : String(thrown)}`,
      code: -1,
    };
  }
}

describe('a former code', () => {
  it('has a new name that is a code, and is none itself', () => {
    for (const [former, code] of RENAMED_CODES) {
      assert.ok(ALL_CODES.includes(code), code);
      assert.ok(!ALL_CODES.includes(former), former);
      assert.equal(newCode(former), code);
    }
    assert.equal(newCode('toString'), undefined);
  });

  it('is refused by --allow, which names the new one', async () => {
    const former = RENAMED_CODES.filter(([, code]) => Object.hasOwn(RISKS, code));
    assert.ok(former.length > 0);
    for (const [word, code] of former) {
      const { text } = await refusal('apply', '-i', 'inventory.yml', '--allow', word);
      assert.ok(text.includes(`the risk \`${word}\` was renamed to \`${code}\``), text);
    }
  });

  it('is not explained, and the new one is named, in any case', async () => {
    for (const [former, code] of RENAMED_CODES) {
      const { text } = await refusal('explain', former.toLowerCase());
      assert.ok(text.includes(`the code \`${former}\` was renamed to \`${code}\``), text);
    }
  });
});
