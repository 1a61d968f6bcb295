import { walkWithKills } from '../killed-runs.ts';

const LABS = [
  { name: 'story-kills', fencing: true },
  { name: 'story-kills-off', fencing: false },
];

describe('a change of credentials whose runs are killed', function () {
  this.timeout(3 * 60 * 60_000);
  walkWithKills(LABS, [
    { name: 'rotation', from: 'authkey', to: 'authkey', isRolledBack: false },
    { name: 'to certificates', from: 'authkey', to: 'certificates', isRolledBack: false },
    { name: 'to certificates, put back', from: 'authkey', to: 'certificates', isRolledBack: true },
    { name: 'to the authkey', from: 'certificates', to: 'authkey', isRolledBack: false },
    { name: 'to the authkey, put back', from: 'certificates', to: 'authkey', isRolledBack: true },
  ]);
});
