import { CERTIFICATE_FILES } from '../pacemaker/basics/names.ts';
import { errorAt, type Finding } from '../support/yaml/diagnostic.ts';
import { childPointer } from '../support/yaml/json-pointer.ts';
import type { Sound } from '../support/yaml/sound.ts';
import { periodMs } from '../support/values/period.ts';
import { DEFAULT_RENEW_BEFORE, DEFAULT_VALIDITY } from './resolve-authentication.ts';
import type { Inventory, X509 } from './schema-types.ts';

const POINTER = '/authentication/x509';

/** Where certificates come from, and what may be said with each. */
const SETTINGS = {
  authority: ['authority', 'passphrase', 'validity', 'renewBefore', 'revoked'],
  onHosts: ['onHosts', 'warnBefore'],
  sign: ['ca', 'certificate', 'sign', 'crl', 'renewBefore'],
  request: ['ca', 'certificate', 'request', 'crl', 'renewBefore'],
  files: ['ca', 'certificate', 'key', 'crl', 'warnBefore'],
} as const satisfies Record<string, readonly (keyof X509)[]>;

type Source = keyof typeof SETTINGS;

const CALLED: Readonly<Record<Source, string>> = {
  authority: '`authority`',
  onHosts: '`onHosts`',
  sign: '`sign`',
  request: '`request`',
  files: 'the local files of a CA',
};

const NEEDED = {
  sign: ['ca', 'certificate'],
  request: ['ca', 'certificate'],
  files: ['ca', 'certificate', 'key'],
} as const;

/** One place where certificates come from, and what belongs to it. */
export function checkX509({ authentication }: Sound<Inventory>): Finding[] {
  const x509 = authentication?.x509;
  if (x509 === undefined) return [];
  const source = sourceOf(x509);
  return [
    ...missingFiles(x509, source),
    ...misplaced(x509, source),
    ...(source === 'authority' ? checkTimes(x509) : []),
    ...checkPlaces(x509),
  ];
}

/** One that is there and wrong has been told of already, and counts as there. */
const isThere = (x509: Sound<X509>, key: keyof X509): boolean => Object.hasOwn(x509, key);

const sourceOf = (x509: Sound<X509>): Source => {
  if (isThere(x509, 'authority')) return 'authority';
  if (isThere(x509, 'onHosts')) return 'onHosts';
  if (isThere(x509, 'sign')) return 'sign';
  return isThere(x509, 'request') ? 'request' : 'files';
};

function missingFiles(x509: Sound<X509>, source: Source): Finding[] {
  if (source === 'authority' || source === 'onHosts') return [];
  const missing = NEEDED[source].filter((key) => !isThere(x509, key));
  return missing.map((key) =>
    errorAt(POINTER, 'missing-key', `\`${key}\` is missing`, {
      at: 'key',
      expected:
        '`ca` and `certificate` with `key`, `sign` or `request`; or `onHosts`; or `authority`',
    }),
  );
}

const misplaced = (x509: Sound<X509>, source: Source): Finding[] => {
  const own: readonly string[] = SETTINGS[source];
  const others = new Set(Object.values(SETTINGS).flat());
  return [...others]
    .filter((key) => !own.includes(key) && x509[key] !== undefined)
    .map((key) => {
      const message = `\`${key}\` cannot be combined with ${CALLED[source]}`;
      const expected = `only the keys of ${CALLED[source]}: ${own.map((name) => `\`${name}\``).join(', ')}`;
      const path = childPointer(POINTER, key);
      return errorAt(path, 'conflicting-keys', message, { at: 'key', expected });
    });
};

/** What lies where outrigger puts files is taken for its own, and goes when the cluster changes back to the authkey. */
const checkPlaces = ({ onHosts = {} }: Sound<X509>): Finding[] =>
  Object.entries(onHosts)
    .filter(([, path]) => Object.values(CERTIFICATE_FILES).some((file) => file.path === path))
    .map(([key, path]) =>
      errorAt(
        childPointer(POINTER, 'onHosts', key),
        'wrong-value',
        `\`${path}\` is reserved for the files that outrigger installs`,
        { expected: 'a different path on the hosts' },
      ),
    );

/** A CRL that lapses within a day is refused; and what is new must not be due at once. */
const SHORTEST_RENEWAL = '2d';

function checkTimes(x509: Sound<X509>): Finding[] {
  const { validity = DEFAULT_VALIDITY, renewBefore = DEFAULT_RENEW_BEFORE } = x509;
  if (periodMs(renewBefore) < periodMs(SHORTEST_RENEWAL)) {
    const message = '`apply` must run before the certificate expires';
    const path = childPointer(POINTER, 'renewBefore');
    return [errorAt(path, 'wrong-value', message, { expected: `at least ${SHORTEST_RENEWAL}` })];
  }
  if (2 * periodMs(renewBefore) <= periodMs(validity)) return [];
  const path = childPointer(POINTER, x509.validity === undefined ? 'renewBefore' : 'validity');
  const message = `certificates valid for ${validity} would be renewed ${renewBefore} before they expire`;
  const expected = '`validity` at least twice as long as `renewBefore`';
  return [errorAt(path, 'wrong-value', message, { expected })];
}

/** Nodes that are to take part and must not. */
export const checkRevoked = (
  { authentication }: Sound<Inventory>,
  nodes: readonly string[],
): readonly Finding[] =>
  (authentication?.x509?.revoked ?? []).flatMap((entry, index) => {
    if (entry === undefined || !nodes.includes(entry)) return [];
    const message = `\`${entry}\` is revoked, but is a node of this inventory`;
    return [
      errorAt(childPointer(POINTER, 'revoked', index), 'revoked-node', message, {
        expected: `revoke it only after the node is removed; to replace its certificate: \`outrigger rotate certificates --limit ${entry}\``,
      }),
    ];
  });
