import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readHost } from '../../../src/facts/read-host.ts';
import { splitSections } from '../../../src/facts/sections.ts';
import { environmentItem } from '../../../src/items/environment.ts';
import type { HostFacts } from '../../../src/plan/facts.ts';
import { DEBIAN } from '../../../src/platform/debian.ts';
import { NONCE } from './fixtures.ts';

const source = (path: string): string =>
  readFileSync(new URL(`../../../src/${path}`, import.meta.url), 'utf8');

/** Somebody is connected to port 3121, as the kernel prints it. */
const CONNECTED = '  0: 0100000A:0C31 0200000A:D431 01 00000000:00000000\n';

describe('an environment file', function () {
  this.timeout(20_000);
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'outrigger-environment-file-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });
  const file = (): string => join(folder, 'pacemaker');

  /** What the probe tells of a host with this file. */
  function probed(text: string): HostFacts {
    writeFileSync(file(), text);
    writeFileSync(join(folder, 'tcp'), CONNECTED);
    const script = source('facts/probe.sh')
      .replaceAll(/\/etc\/(default|sysconfig)\/pacemaker/g, file())
      .replaceAll('/proc/net/tcp ', `${join(folder, 'tcp')} `)
      .replaceAll('/proc/net/tcp6 ', '/dev/null ');
    const { stdout } = spawnSync('/bin/sh', ['-s', NONCE, 'remote'], {
      input: script,
      encoding: 'utf8',
    });
    return readHost('h1', splitSections(stdout, NONCE, 'h1'), Date.now() / 1000);
  }

  it('says what systemd reads in it: nothing by a line with export', () => {
    const { environment, authkey, isConnected } = probed(
      [
        'PCMK_ca_file=/etc/a.pem',
        'export PCMK_ca_file=/etc/exported.pem',
        'export PCMK_remote_port=3199',
        '  export  PCMK_authkey_location=/etc/exported',
        '',
      ].join('\n'),
    );
    assert.deepEqual(environment, { PCMK_ca_file: '/etc/a.pem' });
    assert.equal(authkey.path, '/etc/pacemaker/authkey');
    assert.ok(isConnected, 'the daemon listens on the default port');
  });

  it('says the port on which the daemon listens, and where the authkey is', () => {
    const { environment, authkey, isConnected } = probed(
      ' PCMK_remote_port = "3199"\nPCMK_authkey_location\t= \'/etc/key\'\n',
    );
    assert.deepEqual(environment, {
      PCMK_remote_port: '3199',
      PCMK_authkey_location: '/etc/key',
    });
    assert.equal(authkey.path, '/etc/key');
    assert.ok(!isConnected, 'that is another port');
  });

  for (const [what, line] of [
    ['exports what is wanted', 'export PCMK_remote_port=3199'],
    ['has spaces around what is not', 'PCMK_remote_port = 3198'],
  ] as const)
    it(`is planned and set right where it ${what}`, () => {
      const item = environmentItem('h1', { port: 3199, certificates: 'none' }, DEBIAN);
      const difference = item.compare(probed(`OTHER=1\n${line}\n`));
      const [action] = difference?.actions ?? [];
      assert.ok(action?.kind === 'script', 'nothing is planned');
      const [, ...pairs] = action.params;
      const { status, stderr } = spawnSync('/bin/sh', ['-s', file(), ...pairs], {
        input: source('apply/scripts/set-environment.sh'),
        encoding: 'utf8',
      });
      assert.equal(status, 0, stderr);
      const text = readFileSync(file(), 'utf8');
      assert.equal(text, 'OTHER=1\nPCMK_remote_port=3199\n');
      assert.equal(item.compare(probed(text)), undefined);
    });
});
