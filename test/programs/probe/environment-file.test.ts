import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hostScript, hostScriptArgs } from '../../support/host-script.ts';
import { readHost } from '../../../src/probe/readers/read-host.ts';
import { splitSections } from '../../../src/probe/readers/sections.ts';
import { environmentItem, portOf } from '../../../src/items/environment.ts';
import type { HostFacts } from '../../../src/model/facts.ts';
import { DEBIAN } from '../../../src/platform/debian.ts';
import { NONCE } from '../../unit/probe/fixtures.ts';

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
    const script = hostScript('probe/probe.sh')
      .replaceAll(/\/etc\/(default|sysconfig)\/pacemaker/g, file())
      .replaceAll('/proc/net/tcp ', `${join(folder, 'tcp')} `)
      .replaceAll('/proc/net/tcp6 ', '/dev/null ');
    const { stdout } = spawnSync('/bin/sh', ['-c', script, 'sh', NONCE, 'remote'], {
      input: '',
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

  for (const [what, text] of [
    ['was edited on Windows', '# x\r\nPCMK_authkey_location=/etc/key\r\nPCMK_remote_port=3199\r\n'],
    [
      'has blanks and words behind',
      'PCMK_authkey_location=/etc/key  \nPCMK_remote_port=3199 # ours\n',
    ],
    [
      'goes on in the next line',
      'PCMK_authkey_location="/etc"\\\n/key\nPCMK_remote_port=31\\\n99\n',
    ],
  ] as const)
    it(`says the same of one that ${what}`, () => {
      const { environment, authkey, isConnected } = probed(text);
      assert.equal(portOf(environment), 3199);
      assert.equal(authkey.path, '/etc/key');
      assert.ok(!isConnected, 'that is another port');
    });

  it('has the default port where it says none', () => {
    for (const value of ['', '0', 'ssh', '70000']) {
      const { environment, isConnected } = probed(`PCMK_remote_port=${value}\n`);
      assert.ok(isConnected, value);
      assert.equal(portOf(environment), 3121);
    }
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
      const { status, stderr } = spawnSync(
        '/bin/sh',
        hostScriptArgs('host/scripts/files/set-environment.sh', [file(), ...pairs]),
        { encoding: 'utf8' },
      );
      assert.equal(status, 0, stderr);
      const text = readFileSync(file(), 'utf8');
      assert.equal(text, 'OTHER=1\nPCMK_remote_port=3199\n');
      assert.equal(item.compare(probed(text)), undefined);
    });
});
