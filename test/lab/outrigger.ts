/** Runs outrigger on the control seat, as an operator does, and looks at what became of the cluster. */
import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Ajv } from 'ajv';
import { loadSchema } from '../../src/flows/load-document.ts';
import type { RunEvent } from '../../src/model/run-event.ts';
import type { Lab } from './handle.ts';
import { tsxLoader } from './power.ts';
import { waitFor } from './wait.ts';

const ROOT = join(import.meta.dirname, '..', '..');
/** For a run that hangs: many times what the longest takes on a quiet machine. */
export const RUN_LIMIT_MS = 1_200_000;

export type Attribute = { name: string; before: string | null; after: string | null };
export type PlannedChange = {
  host: string;
  item: string;
  action: string;
  restart: string;
  isConsequence: boolean;
  attributes: Attribute[];
};

/** What `plan --json` prints, as far as stories look at it (schemas/plan.schema.json). */
export type PlanDocument = {
  counts: { changes: number };
  plays: { name: string; changes: PlannedChange[] }[];
  problems: { host: string; kind: string; code: string; message: string; hint: string | null }[];
  risks: { code: string; subjects: string[] }[];
  fencing: { node: string; devices: string[] | null; extended: string | null }[];
  credentialChange: null | { kind: string };
  notes: string[];
  forecast: null | {
    stops: { resource: string }[];
    moves: { resource: string; from: string; to: string }[];
    connectionStarts: { node: string; on: string }[];
    fencedOnFailure: string[];
  };
};

export type Summary = {
  type: 'summary';
  failures: { host: string; message: string; hint: string | null }[];
};
export type Line = RunEvent | Summary | { type: 'version' };

export type Finished = { code: number; stdout: string; stderr: string };
export type Applied = Finished & { lines: Line[]; failures: Record<string, string> };

/** A remote node or guest node of an inventory: what differs from the defaults, and the lab host that it is. */
export type WantedNode = { name: string; host: string } & Record<string, unknown>;

export type WantedInventory = {
  remoteNodes?: readonly WantedNode[];
  guestNodes?: readonly WantedNode[];
  /** Hosts; default: all cluster nodes of the lab. */
  clusterNodes?: readonly string[];
  /** A file with the key that all nodes shall hold; default: the cluster's. */
  authkey?: string;
  /** How nodes prove who they are, as an inventory says it; instead of `authkey`. */
  authentication?: Record<string, unknown>;
  /** Default: 5s. */
  connectTimeout?: string;
  /** Settings that nodes share. */
  groups?: Record<string, unknown>;
  drift?: Record<string, unknown>;
};

/** Writes an inventory for hosts of the lab into the lab's directory; gives its path. */
export function writeInventory(lab: Lab, desired: WantedInventory): string {
  const members = lab.hosts.filter(({ kind }) => kind === 'cluster').map(({ name }) => name);
  const address = (host: string): string => lab.addresses[host] ?? assert.fail(`no host ${host}`);
  const placed = ({ host, ...node }: WantedNode) => ({ address: address(host), ...node });
  const inventory = {
    apiVersion: 'outrigger/v1',
    cluster: { name: lab.name },
    connection: {
      user: 'root',
      identityFile: join(lab.sshDir, 'id_ed25519'),
      knownHostsFile: join(lab.sshDir, 'known_hosts'),
      sshConfig: 'none',
      connectTimeout: desired.connectTimeout ?? '5s',
    },
    clusterNodes: (desired.clusterNodes ?? members).map((name) => ({
      name,
      address: address(name),
    })),
    authentication:
      desired.authentication ??
      (desired.authkey === undefined
        ? undefined
        : { method: 'psk', authkey: { file: desired.authkey } }),
    groups: desired.groups ?? {},
    drift: desired.drift,
    remoteNodes: desired.remoteNodes?.map(placed),
    guestNodes: desired.guestNodes?.map(placed),
  };
  const path = join(mkdtempSync(join(lab.dir, 'inventory-')), 'inventory.yml');
  writeFileSync(path, JSON.stringify(inventory, undefined, 2));
  return path;
}

/** A guest node as an inventory declares it: a virtual machine of the lab, which its resource is named after. */
export const guestOn = (vm: string, name = vm) => ({
  name,
  host: vm,
  resource: `vm-${vm}`,
  connectTimeout: '10s',
});

