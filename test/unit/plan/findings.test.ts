import assert from 'node:assert/strict';
import { readCib } from '../../../src/pacemaker/cib/cib.ts';
import { readCrmMon } from '../../../src/pacemaker/status/crm-mon.ts';
import type { Facts } from '../../../src/model/facts.ts';
import { findingsIn, type FindingsInput } from '../../../src/plan/findings.ts';
import type { Finding } from '../../../src/model/finding.ts';
import { crmMonXml } from '../../support/crm-mon.ts';

const cibText = (
  more = '',
  meta = '',
) => `<cib admin_epoch="0" epoch="1" num_updates="0" have-quorum="1" dc-uuid="1">
<configuration><crm_config/><nodes><node id="1" uname="c1"/><node id="old1" uname="old1" type="remote"/></nodes>
<resources><primitive id="r1" class="ocf" provider="pacemaker" type="remote">${meta}</primitive></resources>
<constraints>${more}</constraints></configuration><status/></cib>`;

const GHOST = '<rsc_location id="l1" rsc="d1" node="ghost" score="1"/>';
const MARK = '<rsc_location id="outrigger-pin-connection-r9" rsc="r9" node="r9" score="1"/>';

const server = { address: '192.0.2.1', port: 3121 };

function find(text: string, more: Partial<FindingsInput> = {}, names = ['r1']): readonly Finding[] {
  const facts: Facts = {
    clusterNodes: new Map(),
    remoteNodes: new Map(),
    guestNodes: new Map(),
    vms: new Map(),
    unreachable: new Map(),
    cluster: undefined,
    servers: new Map(names.map((name) => [name, server])),
  };
  return findingsIn({
    facts,
    cluster: {
      readFrom: 'c1',
      cibText: text,
      dcState: 'S_IDLE',
      cib: readCib(text),
      mon: readCrmMon(crmMonXml({})),
    },
    clusterName: 'prod',
    declared: ['r1'],
    explained: new Set<string>(),
    leaving: [],
    unmanaged: [],
    fencing: [],
    expiring: [],
    hindered: new Map(),
    ...more,
  });
}

const named = (findings: readonly Finding[]): string[] =>
  findings.map(({ host, item, attribute }) => `${host} ${item} ${attribute}`);

const explained = new Set(['r1']);

describe('findings', () => {
  it('tell of a node that is meant to be in and is not, unless something else explains it', () => {
    assert.deepEqual(named(find(cibText())), ['r1 connection state', 'old1 node-record known']);
    assert.deepEqual(named(find(cibText(), { explained })), ['old1 node-record known']);
  });

  it('leave to an operator what is theirs', () => {
    const meta = (name: string, value: string): string =>
      `<meta_attributes id="m"><nvpair id="n" name="${name}" value="${value}"/></meta_attributes>`;
    for (const by of [meta('target-role', 'Stopped'), meta('is-managed', 'false')])
      assert.deepEqual(named(find(cibText('', by))), ['old1 node-record known']);
  });

  it('tell of constraints that name nobody, our own marks left out', () => {
    const findings = find(cibText(GHOST + MARK), { explained });
    assert.deepEqual(named(findings), ['old1 node-record known', 'ghost constraint l1']);
  });

  it('give commands to copy that do nothing else, whatever things are called', () => {
    const evil = "x';reboot;'";
    const text = cibText(`<rsc_location id="${evil}" rsc="d1" node="ghost" score="1"/>`);
    const hints = find(text.replaceAll('"old1"', `"${evil}"`), { explained }).map(
      ({ hint }) => hint,
    );
    for (const hint of hints) assert.match(hint, /'x'\\'';reboot;'\\'''|id="x'\\'';reboot;'\\''"/);
    assert.equal(hints.length, 2);
  });

  it('do not tell of nodes that are declared and have still to join', () => {
    const declared = ['r1', 'old1', 'ghost'];
    const findings = find(cibText(GHOST), { declared, explained }, declared);
    assert.deepEqual(named(findings), []);
  });

  it('do not look at what belongs to nobody when they are limited to some nodes', () => {
    assert.deepEqual(named(find(cibText(GHOST), { declared: ['r1', 'r2'], explained })), []);
  });

  it('leave to a removal what is left of a node that shall be absent, and look at all the rest', () => {
    const declared = ['r1', 'old1'];
    const findings = find(cibText(GHOST), { declared, leaving: ['old1'], explained });
    assert.deepEqual(named(findings), ['ghost constraint l1']);
  });

  it('tell of nodes that the inventory does not name', () => {
    const text = cibText()
      .replace('node id="old1"', 'node id="r2"')
      .replace('uname="old1"', 'uname="r2"');
    const more = '<primitive id="r2" class="ocf" provider="pacemaker" type="remote"/></resources>';
    const findings = find(text.replace('</resources>', more), {
      explained,
      unmanaged: ['r2', 'g1'],
    });
    assert.deepEqual(
      findings.map(({ host, item, actual }) => `${host} ${item} ${String(actual)}`),
      ['r2 membership remote node', 'g1 membership guest node'],
    );
  });

  it('tell of nodes that nobody can fence, when the fencers said so', () => {
    const fencing = (devices: readonly string[] | undefined) => [
      { node: 'r1', devices, extended: undefined },
    ];
    const about = (devices: readonly string[] | undefined): string[] =>
      named(find(cibText(), { explained, fencing: fencing(devices) })).filter((one) =>
        one.includes('fencing'),
      );
    assert.deepEqual(about([]), ['r1 fencing devices']);
    assert.deepEqual(about(['f1']), []);
    assert.deepEqual(about(undefined), []);
  });

  it('tell of certificates that end soon, and of lists by the name of the cluster', () => {
    const expiring = [
      { host: 'r1', path: 'pki/r1.pem', message: 'expires in 12 days' },
      { host: undefined, path: 'pki/crl.pem', message: 'its list lapses in 3 days' },
    ];
    assert.deepEqual(named(find(cibText(), { explained, expiring })).slice(0, 2), [
      'r1 certificate-expiry pki/r1.pem',
      'prod certificate-expiry pki/crl.pem',
    ]);
  });
});
