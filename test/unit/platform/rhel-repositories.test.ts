import assert from 'node:assert/strict';
import { repositoryAdvice } from '../../../src/platform/rhel-repositories.ts';

describe('what to enable on a host without Pacemaker’s packages', () => {
  for (const [osId, osVersion, architecture, command] of [
    [
      'rhel',
      '8.10',
      'x86_64',
      'subscription-manager repos --enable rhel-8-for-x86_64-highavailability-rpms',
    ],
    [
      'rhel',
      '9.6',
      's390x',
      'subscription-manager repos --enable rhel-9-for-s390x-highavailability-rpms',
    ],
    [
      'rhel',
      '10.0',
      'ppc64le',
      'subscription-manager repos --enable rhel-10-for-ppc64le-highavailability-rpms',
    ],
    ['centos', '8', 'x86_64', 'dnf config-manager --set-enabled ha'],
    ['centos', '9', 'x86_64', 'dnf config-manager --set-enabled highavailability'],
    ['almalinux', '8.10', 'x86_64', 'dnf config-manager --set-enabled ha'],
    ['almalinux', '10.0', 'x86_64', 'dnf config-manager --set-enabled highavailability'],
    ['rocky', '9.5', 'aarch64', 'dnf config-manager --set-enabled highavailability'],
    ['ol', '9.5', 'x86_64', 'dnf config-manager --enable ol9_addons'],
  ] as const) {
    it(`${osId} ${osVersion} on ${architecture}`, () => {
      const advice = repositoryAdvice({ osId, osVersion, architecture });
      assert.equal(/`(.*)`/.exec(advice)?.[1], command);
    });
  }

  it('is said in words elsewhere', () => {
    const more = { osVersion: '42', architecture: 'x86_64' };
    assert.match(repositoryAdvice({ osId: 'fedora', ...more }), /`fedora` and `updates`/);
    assert.match(repositoryAdvice({ osId: 'a-rebuild', ...more }), /HighAvailability/);
  });

  it('takes nothing from a host that is no version and no architecture', () => {
    const advice = repositoryAdvice({
      osId: 'rhel',
      osVersion: '`reboot`',
      architecture: 'x\u001b[2J; reboot',
    });
    assert.match(advice, /--enable rhel-N-for-ARCHITECTURE-highavailability-rpms`/);
    assert.ok(!advice.includes('reboot') && !advice.includes('\u001b'), advice);
  });
});
