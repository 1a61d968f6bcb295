import { mkdirSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openLocalFile } from '../host/files/local-file.ts';
import { syncDirectory, writePrivateFile } from '../host/files/private-file.ts';
import { errnoOf, messageOf, OutriggerError } from '../support/errors.ts';
import { Secret } from '../support/secret.ts';
import type { AuthorityFiles } from '../credentials/x509/authority.ts';

/** More than any of these files holds. */
const MAX_BYTES = 1024 * 1024;

/** Where each file of an authority lies in its directory; `issued` keeps every certificate by its serial number. */
export const authorityPaths = (directory: string) => ({
  inUse: join(directory, '.in-use'),
  cluster: join(directory, 'cluster'),
  ca: join(directory, 'ca.pem'),
  caKey: join(directory, 'ca.key'),
  crl: join(directory, 'crl.pem'),
  nodes: join(directory, 'nodes'),
  certificate: (node: string) => join(directory, 'nodes', `${node}.pem`),
  key: (node: string) => join(directory, 'nodes', `${node}.key`),
  issued: join(directory, 'issued'),
  issuedAs: (serial: string) => join(directory, 'issued', `${serial}.pem`),
});

/** Reads what lies in the directory of an authority. Throws INPUT_INVALID when others can get at what is secret there. */
export function readAuthority(directory: string, nodes: readonly string[]): AuthorityFiles {
  const paths = authorityPaths(directory);
  for (const path of [directory, paths.nodes, paths.issued]) checkDirectory(path);
  const text = (path: string): string | undefined => read(path)?.toString('latin1');
  const key = (node: string): Secret | undefined => {
    const content = readSecret(paths.key(node));
    return content === undefined ? undefined : new Secret(content);
  };
  return {
    cluster: text(paths.cluster)?.trim(),
    ca: text(paths.ca),
    hasKey: readSecret(paths.caKey) !== undefined,
    crl: text(paths.crl),
    nodes: new Map(
      nodes.map((node) => [node, { certificate: text(paths.certificate(node)), key: key(node) }]),
    ),
    issued: namesIn(paths.issued).flatMap((name) => text(join(paths.issued, name)) ?? []),
  };
}

/** The encrypted key of the authority, in PEM form. Throws INPUT_INVALID when it is not there. */
export function readAuthorityKey(directory: string): string {
  const path = authorityPaths(directory).caKey;
  const content = readSecret(path);
  if (content === undefined) throw unusable(path, 'it does not exist');
  return content.toString('latin1');
}

/** Makes the folders of an authority, for their owner alone. */
export function makeDirectories(directory: string): void {
  const { nodes, issued } = authorityPaths(directory);
  for (const path of [directory, nodes, issued])
    asInput(path, () => mkdirSync(path, { recursive: true, mode: 0o700 }));
}

/** Writes a file of an authority; see `writePrivateFile`. */
export const writeAuthorityFile = (...args: Parameters<typeof writePrivateFile>): void => {
  asInput(args[0], () => {
    writePrivateFile(...args);
  });
};

/** Writes the keys of an authority where they lie: `ca.key` may be a link into a safe, which they must not leave. */
export function writeAuthorityKey(directory: string, content: string): void {
  const { caKey } = authorityPaths(directory);
  const path = asInput(caKey, () => ifThere(() => realpathSync(caKey))) ?? caKey;
  writeAuthorityFile(path, content);
  asInput(path, () => {
    syncDirectory(dirname(path));
  });
}

/** What was written lies there also after a loss of power. */
export function syncFolders(directory: string): void {
  const { nodes, issued } = authorityPaths(directory);
  for (const path of [issued, nodes, directory])
    asInput(path, () => {
      syncDirectory(path);
    });
}

/** Certificates only: what an interrupted run has left begins with a dot. */
const namesIn = (path: string): readonly string[] =>
  (asInput(path, () => ifThere(() => readdirSync(path))) ?? [])
    .filter((name) => name.endsWith('.pem') && !name.startsWith('.'))
    .sort();

function checkDirectory(path: string): void {
  const found = asInput(path, () => ifThere(() => statSync(path)));
  if (found === undefined) return;
  if (!found.isDirectory()) throw unusable(path, 'it is not a directory');
  refuseExposed(path, found.mode, 'chmod 700');
}

function readSecret(path: string): Buffer | undefined {
  const found = asInput(path, () => ifThere(() => openLocalFile(path, MAX_BYTES)));
  if (found === undefined) return undefined;
  refuseExposed(path, found.mode, 'chmod 600');
  return found.content;
}

const read = (path: string): Buffer | undefined =>
  asInput(path, () => ifThere(() => openLocalFile(path, MAX_BYTES)))?.content;

function refuseExposed(path: string, mode: number, repair: string): void {
  if ((mode & 0o077) === 0) return;
  const digits = (mode & 0o777).toString(8).padStart(4, '0');
  throw unusable(path, `other users can access it (mode ${digits}): ${repair} ${path}`);
}

/** What a look at a file gives; undefined: there is none. */
export function ifThere<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (thrown) {
    const code = errnoOf(thrown);
    if (code === 'ENOENT') return undefined;
    throw thrown;
  }
}

function asInput<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    throw unusable(path, messageOf(thrown));
  }
}

/** Why an authority is not used. */
export const unusable = (path: string, why: string): OutriggerError =>
  new OutriggerError('INPUT_INVALID', `the CA cannot be used: ${path}: ${why}`, {
    hint: 'the directory of a CA and its keys must be accessible to their owner only; no host was changed',
  });
