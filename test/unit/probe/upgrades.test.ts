import assert from 'node:assert/strict';
import { changed, factsOf, recorded } from './fixtures.ts';

describe('a probe for upgrades', () => {
  it('knows what could be upgraded only where it asked', () => {
    assert.equal(factsOf(recorded('bare-host')).upgrades, undefined);
    const upgrades = [
      'offers pacemaker-remote 3.0.1-1 3.0.0-2',
      'offers pacemaker-cli 2:2.1.10-1.el9',
      'offers pacemaker-cli 2:2.1.10-1.el9',
      'offers libfoo1 1.0~rc1+b2',
      'offers \x1b[2Jevil 1 2',
      'offers x $(reboot)',
      'refuses Packages need to be removed but remove is disabled.\x07',
    ].join('\n');
    const packages = 'pacemaker-remote installed 3.0.0-2\npacemaker-cli installed 2.1.9-1.el9';
    assert.deepEqual(factsOf(changed('bare-host', { upgrades, packages })).upgrades, {
      offers: [
        { name: 'libfoo1', installed: undefined, offered: '1.0~rc1+b2' },
        { name: 'pacemaker-cli', installed: '2.1.9-1.el9', offered: '2:2.1.10-1.el9' },
        { name: 'pacemaker-remote', installed: '3.0.0-2', offered: '3.0.1-1' },
      ],
      refusal: 'Packages need to be removed but remove is disabled.\\u{7}',
    });
  });

  it('knows that a daemon runs a program that is gone', () => {
    const of = (reported: string) => factsOf(changed('remote-node', { daemon_program: reported }));
    assert.equal(of('replaced').isDaemonReplaced, true);
    assert.equal(of('').isDaemonReplaced, false);
  });
});
