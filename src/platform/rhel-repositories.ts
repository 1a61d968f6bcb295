import type { OsFacts } from './platform.ts';

/**
 * What to do where no enabled repository has Pacemaker's packages: most of the family keep them in a repository that
 * is disabled until it is needed.
 *
 * Repository ids: RHEL 8 to 10 and CentOS from vars/RedHat_*.yml and vars/CentOS_*.yml of linux-system-roles/ha_cluster
 * (31e3895); AlmaLinux 8 from its release notes (`ha`); Rocky Linux 8 and 9 from its documentation (`ha`,
 * `highavailability`); Oracle Linux from `Setting Up High Availability Clustering` (`olN_addons`).
 */
export function repositoryAdvice({ osId, osVersion, architecture }: OsFacts): string {
  const major = /^\d{1,3}/.exec(osVersion)?.[0] ?? 'N';
  const vm = /^[a-z0-9_]{1,16}$/.exec(architecture)?.[0] ?? 'ARCHITECTURE';
  switch (osId) {
    case 'rhel':
      return `enable HighAvailability on that host: \`subscription-manager repos --enable rhel-${major}-for-${vm}-highavailability-rpms\` (it must be registered, with the High Availability add-on)`;
    case 'centos':
    case 'rocky':
    case 'almalinux':
      return `enable HighAvailability on that host: \`dnf config-manager --set-enabled ${major === '8' ? 'ha' : 'highavailability'}\``;
    case 'ol':
      return `enable the add-ons on that host: \`dnf config-manager --enable ol${major}_addons\``;
    case 'fedora':
      return 'enable the Fedora repositories `fedora` and `updates` on that host';
    default:
      return 'enable the repository of that distribution that contains Pacemaker (often called HighAvailability)';
  }
}
