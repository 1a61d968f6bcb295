import { isIP, isIPv6 } from 'node:net';
import { OutriggerError } from '../../../support/errors.ts';
import { HONORED, REFUSED } from '../../ssh-config/directives.ts';
import type { Keyword } from '../../ssh-config/directives.ts';
import { flagOf, first, type Setting } from '../../ssh-config/described.ts';
import type { Settings } from '../../ssh-config/evaluate.ts';
import { ALL_ALGORITHMS, type Algorithms, restrict } from './algorithms.ts';

/** What ssh_config forbids in a connection. */
export interface Restrictions {
  readonly algorithms: Algorithms;
  /** The fewest bits of an RSA key, the host's or ours. */
  readonly rsaBits: number;
  /** Files of keys that no host may show. */
  readonly revokedKeys: readonly string[];
  /** 4 or 6: this version of IP alone; 0: both. */
  readonly family: 0 | 4 | 6;
  /** Our own end of the connection. */
  readonly localAddress: string | undefined;
}

/** SSH_RSA_MINIMUM_MODULUS_SIZE of OpenSSH. */
const LEAST_RSA_BITS = 1024;

/** What holds where ssh_config says nothing. */
export const UNRESTRICTED: Restrictions = {
  algorithms: ALL_ALGORITHMS,
  rsaBits: LEAST_RSA_BITS,
  revokedKeys: [],
  family: 0,
  localAddress: undefined,
};

const ALGORITHM_LISTS = {
  kex: 'kexalgorithms',
  cipher: 'ciphers',
  mac: 'macs',
  hostKey: 'hostkeyalgorithms',
  publicKey: 'pubkeyacceptedalgorithms',
} as const satisfies Record<keyof Algorithms, Keyword>;

/** What the settings of one server forbid; `revokedKeys` are paths. Throws INPUT_INVALID for what would forbid everything. */
export function restrictionsOf(
  settings: Settings,
  address: string,
  revokedKeys: readonly string[],
): Restrictions {
  refuseWhatForbidsUs(settings);
  const left = <Name extends keyof Algorithms>(name: Name): Algorithms[Name] =>
    algorithmsLeft(name, first(settings, ALGORITHM_LISTS[name]));
  return {
    algorithms: {
      kex: left('kex'),
      cipher: left('cipher'),
      mac: left('mac'),
      hostKey: left('hostKey'),
      publicKey: left('publicKey'),
    },
    rsaBits: Math.max(LEAST_RSA_BITS, bitsOf(first(settings, 'requiredrsasize'))),
    revokedKeys,
    family: familyOf(first(settings, 'addressfamily'), address),
    localAddress: localAddressOf(first(settings, 'bindaddress')),
  };
}

function algorithmsLeft<Name extends keyof Algorithms>(
  name: Name,
  setting: Setting | undefined,
): Algorithms[Name] {
  const ours: readonly string[] = ALL_ALGORITHMS[name];
  if (setting === undefined) return ALL_ALGORITHMS[name];
  const left = restrict(setting.text, ours);
  if (left.length > 0) return left as Algorithms[Name];
  const keyword = HONORED[ALGORITHM_LISTS[name]];
  throw invalid(setting, keyword, 'allows no algorithm that outrigger supports', {
    hint: `outrigger supports ${ours.join(', ')}; set \`sshConfig\` of the connection to another file, or to none`,
  });
}

const invalid = (
  { where, text }: Setting,
  keyword: string,
  what: string,
  more: { hint?: string } = {},
): OutriggerError =>
  new OutriggerError('INPUT_INVALID', `${where}: \`${keyword} ${text}\` ${what}`, more);

function bitsOf(setting: Setting | undefined): number {
  if (setting === undefined) return 0;
  if (/^\d{1,6}$/.test(setting.text)) return Number(setting.text);
  throw invalid(setting, HONORED.requiredrsasize, 'is not a number of bits');
}

const FAMILIES: ReadonlyMap<string, 0 | 4 | 6> = new Map([
  ['any', 0],
  ['inet', 4],
  ['inet6', 6],
]);

function familyOf(setting: Setting | undefined, address: string): 0 | 4 | 6 {
  if (setting === undefined) return 0;
  const family = FAMILIES.get(setting.text.toLowerCase());
  if (family === undefined)
    throw invalid(setting, HONORED.addressfamily, 'is not an address family');
  const own = isIPv6(address) ? 6 : isIP(address);
  if (family !== 0 && own !== 0 && own !== family) {
    throw invalid(setting, HONORED.addressfamily, `forbids the address ${address}`);
  }
  return family;
}

function localAddressOf(setting: Setting | undefined): string | undefined {
  if (setting === undefined || setting.text === '*') return undefined;
  if (isIP(setting.text) !== 0) return setting.text;
  throw invalid(setting, HONORED.bindaddress, 'is not an IP address', {
    hint: 'ssh would resolve the name; outrigger accepts only an address',
  });
}

/** outrigger logs in with keys, and with nothing else. */
function refuseWhatForbidsUs(settings: Settings): void {
  const methods = first(settings, 'preferredauthentications');
  if (methods !== undefined && !methods.text.split(',').includes('publickey')) {
    throw onlyKeys(methods, REFUSED.preferredauthentications);
  }
  const keys = first(settings, 'pubkeyauthentication');
  // `unbound` and `host-bound` are kinds of yes.
  if (keys !== undefined && !/^(unbound|host-bound)$/i.test(keys.text)) {
    if (!flagOf(keys, REFUSED.pubkeyauthentication)) {
      throw onlyKeys(keys, REFUSED.pubkeyauthentication);
    }
  }
  const refused = first(settings, 'refuseconnection');
  if (refused !== undefined) {
    throw invalid(refused, REFUSED.refuseconnection, 'forbids the connection');
  }
}

const onlyKeys = (setting: Setting, keyword: string): OutriggerError =>
  invalid(
    setting,
    keyword,
    'forbids public key authentication, the only method that outrigger uses',
    {
      hint: 'set `sshConfig` of the connection to another file, or to none',
    },
  );
