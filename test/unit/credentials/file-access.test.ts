import assert from 'node:assert/strict';
import type { CertificateRole } from '../../../src/pacemaker/basics/names.ts';
import type { OwnDirectoryFacts, OwnFileFacts, Rights } from '../../../src/model/facts.ts';
import { accessTo } from '../../../src/credentials/file-access.ts';
import { ownFile } from '../../support/own-certificates.ts';

/** `0640 root:haclient` */
const rights = (text: string): Rights => {
  const [, mode = '', owner = '', group = ''] = /^0(\d+) (\w+):([\w-]+)$/.exec(text) ?? [];
  return { owner, group, mode };
};

const directory = (path: string, text: string, isPassable?: boolean): OwnDirectoryFacts => ({
  ...rights(text),
  path,
  isPassable,
});

/** What is granted, or why not. */
function judged(
  file: string,
  above: readonly OwnDirectoryFacts[] = [],
  more: Partial<OwnFileFacts> = {},
  role: CertificateRole = 'key',
): string {
  const path = '/etc/pki/host.key';
  const access = accessTo(
    role,
    ownFile(path, { rights: rights(file), above, isReadable: undefined, ...more }),
  );
  return access.kind === 'refused'
    ? access.because
    : access.grants
        .map(({ path: of, after: { mode, owner, group } }) => `${of} ${mode} ${owner}:${group}`)
        .join(', ');
}

describe('the rights of a certificate file that a host has already', () => {
  it('are left alone where hacluster can read it', () => {
    for (const file of ['0640 root:haclient', '0400 hacluster:haclient', '0440 root:haclient'])
      assert.equal(judged(file), '', file);
    assert.equal(judged('0644 root:root', [], {}, 'certificate'), '');
  });

  it('are left alone where an access list lets hacluster in', () => {
    const closed = [directory('/etc/ssl/private', '0710 root:ssl-cert', true)];
    assert.equal(judged('0640 root:ssl-cert', closed, { isReadable: true }), '');
  });

  it('let haclient in beside root, and nobody else', () => {
    for (const [before, after] of [
      ['0600 root:root', '640 root:haclient'],
      ['0400 root:root', '440 root:haclient'],
      ['0640 root:root', '640 root:haclient'],
      ['0600 root:haclient', '640 root:haclient'],
      ['0600 postgres:postgres', '640 postgres:haclient'],
    ] as const)
      assert.equal(judged(before), `/etc/pki/host.key ${after}`, before);
  });

  it('are not changed where that would shut another group out', () => {
    assert.equal(
      judged('0640 root:ssl-cert'),
      'hacluster cannot read /etc/pki/host.key (0640 root:ssl-cert), and changing its group would remove the access of another group',
    );
  });

  it('do not suffice behind a directory that is not Pacemaker’s', () => {
    const closed = directory('/etc/ssl/private', '0700 root:root');
    assert.equal(
      judged('0640 root:haclient', [closed]),
      "hacluster cannot search the directory /etc/ssl/private (0700 root:root), which is not Pacemaker's own",
    );
    const similar = directory('/etc/pacemaker-keys', '0700 root:root');
    assert.match(judged('0640 root:haclient', [similar]), /^hacluster cannot search/);
  });

  it('are given to the directories that are Pacemaker’s own', () => {
    const above = [
      directory('/etc', '0755 root:root'),
      directory('/etc/pacemaker', '0750 root:haclient'),
      directory('/etc/pacemaker/pki', '0700 root:root'),
    ];
    assert.equal(
      judged('0600 root:root', above),
      '/etc/pacemaker/pki 710 root:haclient, /etc/pki/host.key 640 root:haclient',
    );
  });

  it('are not believed where hacluster has tried in vain', () => {
    assert.match(
      judged('0640 root:haclient', [], { isReadable: false }),
      /cannot read .* although its permissions allow it/,
    );
  });

  it('tell of a key that everybody can read', () => {
    assert.match(judged('0644 root:root'), /^the key \/etc\/pki\/host\.key/);
    assert.match(judged('0644 root:root', [], { isReadable: true }), /^the key/);
  });

  it('tell of a file that others could put in the place of what is trusted', () => {
    const others = /^users other than root can write to (\S+)/;
    const place = (file: string, above: readonly OwnDirectoryFacts[], role: CertificateRole) =>
      others.exec(judged(file, above, {}, role))?.[1];
    const open = [directory('/srv/pki', '0777 root:root')];
    const sticky = [directory('/srv/pki', '01777 root:root')];
    const theirs = [directory('/srv/pki', '0755 web:web')];
    assert.equal(place('0644 root:root', open, 'ca'), '/srv/pki');
    assert.equal(place('0600 root:root', open, 'key'), '/srv/pki');
    assert.equal(place('0644 root:root', sticky, 'ca'), undefined);
    assert.equal(place('0644 root:root', theirs, 'ca'), '/srv/pki');
    assert.equal(place('0644 root:root', theirs, 'certificate'), undefined);
    assert.equal(place('0664 root:web', [], 'crl'), '/etc/pki/host.key');
    assert.equal(place('0646 root:root', [], 'certificate'), '/etc/pki/host.key');
  });
});
