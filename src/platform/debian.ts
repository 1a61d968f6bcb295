import type { Platform } from './platform.ts';

/**
 * Debian and Ubuntu. pacemaker-remote alone has no command line tools and no agents: those are separate packages
 * (Debian's control file of pacemaker 3.0.0-2).
 */
export const DEBIAN: Platform = {
  family: 'debian',
  remotePackages: ['pacemaker-remote', 'pacemaker-cli-utils', 'resource-agents'],
  installScript: 'install-apt',
  environmentFile: '/etc/default/pacemaker',
  matches: ({ osId, osIdLike, packageManager, serviceManager }) =>
    packageManager === 'apt-get' &&
    serviceManager === 'systemd' &&
    [osId, ...osIdLike.split(' ')].some((id) => id === 'debian' || id === 'ubuntu'),
};
