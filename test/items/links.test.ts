/** A key or certificate that is a link, with the right content and wrong rights: what it leads to is not given other rights. */
import assert from 'node:assert/strict';
import { authkeyItem } from '../../src/items/authkey.ts';
import { certificateItem } from '../../src/items/certificate.ts';
import { certificateVariables } from '../../src/credentials/certificates.ts';
import type { Action } from '../../src/model/action.ts';
import { hostFacts } from '../support/specs.ts';

const EXPOSED = { digest: 'aa', owner: 'root', group: 'root', mode: '644' };
const reachOf = (path: string, realPath: string) => ({
  reach: { path, realPath, above: [], isReadable: true },
});
const called = (action: Action): string => (action.kind === 'script' ? action.script : action.kind);

describe('rights of a file that is a link', () => {
  const authkey = (realPath: string) => {
    const path = '/etc/pacemaker/authkey';
    const facts = hostFacts('h1', { authkey: { path, ...EXPOSED, ...reachOf(path, realPath) } });
    const desired = { digest: 'aa', description: 'matches the cluster' };
    return authkeyItem('h1', desired).compare(facts) ?? assert.fail('no difference');
  };

  it('an authkey is written in place of the link, without a restart, and the plan says so', () => {
    const { actions, needsRestart, attributes } = authkey('/srv/keys/authkey');
    const [write] = actions;
    assert.deepEqual([actions.map(called), needsRestart], [['write-authkey'], false]);
    assert.ok(write?.kind === 'write-authkey');
    assert.deepEqual([write.path, write.mode], ['/etc/pacemaker/authkey', '0400']);
    assert.match(attributes[0]?.reason ?? '', /the link is replaced by a file$/);
  });

  it('an authkey that is a file gets its rights', () => {
    const { actions, attributes } = authkey('/etc/pacemaker/authkey');
    assert.deepEqual(actions.map(called), ['set-permissions']);
    assert.doesNotMatch(attributes[0]?.reason ?? '', /link/);
  });

  it('so it is with certificates', () => {
    const path = '/etc/pacemaker/x509-key.pem';
    const one = { ...EXPOSED, modifiedAt: 0 };
    for (const [realPath, action] of [
      ['/srv/keys/key.pem', 'write-certificate'],
      [path, 'set-permissions'],
    ] as const) {
      const facts = hostFacts('h1', {
        certificates: { key: { ...one, ...reachOf(path, realPath) } },
      });
      const desired = {
        files: { key: { path, digest: 'aa', description: 'the key' } },
        variables: certificateVariables(false),
      };
      const difference = certificateItem('h1', desired).compare(facts) ?? assert.fail('none');
      assert.deepEqual(difference.actions.map(called), [action, 'verify-certificates']);
      assert.equal(
        (difference.attributes[0]?.reason ?? '').includes('the link is replaced'),
        realPath !== path,
      );
    }
  });

  it('a key that was made on its host is taken in there, and by its public half', () => {
    const path = '/etc/pacemaker/x509-key.pem';
    const key = { ...EXPOSED, modifiedAt: 0, ...reachOf(path, '/srv/keys/key.pem') };
    const desired = {
      files: { key: { path, digest: 'aa', description: 'the key' } },
      variables: certificateVariables(false),
      isKeyMadeThere: true,
    };
    const difference = certificateItem('h1', desired).compare(
      hostFacts('h1', { certificates: { key } }),
    );
    const { actions } = difference ?? assert.fail('none');
    assert.deepEqual(actions.map(called), ['replace-key-link', 'verify-certificates']);
    const [take] = actions;
    assert.ok(take?.kind === 'script');
    assert.deepEqual(take.params, [path, 'aa', 'root', 'haclient', '0640']);
  });
});
