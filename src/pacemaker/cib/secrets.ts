import type { Cib } from './cib.ts';
import { escaped, walk, type XmlElement } from '../basics/xml.ts';

/**
 * Names of what holds secrets (`passwd`, `snmp_priv_passwd`, `secret_key`, `token` ...), wherever it stands. Pacemaker's own
 * reports know of `passw.*` alone (crm_report(8), -p).
 */
const SECRET_NAME = /pass|secret|token|credential|community|private|(^|_)key$/i;

/** Shorter ones are words of every message (`1`, `on`); hiding them would tell more than it hides. */
const SHORTEST = 4;

/** Longer values of fence devices are hidden whatever they are called: logins and addresses help nobody in a log. */
const SHORTEST_OF_DEVICE = 8;

/** What the CIB holds that no message may show, as it is and as it is written. */
function secretsIn(cib: Cib): readonly string[] {
  const devices = new Set(cib.fencingDevices);
  const found = [
    ...pairsIn(cib.root).filter(
      ({ name, value }) => SECRET_NAME.test(name) && value.length >= SHORTEST,
    ),
    ...[...cib.primitives.values()]
      .filter(({ id }) => devices.has(id))
      .flatMap(({ element }) => pairsIn(element))
      .filter(({ name, value }) => !name.startsWith('pcmk_') && value.length >= SHORTEST_OF_DEVICE),
  ];
  const written = found.flatMap(({ value }) => [value, escaped(value)]);
  return [...new Set(written)].sort((a, b) => b.length - a.length);
}

/** The name and value of every nvpair in an element. */
const pairsIn = (root: XmlElement): { name: string; value: string }[] =>
  [...walk(root)].flatMap(({ name: kind, attributes: { name = '', value = '' } }) =>
    kind === 'nvpair' ? [{ name, value }] : [],
  );

/** What a tool of Pacemaker said of a CIB, without the secrets of fence devices: some tools quote what they refuse. */
export const withoutSecrets = (text: string, cib: Cib): string =>
  secretsIn(cib).reduce((shown, secret) => shown.replaceAll(secret, '«secret»'), text);
