/**
 * No secret that is in use gets into any output of any story: what outrigger prints, what it writes into its own files, what
 * it leaves in the system logs of hosts. After each test of a lab all of it is searched.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { loadSchema } from '../../src/flows/load-document.ts';
import { CERTIFICATE_FILES, AUTHKEY_FILE } from '../../src/pacemaker/basics/names.ts';
import { readInventory } from '../../src/inventory/read-inventory.ts';
import type { NamedFile } from '../../src/inventory/files-named.ts';
import { checksAfterEach } from '../support/after-each.ts';
import { secretsIn, secretsSeen, type KnownSecret } from '../support/secret-scan.ts';
import type { Lab } from './handle.ts';
import type { LabHost } from './types.ts';
import { eachOf } from './wait.ts';

/** What `asker` types. */
const SUDO_PASSWORD = 'lab password';

type WatchedLab = Pick<Lab, 'dir' | 'isOn' | 'exec'> & {
  hosts: readonly Pick<LabHost, 'name' | 'kind'>[];
};

/** One thing in which no secret may be. */
type Output = { what: string; text: string };

type Watch = {
  lab: WatchedLab;
  secrets: Map<string, KnownSecret>;
  outputs: Output[];
  /** How many outputs were searched for how many secrets. */
  searched: { outputs: number; secrets: number };
  inventories: Set<string>;
  /** Files that outrigger wrote, with their size when they were read. */
  files: Map<string, number>;
};

const watches = new Map<string, Watch>();

/** Keeps what a program on the control seat has put out, if it was outrigger. */
export function watch(lab: WatchedLab, argv: readonly string[], text: string): void {
  const main = argv.findIndex((arg) => /\/cli\/main\.[jt]s$/.test(arg));
  if (main < 0) return;
  const args = argv.slice(main + 1);
  const known = watches.get(lab.dir) ?? newWatch(lab);
  watches.set(lab.dir, known);
  known.outputs.push({ what: `output of outrigger ${args.join(' ')}`, text });
  for (const path of valuesOf(args, ['-i', '--inventory'])) known.inventories.add(resolve(path));
  const reports = valuesOf(args, ['--report']).map((report) => report.replace(/^\w+=/, ''));
  for (const path of [...valuesOf(args, ['-o', '--out']), ...reports])
    known.files.set(resolve(path), 0);
}

const newWatch = (lab: WatchedLab): Watch => ({
  lab,
  secrets: new Map(),
  outputs: [],
  searched: { outputs: 0, secrets: 0 },
  inventories: new Set(),
  files: new Map(),
});

const valuesOf = (args: readonly string[], options: readonly string[]): string[] =>
  args.flatMap((arg, index) => (options.includes(args[index - 1] ?? '') ? [arg] : []));

checksAfterEach.add(assertNoSecretShown);

/** Throws where any output holds anything of a secret; names them, and quotes nothing. */
export async function assertNoSecretShown(): Promise<void> {
  for (const known of watches.values()) {
    const { lab, outputs, searched } = known;
    if (!existsSync(lab.dir)) {
      watches.delete(lab.dir);
      continue;
    }
    if (outputs.length === searched.outputs) continue;
    addFiles(known);
    await eachOf(
      lab.hosts.filter(({ kind, name }) => kind !== 'domain' && lab.isOn(name)),
      4,
      ({ name }) => addHost(known, name),
    );
    addLocal(known);
    const secrets = [...known.secrets.values()];
    const found = outputs.flatMap(({ what, text }, index) =>
      secretsSeen(text, index < searched.outputs ? secrets.slice(searched.secrets) : secrets).map(
        (name) => `${what}: ${name}`,
      ),
    );
    known.searched = { outputs: outputs.length, secrets: secrets.length };
    assert.ok(secrets.length > 1, 'no secret was found to search for');
    assert.equal(found.length, 0, `a secret was shown: ${found.join('; ')}`);
  }
}

function add(known: Watch, name: string, content: Uint8Array): void {
  for (const secret of secretsIn(name, content))
    if (!known.secrets.has(secret.traces[0] ?? ''))
      known.secrets.set(secret.traces[0] ?? '', secret);
}

const KEYS = [AUTHKEY_FILE, CERTIFICATE_FILES.key.path];
const READ = `for file in ${KEYS.join(' ')}; do
  [ ! -f "$file" ] || echo "$file $(base64 -w0 "$file")"
done
echo .
find /tmp /var/tmp /dev/shm /run /root /home /etc -xdev -name '*outrigger*' 2>/dev/null | while IFS= read -r left; do
  find "$left" -xdev -type f -size -1024k -exec cat {} +
done
journalctl --quiet --boot --output=cat --identifier=outrigger --identifier=sudo`;

/** The keys of a host; what scripts have left there, and its system log. One that does not answer now tells nothing. */
async function addHost(known: Watch, host: string): Promise<void> {
  const answer = await known.lab.exec(host, READ, { timeoutMs: 120_000 }).catch(() => undefined);
  const { stdout } = answer ?? { stdout: '.\n' };
  const end = stdout.indexOf('.\n');
  for (const line of stdout.slice(0, end).split('\n')) {
    const [path, key = ''] = line.split(' ');
    if (key !== '') add(known, `${path ?? ''} of ${host}`, Buffer.from(key, 'base64'));
  }
  known.outputs.push({
    what: `files left on ${host}, and system log of ${host}`,
    text: stdout.slice(end + 1),
  });
}

const SECRET_FILES: ReadonlySet<NamedFile['kind']> = new Set([
  ...(['identity', 'become-password', 'authkey', 'passphrase', 'opener'] as const),
  ...(['age-identity', 'certificate-key'] as const),
]);

/** The secrets that inventories name, as they are now. */
function addLocal(known: Watch): void {
  add(known, 'sudo password', Buffer.from(SUDO_PASSWORD));
  const login = join(known.lab.dir, 'ssh', 'id_ed25519');
  if (existsSync(login)) add(known, login, readFileSync(login));
  for (const file of known.inventories) {
    if (!existsSync(file)) continue;
    const { files, spec } = readInventory({
      file,
      text: readFileSync(file, 'utf8'),
      schema: loadSchema('inventory'),
      directory: dirname(file),
      home: homedir(),
    });
    const x509 = spec?.authentication.method === 'x509' ? spec.authentication.x509 : undefined;
    const own = x509?.kind === 'authority' ? filesBelow(x509.directory) : [];
    const named = files.filter(({ kind }) => SECRET_FILES.has(kind)).map(({ path }) => path);
    for (const path of [...named, ...own.filter((path) => path.endsWith('.key'))])
      if (existsSync(path) && statSync(path).isFile()) add(known, path, readFileSync(path));
  }
}

/** What outrigger has written since the last time: records of runs, copies of the CIB, saved plans. */
function addFiles(known: Watch): void {
  const records = filesBelow(join(known.lab.dir, 'state'));
  for (const path of new Set([...records, ...known.files.keys()])) {
    const size = existsSync(path) ? statSync(path).size : 0;
    if (size === (known.files.get(path) ?? 0)) continue;
    known.files.set(path, size);
    known.outputs.push({ what: path, text: readFileSync(path, 'utf8') });
  }
}

const filesBelow = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .map((name) => join(folder, name))
        .filter((path) => statSync(path).isFile())
    : [];
