import type { Platform } from './platform.ts';

// Measured: 14 s on 2 bare hosts, 35 s on 6 that share two cores; a slow mirror needs more.
const INSTALL_TIMEOUT_MS = 600_000;

/**
 * Debian and Ubuntu. pacemaker-remote alone has no command line tools and no agents: those are separate packages
 * (Debian's control file of pacemaker 3.0.0-2).
 */
export const DEBIAN: Platform = {
  family: 'debian',
  remotePackages: ['pacemaker-remote', 'pacemaker-cli-utils', 'resource-agents'],
  environmentFile: '/etc/default/pacemaker',
  put: (how, names) => ({
    script: 'install-apt',
    params: [how, ...names],
    timeoutMs: INSTALL_TIMEOUT_MS,
  }),
  matches: ({ osId, osIdLike, packageManager, serviceManager }) =>
    packageManager === 'apt-get' &&
    serviceManager === 'systemd' &&
    [osId, ...osIdLike.split(' ')].some((id) => id === 'debian' || id === 'ubuntu'),
};
