import { errorAt, warningAt, type Finding } from '../support/yaml/diagnostic.ts';
import type { Sound } from '../support/yaml/sound.ts';
import { absolutePath, type PathBase } from './file-paths.ts';
import { secretsOf } from './check-secrets.ts';
import type { Inventory } from './schema-types.ts';
import { sectionsOf } from './sections.ts';
import { fileOfNode } from './spec.ts';

/** A local file that an inventory names, and where it names it. */
export interface NamedFile {
  readonly path: string;
  readonly pointer: string;
  readonly kind:
    | 'identity'
    | 'known-hosts'
    | 'ssh-config'
    | 'become-password'
    | 'authkey'
    | 'passphrase'
    | 'opener'
    | 'age-identity'
    | 'encrypted'
    | 'ca'
    | 'certificate'
    | 'certificate-key'
    | 'crl';
}

/** What the caller found out about a file. */
export type FileFacts =
  | { readonly exists: false }
  | {
      readonly exists: true;
      readonly isFile: boolean;
      readonly mode: number;
      readonly size: number;
    }
  | { readonly exists: true; readonly unreadable: string };

const MIB = 1024 * 1024;

/** More than any such file holds: one that is larger is another file. A fleet has many host keys. */
export const MOST_BYTES: Readonly<Record<NamedFile['kind'], number>> = {
  identity: MIB,
  'known-hosts': 64 * MIB,
  'ssh-config': MIB,
  'become-password': MIB,
  authkey: MIB,
  passphrase: MIB,
  opener: MIB,
  'age-identity': MIB,
  encrypted: 4 * MIB,
  ca: MIB,
  certificate: MIB,
  'certificate-key': MIB,
  crl: 64 * MIB,
};

/**
 * The local files that an inventory names; only the caller can look at them. `nodes` are the names of all nodes: each has
 * a certificate of its own.
 */
export function filesNamed(
  inventory: Sound<Inventory>,
  base: PathBase,
  nodes: readonly string[],
): NamedFile[] {
  const named = (
    kind: NamedFile['kind'],
    pointer: string,
    path: string | undefined,
  ): NamedFile[] => (path === undefined ? [] : [{ kind, pointer, path: absolutePath(path, base) }]);
  return [
    ...sectionsOf(inventory).flatMap(({ pointer, connection }) => [
      ...named('identity', `${pointer}/connection/identityFile`, connection?.identityFile),
      ...named('known-hosts', `${pointer}/connection/knownHostsFile`, connection?.knownHostsFile),
      ...named(
        'ssh-config',
        `${pointer}/connection/sshConfig`,
        connection?.sshConfig === 'none' ? undefined : connection?.sshConfig,
      ),
    ]),
    ...secretsOf(inventory).flatMap(({ kind, pointer, source }) => [
      ...named(kind, `${pointer}/file`, source.file),
      ...named('encrypted', `${pointer}/age`, source.age),
      ...named('age-identity', `${pointer}/identity`, source.identity),
      ...named('encrypted', `${pointer}/ansibleVault`, source.ansibleVault),
      ...named('encrypted', `${pointer}/sops`, source.sops),
    ]),
    ...certificateFiles(inventory, nodes).flatMap(({ kind, key, path }) =>
      named(kind, `/authentication/x509/${key}`, path),
    ),
  ];
}

/** What an inventory names of certificates; files that nobody uses need not be there. */
function certificateFiles(
  { authentication }: Sound<Inventory>,
  nodes: readonly string[],
): readonly { kind: NamedFile['kind']; key: string; path: string | undefined }[] {
  const { method, x509 } = authentication ?? {};
  if (method !== 'x509' || x509 === undefined) return [];
  const { ca, certificate, key, crl, sign, request, authority } = x509;
  if (authority !== undefined) return [];
  const each = (pattern: string | undefined): readonly string[] =>
    pattern === undefined ? [] : nodes.map((node) => fileOfNode(pattern, node));
  // What is signed on request may have still to come.
  const isThere = sign === undefined && request === undefined;
  return [
    { kind: 'ca', key: 'ca', path: ca },
    ...each(isThere ? certificate : undefined).map(
      (path) => ({ kind: 'certificate', key: 'certificate', path }) as const,
    ),
    ...each(key).map((path) => ({ kind: 'certificate-key', key: 'key', path }) as const),
    { kind: 'crl', key: 'crl', path: crl },
  ];
}

const CALLED: Readonly<Record<NamedFile['kind'], string>> = {
  identity: 'private key',
  'known-hosts': 'known hosts file',
  'ssh-config': 'ssh_config file',
  'become-password': 'sudo password file',
  authkey: 'authkey',
  ca: 'CA certificate',
  certificate: 'certificate',
  'certificate-key': 'key of the certificate',
  crl: 'CRL',
  passphrase: 'passphrase file of the CA',
  opener: 'key file for an encrypted file',
  'age-identity': 'age identity',
  encrypted: 'encrypted file',
};

/** What only its owner may read. */
const SECRET: ReadonlySet<NamedFile['kind']> = new Set([
  'identity',
  'become-password',
  'authkey',
  'certificate-key',
  'passphrase',
  'opener',
  'age-identity',
] as const);

/** Holds the files that an inventory names against what the caller found; a file without facts is not judged. */
export const checkFiles = (
  files: readonly NamedFile[],
  facts: ReadonlyMap<string, FileFacts>,
): Finding[] =>
  files.flatMap((file) => {
    const found = facts.get(file.path);
    return found === undefined ? [] : checkFile(file, found);
  });

function checkFile({ path, pointer, kind }: NamedFile, found: FileFacts): Finding[] {
  const called = CALLED[kind];
  if (!found.exists) {
    const message = `the ${called} ${path} does not exist`;
    return kind === 'known-hosts'
      ? [
          warningAt(pointer, 'missing-file', message, {
            expected: 'a file that `outrigger trust` writes',
          }),
        ]
      : [errorAt(pointer, 'missing-file', message)];
  }
  if ('unreadable' in found) {
    const message = `the ${called} ${path} cannot be read: ${found.unreadable}`;
    return [errorAt(pointer, 'unreadable-file', message)];
  }
  if (!found.isFile) {
    return [errorAt(pointer, 'wrong-file', `the ${called} ${path} is not a regular file`)];
  }
  if (found.size > MOST_BYTES[kind]) {
    const message = `the ${called} ${path} is larger than ${MOST_BYTES[kind] / MIB} MiB`;
    return [errorAt(pointer, 'wrong-file', message)];
  }
  const findings: Finding[] = [];
  if (SECRET.has(kind) && (found.mode & 0o077) !== 0) {
    const mode = (found.mode & 0o777).toString(8).padStart(4, '0');
    const message = `the ${called} ${path} is accessible to other users (mode ${mode})`;
    findings.push(
      errorAt(pointer, 'exposed-file', message, { expected: `mode 0600: chmod 600 ${path}` }),
    );
  }
  if (SECRET.has(kind) && found.size === 0) {
    findings.push(errorAt(pointer, 'empty-file', `the ${called} ${path} is empty`));
  }
  return findings;
}
