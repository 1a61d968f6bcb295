import assert from 'node:assert/strict';
import { applyOperations, join, protect } from '../../../src/pacemaker/procedures/edit.ts';
import { readCib } from '../../../src/pacemaker/cib/cib.ts';
import { readCrmMon } from '../../../src/pacemaker/status/crm-mon.ts';
import type { Facts, HostFacts } from '../../../src/model/facts.ts';
import { notesOn } from '../../../src/plan/notes.ts';
import { firewalld, NOTHING_OPEN } from '../../support/firewalld.ts';
import { crmMonXml } from '../../support/crm-mon.ts';
import { hostFacts } from '../../support/specs.ts';

const EMPTY = `<cib admin_epoch="0" epoch="1" num_updates="0" have-quorum="1" dc-uuid="1">
<configuration><crm_config/><nodes/><resources/><constraints/></configuration><status/></cib>`;

const r1 = {
  name: 'r1',
  server: '192.0.2.1',
  port: 3121,
  reconnectInterval: undefined,
  operations: {},
  meta: {},
};

const notesFor = (cibText: string, more: Partial<Facts> = {}): readonly string[] =>
  notesOn(
    {
      clusterNodes: new Map(),
      remoteNodes: new Map(),
      guestNodes: new Map(),
      vms: new Map(),
      unreachable: new Map(),
      servers: new Map(),
      cluster: undefined,
      ...more,
    },
    {
      readFrom: 'c1',
      cibText,
      dcState: 'S_IDLE',
      cib: readCib(cibText),
      mon: readCrmMon(crmMonXml({})),
    },
  );

describe('notes', () => {
  it('name what an unfinished run left in the CIB, whoever its node belongs to', () => {
    const joined = applyOperations(EMPTY, join(readCib(EMPTY), [r1]));
    const text = applyOperations(joined, protect(readCib(joined), ['r1']));
    const [note] = notesFor(text).filter((line) => line.startsWith('temporary markers in the CIB'));
    assert.match(
      note ?? '',
      /interrupted run \(or one in progress\): outrigger-guard-r1, outrigger-quiet-r1; /,
    );
  });

  it('speak of SELinux where it enforces and a daemon is to listen on another port than usual', () => {
    const notes = (port: number, selinux: HostFacts['selinux'], listening: readonly number[]) =>
      notesFor(EMPTY, {
        remoteNodes: new Map([['r1', hostFacts('r1', { selinux, listening })]]),
        servers: new Map([['r1', { address: '192.0.2.1', port }]]),
      });
    assert.match(notes(3122, 'enforcing', [22])[0] ?? '', /^r1: SELinux is enforcing: .*3122/);
    assert.deepEqual(notes(3122, 'enforcing', [22, 3122]), []);
    assert.deepEqual(notes(3122, 'permissive', [22]), []);
    assert.deepEqual(notes(3122, 'off', [22]), []);
    assert.deepEqual(notes(3121, 'enforcing', [22]), []);
  });

  it('ask for the port to be opened by hand where firewalld cannot be read', () => {
    const notes = (firewall: HostFacts['firewall']) =>
      notesFor(EMPTY, {
        remoteNodes: new Map([['r1', hostFacts('r1', { firewall })]]),
        servers: new Map([['r1', { address: '192.0.2.1', port: 3122 }]]),
      });
    const zone = { name: 'public', isDefault: true, sources: [] };
    const zones = [{ ...zone, runtime: NOTHING_OPEN, permanent: NOTHING_OPEN }];
    assert.match(notes(firewalld({ zones: [] }))[0] ?? '', /^r1: firewalld .* 3122\/tcp$/);
    assert.deepEqual(notes(firewalld({ zones })), []);
    assert.deepEqual(notes({ kind: 'none' }), []);
  });

  it('say nothing of a CIB without leftovers', () => {
    assert.deepEqual(notesFor(EMPTY), []);
  });
});
