import type { HostFacts } from '../../model/facts.ts';
import type { HostItem } from '../../model/item.ts';

/** There is no authkey on a host: with certificates it is not used, and a daemon without certificates would use it. */
export const authkeyRemovedItem = (host: string): HostItem => ({
  kind: 'authkey-removed',
  host,
  compare: ({ authkey, packages, packageManager, upgrades }) => {
    const isThere = authkey.digest !== undefined;
    if (!isThere && !isBroughtBy(packageManager, packages, upgrades)) return undefined;
    return {
      attributes: [
        {
          name: authkey.path,
          before: isThere ? 'there' : 'written by the package',
          after: undefined,
        },
      ],
      actions: [
        { kind: 'script', script: 'remove-files', params: [authkey.path], timeoutMs: 30_000 },
      ],
      needsRestart: false,
      risks: [],
    };
  },
});

/** Debian's pacemaker-common writes a random key whenever it is configured and there is none. */
const isBroughtBy = (
  packageManager: string,
  packages: HostFacts['packages'],
  upgrades: HostFacts['upgrades'],
): boolean =>
  packageManager === 'apt-get' &&
  ((packages['pacemaker-remote'] === undefined && packages['pacemaker'] === undefined) ||
    upgrades?.offers.some(({ name }) => name === 'pacemaker-common') === true);
