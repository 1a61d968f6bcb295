import assert from 'node:assert/strict';
import { styleFor } from '../../../src/cli/process/style.ts';
import { plainStyle } from '../../../src/report/text/style.ts';

const terminal = { isTTY: true };

describe('colours', () => {
  it('are for terminals', () => {
    assert.equal(styleFor(terminal, {}).bad('x'), '\u001b[31mx\u001b[39m');
    assert.equal(styleFor({ isTTY: false }, {}), plainStyle);
    assert.equal(styleFor({}, {}), plainStyle);
  });

  it('stay away on request', () => {
    assert.equal(styleFor(terminal, { NO_COLOR: '1' }), plainStyle);
    assert.equal(styleFor(terminal, { TERM: 'dumb' }), plainStyle);
    assert.notEqual(styleFor(terminal, { NO_COLOR: '', TERM: 'xterm' }), plainStyle);
  });
});
