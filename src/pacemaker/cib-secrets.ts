import type { Cib } from './cib.ts';
import { walk } from './xml.ts';

/** Parameters of agents that hold secrets, by their names (`passwd`, `snmp_priv_passwd`, `secret_key`, `token` ...). */
const SECRET_NAME = /pass|secret|token|credential|community|private|(^|_)key$/i;

/** Shorter ones are words of every message (`1`, `on`); hiding them would tell more than it hides. */
const SHORTEST = 4;

/** Longer values of fence devices are hidden whatever they are called: logins and addresses help nobody in a log. */
const SHORTEST_OF_DEVICE = 8;

/** What the CIB holds that no message may show. */
function secretsIn(cib: Cib): readonly string[] {
  const found = new Set<string>();
  for (const { element: primitive, id } of cib.primitives.values()) {
    const isDevice = cib.fencingDevices.includes(id);
    for (const { name: kind, attributes } of walk(primitive)) {
      const { name = '', value = '' } = attributes;
      const isPrivate = isDevice && !name.startsWith('pcmk_') && value.length >= SHORTEST_OF_DEVICE;
      const isSecret = SECRET_NAME.test(name) && value.length >= SHORTEST;
      if (kind === 'nvpair' && (isPrivate || isSecret)) found.add(value);
    }
  }
  return [...found].sort((a, b) => b.length - a.length);
}

/** What a tool of Pacemaker said of a CIB, without the secrets of fence devices: some tools quote what they refuse. */
export const withoutSecrets = (text: string, cib: Cib): string =>
  secretsIn(cib).reduce((shown, secret) => shown.replaceAll(secret, '«secret»'), text);
