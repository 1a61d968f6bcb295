/** A handshake that fails for another reason than the credentials. */
import assert from 'node:assert/strict';
import { apply, planOf, useStateFolder } from '../support/apply-lab.ts';
import { FakeLab } from '../support/fake-lab.ts';

describe('a connection that fails', () => {
  useStateFolder();

  it('names PCMK_tls_priorities where a handshake fails between hosts with the same key', async () => {
    const lab = new FakeLab(['h1']);
    lab.change('h1', 'environment', 'PCMK_tls_priorities=NORMAL:-VERS-ALL:+VERS-TLS1.3\n');
    lab.failing.add('h1');
    const { failed } = await apply(lab);
    const said =
      /its connection failed.*; PCMK_tls_priorities is "NORMAL:-VERS-ALL:\+VERS-TLS1\.3" on h1, not set on c1, c2: .* although they have the same authkey; the join was rolled back$/;
    assert.match(failed.get('h1') ?? '', said);
    const { notes } = (await planOf(lab)).plan;
    assert.ok(notes.some((note) => note.startsWith('h1: PCMK_tls_priorities is ')));
  });
});
