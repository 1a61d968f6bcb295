import assert from 'node:assert/strict';
import type { FileReach } from '../../../src/model/facts.ts';
import { refuseUnreadable } from '../../../src/credentials/unreadable-files.ts';
import { OutriggerError } from '../../../src/support/errors.ts';
import { hostFacts } from '../../support/specs.ts';

const PASSED = { owner: 'root', group: 'root', mode: '755', isPassable: true };
const STOPPED = { owner: 'root', group: 'root', mode: '700', isPassable: false };

function refusal(reach: Partial<FileReach>, isX509 = false): string | undefined {
  const path = '/etc/pacemaker/authkey';
  const authkey = {
    digest: 'aa',
    owner: 'hacluster',
    group: 'haclient',
    mode: '400',
    reach: { path, realPath: path, above: [], isReadable: false, ...reach },
  };
  const host = { ...hostFacts('c1', { authkey }), uname: undefined, membership: undefined };
  const facts = { clusterNodes: new Map([['c1', { ...host, routes: [], fencers: new Map() }]]) };
  try {
    refuseUnreadable(facts, isX509);
    return undefined;
  } catch (thrown) {
    assert.ok(thrown instanceof OutriggerError);
    assert.deepEqual([thrown.code, thrown.host], ['REFUSED', 'c1']);
    return thrown.message;
  }
}

describe('an authkey that the controller of a cluster node cannot read is refused', () => {
  it('where it is a link to a place that is closed to it', () => {
    const found = refusal({
      realPath: '/root/authkey',
      above: [
        { path: '/etc/pacemaker', ...PASSED },
        { path: '/root', ...STOPPED },
      ],
    });
    assert.equal(
      found,
      'hacluster cannot read /etc/pacemaker/authkey, which leads to /root/authkey: it cannot search the directory /root (0700 root:root): no connection can run on c1',
    );
  });

  it('where something denies it that its rights do not show', () => {
    const above = [{ path: '/etc/pacemaker', ...PASSED }];
    assert.match(
      refusal({ above }) ?? '',
      /although the permissions allow it \(0400 hacluster:haclient\)/,
    );
  });

  it('but not where an apply mends it, where it can be read, where that was not tried, or is not used', () => {
    assert.equal(refusal({ above: [{ path: '/etc/pacemaker', ...STOPPED }] }), undefined);
    const above = [{ path: '/root', ...STOPPED }];
    assert.equal(refusal({ above, isReadable: true }), undefined);
    assert.equal(refusal({ above, isReadable: undefined }), undefined);
    assert.equal(refusal({ above }, true), undefined);
  });
});
