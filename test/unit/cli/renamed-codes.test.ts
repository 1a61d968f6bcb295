import assert from 'node:assert/strict';
import { ALL_CODES } from '../../../src/model/codes.ts';
import { newCode, RENAMED_CODES } from '../../../src/model/renamed-codes.ts';
import { RISKS } from '../../../src/model/risk.ts';
import { commandLine } from '../../support/command-line.ts';

/** Why a command is refused: what it prints, or throws. */
const refusal = (...args: readonly string[]): Promise<string> =>
  commandLine(...args).then(
    ({ err }) => err,
    (thrown: unknown) => (thrown instanceof Error ? thrown.message : String(thrown)),
  );

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
      const text = await refusal('apply', '-i', 'inventory.yml', '--allow', word);
      assert.ok(text.includes(`the risk \`${word}\` was renamed to \`${code}\``), text);
    }
  });

  it('is not explained, and the new one is named, in any case', async () => {
    for (const [former, code] of RENAMED_CODES) {
      const text = await refusal('explain', former.toLowerCase());
      assert.ok(text.includes(`the code \`${former}\` was renamed to \`${code}\``), text);
    }
  });
});
