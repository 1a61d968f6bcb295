import { walkWithKills } from '../killed-runs.ts';

/** Pacemaker 3.0.3 keeps an authkey for life, so that it is restarted on every node. */
describe('a rotation of a key that is kept, whose runs are killed', function () {
  this.timeout(2 * 60 * 60_000);
  walkWithKills(
    [{ name: 'story-kills-sid', fencing: true, suite: 'sid' }],
    [
      {
        name: 'rotation of a key that is kept',
        from: 'authkey',
        to: 'authkey',
        isRolledBack: false,
      },
    ],
  );
});