/**
 * A program line that runs outrigger: from its sources, or with OUTRIGGER_TEST_BUILT what was built from them, which
 * starts in a third of the time (`npm test` builds right before).
 */
export const argvOf = (args: readonly string[]): string[] => {
  const isBuilt = process.env['OUTRIGGER_TEST_BUILT'] === 'yes';
  const program = isBuilt
    ? [join(ROOT, 'dist', 'cli', 'main.js')]
    : ['--import', tsxLoader(), join(ROOT, 'src', 'cli', 'main.ts')];
  return [process.execPath, ...program, ...args];
};

/** The run's own folders go away with the lab. */
export const environmentIn = (lab: Lab): Record<string, string | undefined> => ({
  ...process.env,
  XDG_STATE_HOME: join(lab.dir, 'state'),
  CI: undefined,
});

/** Runs outrigger to its end, whatever its exit code. */
export const outrigger = (lab: Lab, args: readonly string[]): Promise<Finished> =>
  lab.control(argvOf(args), { env: environmentIn(lab), timeoutMs: RUN_LIMIT_MS });

/** The plan as JSON; fails with everything that was said when there is none. */
export async function plan(
  lab: Lab,
  inventory: string,
): Promise<PlanDocument & { code: number; changes: PlannedChange[] }> {
  const { code, stdout, stderr } = await outrigger(lab, ['plan', '--json', '-i', inventory]);
  assert.ok(stdout.startsWith('{'), `plan: exit ${code}\n${stderr}${stdout}`);
  const document = JSON.parse(stdout) as PlanDocument;
  return { ...document, code, changes: document.plays.flatMap(({ changes }) => changes) };
}

/** What `drift --json` prints, as far as stories look at it (schemas/drift.schema.json). */
export type DriftDocument = {
  drifted: {
    host: string;
    item: string;
    attribute: string;
    kind: string;
    reason: string | null;
  }[];
  ignored: { host: string; item: string }[];
  expiredIgnores: { host: string; until: string }[];
  unreachable: { host: string }[];
  refused: { host: string; code: string }[];
  pending: { host: string; message: string }[];
  inSync: string[];
};

const isDrift = new Ajv({ strict: true, allowUnionTypes: true }).compile(loadSchema('drift'));

/** The drift as JSON, as its schema says; insists on an exit code. `names`: `host item attribute: kind` of each difference. */
export async function drift(
  lab: Lab,
  code: number,
  args: readonly string[],
): Promise<DriftDocument & { names: string[] }> {
  const reported = await outrigger(lab, ['drift', '--json', ...args]);
  assert.equal(reported.code, code, reported.stderr + reported.stdout);
  const document = JSON.parse(reported.stdout) as DriftDocument;
  assert.ok(isDrift(document), JSON.stringify(isDrift.errors));
  return {
    ...document,
    names: document.drifted.map(
      ({ host, item, attribute, kind }) => `${host} ${item} ${attribute}: ${kind}`,
    ),
  };
}

/** What `status --json` says of the cluster itself. */
export async function clusterStatus(
  lab: Lab,
  inventory: string,
): Promise<{ fencing: boolean; maintenance: boolean }> {
  const { code, stdout, stderr } = await outrigger(lab, ['status', '--json', '-i', inventory]);
  assert.ok(stdout.startsWith('{'), `status: exit ${code}\n${stderr}${stdout}`);
  const { cluster } = JSON.parse(stdout) as { cluster: { fencing: boolean; maintenance: boolean } };
  return { fencing: cluster.fencing, maintenance: cluster.maintenance };
}

/** What a story does to the lab while a run stands still; the run goes on afterwards. */
export type Meddling = { when: (line: Line) => boolean; meddle: () => Promise<void> };

