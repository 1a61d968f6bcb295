/** outrigger is killed at every step of changes of credentials; the next apply finishes each, and nothing is lost. */
import assert from 'node:assert/strict';
import {
  certificateFiles,
  certificatesUsed,
  connectedClusters,
  keepEnvironment,
  keysOn,
  quietly,
  sideBySide,
  type CredentialCluster,
} from './credential-cluster.ts';
import { labDown } from './lab.ts';
import { applied } from './outrigger.ts';
import type { Line } from './outrigger.ts';
import { startRun } from './story-run.ts';

/** So many runs die, one after the other, before one may go on to the end. */
const MOST_KILLS = 5;

type State = 'authkey' | 'certificates';
/** A change of credentials. */
type Way = {
  name: string;
  from: State;
  to: State;
  /** It fails at the second cluster node, and runs are killed while everything is put back. */
  isRolledBack: boolean;
};

const ALLOWED = ['credentials-converted', 'cluster-keys-differ', 'authkey-replaced'].flatMap(
  (code) => ['--allow', code],
);

/** Cluster nodes change one after the other, nodes all at once. */
const ONE_BY_ONE = ['environment', 'pacemaker'];

/** What a step is, as far as it matters which one a run dies at; undefined: it follows at once on one that counts. */
function stepOf(line: Line, last: Line | undefined): string | undefined {
  if (line.type === 'cib-written') return `CIB: ${line.purpose}`;
  if (line.type === 'waiting')
    return last?.type === 'cib-written'
      ? undefined
      : line.message
          .replace(/^waiting up to \S+ s /, 'waiting ')
          .replace(/, up to \S+ s without progress$/, '')
          .replace(/[a-z]\d+|[a-z]\[\S+\]/, 'some');
  if (line.type !== 'action') return undefined;
  const { host, item, action } = line;
  const isMember = ['c1', 'c2'].includes(host);
  const where = isMember ? (ONE_BY_ONE.includes(item) ? host : 'a cluster node') : 'a node';
  return `${action} (${item}) on ${where}`;
}

/** One lab for each of these settings; they share the ways: a point at which a run has died in one of them is done. */
type Labs = readonly { name: string; fencing: boolean; suite?: string }[];

/** Walks the ways, again and again, until runs have died at all of their steps. */
export function walkWithKills(labs: Labs, ways: readonly Way[]): void {
  let clusters: CredentialCluster[] = [];
  /** Where a run has died already, in either lab. */
  const hit = new Set<string>();
  /** Ways on which a whole run met no further step. */
  const walked = new Set<string>();

  before(async function () {
    clusters = await connectedClusters(
      this,
      labs.map((settings) => ({ ...settings, bareHosts: 2 })),
    );
  });

  after(async () => {
    for (const { name } of labs) await labDown(name);
    const points = [...hit].sort();
    console.error(`      killed at ${points.length} points:\n        ${points.join('\n        ')}`);
  });

  const inventoryOf = ({ withKey, withCertificates }: CredentialCluster, state: State): string =>
    state === 'authkey' ? withKey : withCertificates;

  /** A run that dies at the first step at which none has died yet; returns whether there was one. */
  async function dies(cluster: CredentialCluster, way: Way, rotates: boolean): Promise<boolean> {
    let last: Line | undefined;
    let counts = !way.isRolledBack;
    let point: string | undefined;
    const inventory = inventoryOf(cluster, way.to);
    const command = rotates ? ['rotate', 'authkey'] : ['apply'];
    const args = [...command, '-i', inventory, ...ALLOWED];
    const { ended, lines } = startRun(cluster.lab, args, (line, child) => {
      if (line.type === 'notice' && line.message.includes('rolling back')) counts = true;
      const step = counts ? stepOf(line, last) : undefined;
      last = line;
      const named = `${way.name}: ${step ?? ''}`;
      if (step === undefined || point !== undefined || hit.has(named)) return;
      hit.add(named);
      point = named;
      child.kill('SIGKILL');
    });
    const { code, signal, stderr } = await ended;
    const said = `${stderr}${lines.map((line) => JSON.stringify(line)).join('\n')}`;
    if (point === undefined) {
      assert.equal(code, way.isRolledBack ? 4 : 0, said);
      return false;
    }
    assert.equal(signal, 'SIGKILL', said);
    console.error(`      ${cluster.lab.name}: killed at ${point}`);
    return true;
  }

  /** Changes the credentials with some runs that die, and looks at what became of it. Returns the state that it ends in. */
  async function round(cluster: CredentialCluster, way: Way): Promise<State> {
    const { lab } = cluster;
    const keys = await keysOn(lab);
    // What was to be put back may be finished either way.
    const end = way.isRolledBack && hit.size % 2 === 0 ? way.from : way.to;
    const inventory = inventoryOf(cluster, end);
    await quietly(lab, inventory, async () => {
      const repair = way.isRolledBack ? await keepEnvironment(lab, 'c2') : () => Promise.resolve();
      let kills = 0;
      for (; kills < MOST_KILLS; kills += 1) {
        const isRotation = way.from === way.to && isSame(await keysOn(lab), keys);
        if (!(await dies(cluster, way, isRotation))) break;
      }
      if (kills === 0) walked.add(way.name);
      await repair();
      await applied(lab, 0, ['-i', inventory, ...ALLOWED]);
    });
    const used = end === 'authkey' ? '0' : '4';
    assert.deepEqual(new Set(await certificatesUsed(lab)), new Set([used]));
    const held = new Set(await keysOn(lab));
    assert.equal(held.size, 1, 'all hold the same authkey');
    assert.equal(held.has(''), end === 'certificates');
    assert.equal(new Set(await certificateFiles(lab)).has(''), end === 'authkey');
    return end;
  }

  const isSame = (some: readonly string[], others: readonly string[]): boolean =>
    some.every((one, index) => one === others[index]);

  it('is finished by the next apply, wherever they die', async () => {
    await sideBySide(clusters, async (cluster) => {
      let state: State = 'authkey';
      while (ways.some(({ name }) => !walked.has(name))) {
        const here = ways.filter(({ from }) => from === state);
        const way: Way =
          here.find(({ name }) => !walked.has(name)) ??
          here.find(({ from, to }) => from !== to) ??
          assert.fail();
        state = await round(cluster, way);
      }
    });
    for (const { name } of ways)
      assert.ok(
        [...hit].some((point) => point.startsWith(`${name}: `)),
        name,
      );
  });
}
