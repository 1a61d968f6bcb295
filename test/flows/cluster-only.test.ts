import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { examine } from '../../src/flows/examine.ts';
import { changeCount } from '../../src/model/plan.ts';
import { driftOf, hasDrifted } from '../../src/plan/drift/drift.ts';
import { parseXml } from '../../src/pacemaker/basics/xml.ts';
import { OutriggerError } from '../../src/support/errors.ts';
import {
  apply,
  editsOf,
  planOf,
  requestOf,
  useStateFolder,
  verdictsOf,
} from '../support/apply-lab.ts';
import { authenticationIn, putAuthority } from '../support/authority-files.ts';
import { FakeLab } from '../support/fake-lab.ts';
import type { HostTrouble } from '../support/host-trouble.ts';

const CONNECTED = [
  'port-reachable: in-sync',
  'same-credentials: in-sync',
  'connection-resource: changed',
  'node-online: in-sync',
  'node-state: changed',
];

/** h2's host is somebody else's; h1 is as ever. */
function labOf(trouble: Readonly<Record<string, HostTrouble>> = {}): FakeLab {
  const lab = new FakeLab(['h1', 'h2'], trouble, {}, ['g1']);
  const { remoteNodes, guestNodes } = lab.spec;
  Object.assign(lab.spec, {
    remoteNodes: remoteNodes.map((node) =>
      node.name === 'h2' ? { ...node, isClusterOnly: true } : node,
    ),
    guestNodes: guestNodes.map((node) => ({ ...node, isClusterOnly: true })),
  });
  // Whatever listens there, it is not the unit.
  for (const name of ['h2', 'g1'])
    lab.change(name, 'listening', '00000000000000000000000000000000:0C31\n');
  return lab;
}

const joined = async (): Promise<FakeLab> => {
  const lab = labOf();
  const { failed } = await apply(lab, { allowed: ['guest-joins'] });
  assert.deepEqual([...failed], []);
  return lab;
};

/** The nodes among these shall be absent from now on. */
function withoutH2(lab: FakeLab): void {
  const { remoteNodes } = lab.spec;
  const isH2 = ({ name }: { readonly name: string }): boolean => name === 'h2';
  Object.assign(lab.spec, {
    remoteNodes: remoteNodes.filter((node) => !isH2(node)),
    absent: { remoteNodes: remoteNodes.filter(isH2), guestNodes: [] },
  });
  lab.cibWrites.length = 0;
}

const rejected = async (work: Promise<unknown>): Promise<OutriggerError> => {
  try {
    await work;
  } catch (thrown) {
    assert.ok(thrown instanceof OutriggerError, String(thrown));
    return thrown;
  }
  return assert.fail('it was not refused');
};

const isUntouched = (lab: FakeLab, name: string): boolean =>
  lab.host(name).ran.length === 0 && lab.host(name).written.length === 0;

