import type { Platform } from './platform.ts';
import { repositoryAdvice } from './rhel-repositories.ts';

// Ids of /etc/os-release; derived systems name one of them in ID_LIKE. Fedora has dnf5, which takes other options.
const FAMILY = new Set(['rhel', 'centos', 'rocky', 'almalinux', 'ol']);

// 5 min for another dnf, 7 min to resolve and download, and the transaction itself.
const INSTALL_TIMEOUT_MS = 900_000;

/**
 * Red Hat Enterprise Linux and what is made like it. pacemaker-remote requires the other two (rpm/pacemaker.spec.in of
 * Pacemaker 3.0.0); it starts nothing and has no key, and pacemaker-cli owns /etc/pacemaker, 0750 root:haclient.
 */
export const RHEL: Platform = {
  family: 'rhel',
  remotePackages: ['pacemaker-remote', 'pacemaker-cli', 'resource-agents'],
  environmentFile: '/etc/sysconfig/pacemaker',
  put: (how, names, facts) => ({
    script: 'install-dnf',
    params: [how, repositoryAdvice(facts), ...names],
    timeoutMs: INSTALL_TIMEOUT_MS,
  }),
  matches: ({ osId, osIdLike, packageManager, serviceManager }) =>
    packageManager === 'dnf' &&
    serviceManager === 'systemd' &&
    [osId, ...osIdLike.split(' ')].some((id) => FAMILY.has(id)),
};