/** Applies with JSON lines. With `meddling`, the first line that it is for stops the run for as long as that takes. */
export async function apply(
  lab: Lab,
  args: readonly string[],
  meddling?: Meddling,
): Promise<Applied> {
  const argv = argvOf(['apply', '--yes', '--json', ...args]);
  const child = lab.controlSpawn(argv, {
    env: environmentIn(lab),
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: RUN_LIMIT_MS,
    killSignal: 'SIGKILL',
  });
  const lines: Line[] = [];
  let stderr = '';
  let pending = meddling;
  let work: Promise<void> = Promise.resolve();
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const reader = createInterface({ input: child.stdout ?? assert.fail('no output') });
  reader.on('line', (text) => {
    const line = JSON.parse(text) as Line;
    lines.push(line);
    if (pending?.when(line) !== true) return;
    const { meddle } = pending;
    pending = undefined;
    child.kill('SIGSTOP');
    work = meddle().finally(() => child.kill('SIGCONT'));
    work.catch(() => undefined); // reported below
  });
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exit) => {
      resolve(exit ?? -1);
    });
  });
  await work;
  const said = `exit ${code}\n${stderr}${lines.map((line) => JSON.stringify(line)).join('\n')}`;
  if (meddling !== undefined) assert.equal(pending, undefined, `nobody could meddle: ${said}`);
  const failures = lines.flatMap((line) => (line.type === 'summary' ? line.failures : []));
  return {
    code,
    stdout: said,
    stderr,
    lines,
    failures: Object.fromEntries(failures.map(({ host, message }) => [host, message])),
  };
}

/** Applies and insists on an exit code, with everything that was said when it is another. */
export async function applied(
  lab: Lab,
  code: number,
  args: readonly string[],
  meddling?: Meddling,
): Promise<Applied> {
  const result = await apply(lab, args, meddling);
  assert.equal(result.code, code, result.stdout);
  return result;
}

/** Asserts that nothing is left to do. */
export async function assertInSync(lab: Lab, inventory: string): Promise<void> {
  const { changes, risks, problems } = await plan(lab, inventory);
  assert.deepEqual({ changes, risks, problems }, { changes: [], risks: [], problems: [] });
}

/** Hosts whose power the cluster switched, in order. */
export async function fenced(lab: Lab): Promise<string[]> {
  const events = await lab.powerLog();
  return events.filter(({ by }) => by === 'fencing').map(({ target }) => target);
}

/** Asserts that the cluster has fenced nobody since the lab is up, by the power log and by its own account. */
export async function assertQuiet(lab: Lab): Promise<void> {
  assert.deepEqual(await fenced(lab), []);
  assert.match(await lab.fenceHistory(), /^0 events found$/m);
  assert.doesNotMatch(await lab.crmMon(), /unclean="true"/);
}

/** `admin_epoch.epoch` of the configuration. */
export const epochOf = (lab: Lab): Promise<string> =>
  lab.sh(
    'c1',
    `cibadmin -Q -o crm_config >/dev/null && cibadmin -Q | sed -n '1s/.* epoch="\\([0-9]*\\)".*admin_epoch="\\([0-9]*\\)".*/\\2.\\1/p'`,
  );

/** The configuration as the CIB has it: the same again after a run that only held the lock. */
export const configurationOf = (lab: Lab): Promise<string> =>
  lab.sh('c1', 'cibadmin --query --scope configuration');

/** Where the CIB mentions a node: `primitive`, `node`, `node_state` … */
export async function tracesOf(lab: Lab, name: string): Promise<string[]> {
  const cib = await lab.sh('c1', 'cibadmin -Q');
  const found = cib.matchAll(new RegExp(`<(\\w+)[^>]* (?:id|uname|rsc)="${name}[-"]`, 'g'));
  return [...new Set([...found].map(([, element = '']) => element))].sort();
}

/** Waits until the cluster has nothing under way. Not asked often: two programs for each question, in each lab. */
export const settled = (lab: Lab): Promise<void> =>
  waitFor('the cluster is idle', 60_000, () => stateOfDc(lab), 500);

async function stateOfDc(lab: Lab): Promise<true | string> {
  const { stdout } = await lab.exec(
    'c1',
    'crmadmin -S "$(crmadmin -D -q | awk \'{print $NF}\')" -q',
  );
  return stdout.includes('S_IDLE') || stdout;
}

/** Whether the cluster says of a connection that it runs, unhurt, on one cluster node. */
export async function isStarted(lab: Lab, name: string): Promise<boolean> {
  const resource = new RegExp(`<resource id="${name}" [^>]*>`).exec(await lab.crmMon())?.[0] ?? '';
  return ['role="Started"', 'managed="true"', 'failed="false"', 'blocked="false"'].every((mark) =>
    resource.includes(mark),
  );
}
