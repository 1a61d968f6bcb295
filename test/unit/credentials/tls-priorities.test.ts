/** What explains a handshake that fails although the credentials agree. */
import assert from 'node:assert/strict';
import { whyNoHandshake } from '../../../src/credentials/tls-priorities.ts';
import { hostFacts } from '../../support/specs.ts';

const host = (name: string, reported: Parameters<typeof hostFacts>[1] = {}) => {
  const { authkey } = hostFacts(name);
  return hostFacts(name, { authkey: { ...authkey, digest: 'aa' }, ...reported });
};
const written = (value: string) => ({ environment: { PCMK_tls_priorities: value } });

describe('PCMK_tls_priorities', () => {
  it('is named where it is set on one side alone', () => {
    assert.equal(
      whyNoHandshake([host('c1'), host('c2'), host('h1', written('SECURE192'))], true),
      'PCMK_tls_priorities is "SECURE192" on h1, not set on c1, c2: without a common protocol and cipher the handshake fails although they have the same authkey',
    );
  });

  it('is that of the daemon that runs, whatever is written by now', () => {
    const runs = { ...written('SECURE192'), daemonVariables: {} };
    assert.equal(whyNoHandshake([host('c1'), host('h1', runs)], true), undefined);
    const ran = { daemonVariables: { PCMK_tls_priorities: '' } };
    assert.match(whyNoHandshake([host('c1'), host('h1', ran)], true) ?? '', /is "" on h1, not set/);
  });

  it('is not named where nobody has set it, or the keys differ', () => {
    assert.equal(whyNoHandshake([host('c1'), host('h1')], true), undefined);
    const other = hostFacts('h1', written('SECURE192'));
    assert.equal(whyNoHandshake([host('c1'), other], true), undefined);
    assert.match(whyNoHandshake([host('c1'), other], false) ?? '', /the certificates are valid$/);
  });

  it('ends no line, and is cut', () => {
    const evil = host('h1', written(`\u001b[2J\n${'x'.repeat(5000)}`));
    const said = whyNoHandshake([host('c1'), evil], true) ?? '';
    assert.doesNotMatch(said, /\p{C}/u);
    assert.ok(said.length < 500);
  });
});
