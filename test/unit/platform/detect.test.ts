import assert from 'node:assert/strict';
import { platformOf } from '../../../src/platform/detect.ts';
import { hostFacts } from '../../support/specs.ts';

const family = (osId: string, osIdLike: string, packageManager: string): string | undefined =>
  platformOf(hostFacts('r1', { osId, osIdLike, packageManager }))?.family;

describe('the platform of a host', () => {
  // ID and ID_LIKE as these systems have them in /etc/os-release.
  for (const [id, like] of [
    ['rhel', 'fedora'],
    ['centos', 'rhel fedora'],
    ['rocky', 'rhel centos fedora'],
    ['almalinux', 'rhel centos fedora'],
    ['ol', 'fedora'],
    ['a-rebuild', 'rhel'],
  ] as const) {
    it(`is rhel for ${id}`, () => {
      assert.equal(family(id, like, 'dnf'), 'rhel');
    });
  }

  it('is debian for Debian and what is made of it', () => {
    assert.equal(family('debian', '', 'apt-get'), 'debian');
    assert.equal(family('ubuntu', 'debian', 'apt-get'), 'debian');
  });

  it('is unknown where the package manager is another, and for SUSE', () => {
    assert.equal(family('rhel', 'fedora', 'apt-get'), undefined);
    assert.equal(family('fedora', '', 'dnf'), undefined);
    assert.equal(family('debian', '', 'dnf'), undefined);
    assert.equal(family('sles', 'suse', 'zypper'), undefined);
    assert.equal(family('opensuse-leap', 'suse opensuse', 'dnf'), undefined);
  });
});