describe('a node of which the cluster’s side alone is managed', () => {
  useStateFolder();

  it('joins, and its host is never contacted', async () => {
    const lab = labOf();
    const { failed, ...applied } = await apply(lab, { allowed: ['guest-joins'] });
    assert.deepEqual([...failed], []);
    assert.deepEqual(verdictsOf({ failed, ...applied }, 'h2'), CONNECTED);
    assert.deepEqual(
      verdictsOf({ failed, ...applied }, 'g1'),
      CONNECTED.map((one) => one.replace('connection-resource', 'guest-node')),
    );
    assert.equal(verdictsOf({ failed, ...applied }, 'h1')[0], 'package: changed');
    assert.ok(isUntouched(lab, 'h2') && isUntouched(lab, 'g1'));
  });

  it('is in sync afterwards, and a note says what nobody has looked at', async () => {
    const lab = await joined();
    const { plan } = await planOf(lab);
    assert.equal(changeCount(plan), 0);
    assert.deepEqual(plan.inSync, ['c1', 'c2', 'g1', 'h1', 'h2']);
    assert.equal(hasDrifted(driftOf(plan)), false);
    const notes = plan.notes.filter((note) => note.includes('manage: cluster-only'));
    assert.deepEqual(
      notes.map((note) => note.replace(/:.*/, '')),
      ['g1', 'h2'],
    );
  });

  it('does not join where a cluster node does not reach its port', async () => {
    const lab = labOf({ c2: { answers: { reach: () => '' } } });
    const { failed } = await apply(lab, { allowed: ['guest-joins'] });
    assert.match(failed.get('h2') ?? '', /cannot be reached from c2/);
    assert.equal(lab.cib.remoteConnections.has('h2'), false);
  });

  it('does not join while the cluster nodes differ about the key', async () => {
    const lab = labOf();
    const planned = await planOf(lab);
    lab.tamperKey('c2');
    const { failed } = await apply(lab, { planned, allowed: ['guest-joins'] });
    assert.match(failed.get('h2') ?? '', /different authkeys/);
    assert.equal(lab.cib.remoteConnections.has('h2'), false);
  });

  it('keeps a rotation, and a change to certificates, from cutting it off', async () => {
    const lab = await joined();
    const keys = ['c1', 'c2', 'h1'].map((name) => lab.keyOf(name));
    const { code, message, hint } = await rejected(
      planOf(lab, undefined, lab.spec, { rotates: true }),
    );
    assert.equal(code, 'REFUSED');
    assert.match(message, /hosts of connected nodes are not managed.*: h2, g1$/);
    assert.match(hint ?? '', /their owner/);
    assert.deepEqual(
      ['c1', 'c2', 'h1'].map((name) => lab.keyOf(name)),
      keys,
    );
  });

  it('is taken out of the cluster and forgotten, and its host left as it is', async () => {
    const lab = await joined();
    withoutH2(lab);
    const { plan } = await planOf(lab);
    assert.deepEqual(
      plan.plays.flatMap(({ changes }) => changes.map(({ host, item }) => `${host} ${item}`)),
      ['h2 connection-resource', 'h2 node-record'],
    );
    assert.ok(plan.notes.some((note) => /^h2: .*stop its daemon/.test(note)));
    const { failed } = await apply(lab, {
      onEvent: (event) => {
        if (event.type === 'cib-written' && event.purpose === 'remove-stop')
          lab.reported.set('h2', {});
      },
    });
    assert.deepEqual([...failed], []);
    assert.deepEqual([lab.cib.remoteConnections.has('h2'), lab.cib.seen.has('h2')], [false, false]);
    assert.equal(changeCount((await planOf(lab)).plan), 0);
    assert.ok(isUntouched(lab, 'h2'));
  });

  it('gets another port without what runs there being touched', async () => {
    const lab = await joined();
    lab.change('h2', 'listening', '00000000000000000000000000000000:0C32\n');
    const moved = lab.spec.remoteNodes.map((node) =>
      node.name === 'h2' ? { ...node, port: 3122 } : node,
    );
    Object.assign(lab.spec, { remoteNodes: moved });
    const { failed } = await apply(lab, { allowed: ['reconnects'] });
    assert.deepEqual([...failed], []);
    assert.equal(lab.cib.remoteConnections.get('h2')?.port, 3122);
    assert.ok(isUntouched(lab, 'h2'));
  });

  it('needs no certificate from here, and keeps the cluster from changing to certificates', async () => {
    const lab = await joined();
    const folder = mkdtempSync(join(tmpdir(), 'outrigger-cluster-only-'));
    const put = (name: string, text: string): void => {
      writeFileSync(join(folder, name), text, { mode: 0o600 });
    };
    await putAuthority(put, ['c1', 'c2', 'h1']);
    Object.assign(lab.spec, { authentication: authenticationIn(folder) });
    await assert.rejects(
      planOf(lab),
      /from the authkey to certificates, but hosts of connected nodes are not managed.*: h2, g1$/,
    );
    rmSync(folder, { recursive: true });
  });

  it('is refused where the cluster has another thing of its name', async () => {
    const lab = labOf();
    const dummy = '<primitive id="h2" class="ocf" provider="pacemaker" type="Dummy"/>';
    lab.merge(
      parseXml(
        `<cib><configuration><resources>${dummy}</resources></configuration></cib>`,
        'an edit',
      ),
    );
    const { plan } = await planOf(lab);
    assert.deepEqual(
      plan.problems.map(({ host, code }) => [host, code]),
      [['h2', 'NAME_TAKEN']],
    );
  });

  it('counts for doctor as reached or not', async () => {
    const lab = labOf({ c1: { answers: { reach: () => '' } } });
    const { checks } = await examine(requestOf(lab));
    const found = checks.flatMap(({ findings }) => findings);
    assert.ok(
      found.some(
        ({ host, message }) => host === 'h2' && message.includes('cannot be reached from c1'),
      ),
    );
    assert.ok(isUntouched(lab, 'h2'));
  });

  it('has its changes written into the cluster alone', async () => {
    const lab = await joined();
    const { remoteNodes } = lab.spec;
    const racked = remoteNodes.map((node) => ({ ...node, attributes: { rack: 'b2' } }));
    Object.assign(lab.spec, { remoteNodes: racked });
    const before = editsOf(lab).filter((edit) => /^(h2|g1) /.test(edit));
    const { failed } = await apply(lab);
    assert.deepEqual([[...failed], before], [[], []]);
    assert.equal(lab.cib.nodeEntries.get('h2')?.attributes.get('rack')?.value, 'b2');
    assert.ok(isUntouched(lab, 'h2'));
  });
});
