import assert from 'node:assert/strict';
import { readCib } from '../../../src/pacemaker/cib/cib.ts';
import { readCrmMon } from '../../../src/pacemaker/status/crm-mon.ts';
import { CERTIFICATE_FILES } from '../../../src/pacemaker/basics/names.ts';
import {
  refuseMaintenance,
  refuseOnCluster,
  unfitForCertificates,
} from '../../../src/credentials/certificate-problems.ts';
import { certificateVariables, type DesiredX509 } from '../../../src/credentials/certificates.ts';
import type { ClusterFacts, ClusterNodeFacts, Facts, HostFacts } from '../../../src/model/facts.ts';
import { OutriggerError } from '../../../src/support/errors.ts';
import { crmMonXml } from '../../support/crm-mon.ts';
import { hostFacts } from '../../support/specs.ts';

const variables = certificateVariables(false);
const wantedFile = (digest: string) => ({ path: '', digest, description: '' });
const files = { ca: wantedFile('aa'), certificate: wantedFile('bb'), key: wantedFile('cc') };

const x509: DesiredX509 = {
  nodes: new Map(['c1', 'c2', 'r1'].map((name) => [name, { files, variables }])),
  removesAuthkey: false,
  expiring: [],
  ends: new Map(),
  validity: {
    now: new Date('2030-06-01T12:00:00Z'),
    from: new Date('2030-06-01T11:00:00Z'),
    until: new Date('2031-06-01T12:00:00Z'),
  },
  notes: [],
};

const onHost = (digest: string) => ({
  digest,
  owner: 'root',
  group: 'haclient',
  mode: '640',
  modifiedAt: 1,
});

/** A host that uses the certificates of the inventory. */
const converted: Partial<HostFacts> = {
  knowsCertificates: true,
  environment: variables,
  daemonVariables: variables,
  certificates: { ca: onHost('aa'), certificate: onHost('bb'), key: onHost('cc') },
};

const fresh: Partial<HostFacts> = { knowsCertificates: true, daemonVariables: {} };

const member = (name: string, more: Partial<HostFacts>): ClusterNodeFacts => ({
  ...hostFacts(name, more),
  uname: name,
  membership: undefined,
  routes: [],
  fencers: new Map(),
});

const CONNECTION = '<primitive id="r1" class="ocf" provider="pacemaker" type="remote"/>';

const clusterWith = (resources = ''): ClusterFacts => {
  const cibText = `<cib admin_epoch="0" epoch="7" num_updates="1" have-quorum="1" dc-uuid="1">
    <configuration><crm_config/><nodes/><resources>${resources}</resources></configuration><status/></cib>`;
  return {
    readFrom: 'c1',
    cib: readCib(cibText),
    cibText,
    mon: readCrmMon(crmMonXml({})),
    dcState: 'S_IDLE',
  };
};

const factsOf = (members: readonly ClusterNodeFacts[], cluster: ClusterFacts): Facts => ({
  clusterNodes: new Map(members.map((one) => [one.name, one])),
  remoteNodes: new Map(),
  guestNodes: new Map(),
  unreachable: new Map(),
  servers: new Map(),
  vms: new Map(),
  cluster,
});

/** What a plan is refused with; undefined: it is not. */
const refusal = (
  members: readonly Partial<HostFacts>[],
  resources = '',
  desired: DesiredX509 | undefined = x509,
): string | undefined => {
  const cluster = clusterWith(resources);
  const nodes = members.map((more, index) => member(`c${index + 1}`, more));
  try {
    refuseOnCluster(factsOf(nodes, cluster), cluster, desired, false);
    return undefined;
  } catch (thrown) {
    assert.ok(thrown instanceof OutriggerError && thrown.code === 'REFUSED');
    assert.ok(thrown.hint, 'every refusal says what to do');
    return thrown.message;
  }
};

describe('certificates on cluster nodes', () => {
  it('are taken up while no node is connected, and then again and again', () => {
    assert.equal(refusal([fresh, fresh]), undefined);
    assert.equal(refusal([converted, fresh]), undefined);
    assert.equal(refusal([converted, converted], CONNECTION), undefined);
  });

  it('are refused to a Pacemaker that does not know them', () => {
    const old = { ...fresh, knowsCertificates: false };
    assert.equal(refusal([fresh, old]), 'c2: its Pacemaker does not support certificates');
  });

  it('are refused where a bundle would be lost, also when they are in use already', () => {
    const bundle = '<bundle id="web"><docker image="x"/></bundle>';
    assert.match(refusal([converted, converted], bundle) ?? '', /^the cluster has bundles \(web\)/);
  });

  it('are refused where somebody else’s are in use', () => {
    const theirs = { ...fresh, environment: { PCMK_cert_file: '/etc/pki/host.pem' } };
    assert.match(
      refusal([theirs]) ?? '',
      /^c1: its environment file names other certificates \(PCMK_cert_file\)/,
    );
  });

  const HAZARDS: readonly (readonly [string, Partial<HostFacts>, string])[] = [
    ['sbd', { units: { 'sbd.service': unit('active') } }, ''],
    ['dlm', {}, '<primitive id="dlm" class="ocf" provider="pacemaker" type="controld"/>'],
    [
      'lvmlockd',
      {},
      '<clone id="c"><primitive id="lv" class="ocf" provider="heartbeat" type="lvmlockd"/></clone>',
    ],
    [
      'gfs2',
      {},
      '<primitive id="fs" class="ocf" provider="heartbeat" type="Filesystem"><instance_attributes id="i"><nvpair id="t" name="fstype" value="gfs2"/></instance_attributes></primitive>',
    ],
    [
      'dlm by a template',
      {},
      '<template id="t" class="ocf" provider="pacemaker" type="controld"/><clone id="c"><primitive id="dlm" template="t"/></clone>',
    ],
    [
      'gfs2 by a template',
      {},
      '<template id="t" class="ocf" provider="heartbeat" type="Filesystem"><instance_attributes id="i"><nvpair id="n" name="fstype" value="gfs2"/></instance_attributes></template><primitive id="fs" template="t"/>',
    ],
    [
      'ocfs2 by a shared block',
      {},
      '<primitive id="other" class="ocf" provider="heartbeat" type="Dummy"><instance_attributes id="i"><nvpair id="n" name="fstype" value="ocfs2"/></instance_attributes></primitive><primitive id="fs" class="ocf" provider="heartbeat" type="Filesystem"><instance_attributes id-ref="i"/></primitive>',
    ],
  ];

  for (const [what, facts, resources] of HAZARDS) {
    it(`are not changed by a restart of Pacemaker under ${what}`, () => {
      const restart = (): void => {
        refuseMaintenance([member('c1', facts)], clusterWith(resources).cib);
      };
      assert.throws(
        restart,
        (thrown: unknown) =>
          thrown instanceof OutriggerError &&
          / is unsafe while .*(?:sbd\.service on c1|dlm|lv|fs) run there$/.test(thrown.message) &&
          /node by node .*playbooks\/node-by-node\.yml/.test(thrown.hint ?? ''),
      );
    });
  }

  it('are changed beside an sbd that does not run and a file system that is local', () => {
    const local =
      '<primitive id="fs" class="ocf" provider="heartbeat" type="Filesystem"><instance_attributes id="i"><nvpair id="t" name="fstype" value="xfs"/></instance_attributes></primitive>';
    const host = member('c1', { units: { 'sbd.service': unit('inactive') } });
    assert.doesNotThrow(() => {
      refuseMaintenance([host], clusterWith(local).cib);
    });
  });

  it('take precedence over the authkey: it is not used with them in silence', () => {
    const cluster = clusterWith();
    const psk =
      (more: Partial<HostFacts>, isStated = false) =>
      () => {
        refuseOnCluster(factsOf([member('c1', more)], cluster), cluster, undefined, isStated);
      };
    assert.throws(
      psk({ environment: variables }),
      /c1: its environment file sets certificates .*, which take precedence over the authkey/,
    );
    assert.throws(
      psk({ daemonVariables: variables }),
      /c1: its daemon was started with certificates, which take precedence over the authkey/,
    );
    assert.doesNotThrow(psk({ environment: variables }, true), 'the inventory says so');
    assert.doesNotThrow(
      psk({ environment: { PCMK_ca_file: '/ca.pem' } }),
      'one of three says nothing',
    );
  });
});

describe('certificates on a host', () => {
  const code = (more: Partial<HostFacts>): string | undefined =>
    unfitForCertificates(hostFacts('r1', more), x509)?.code;

  it('go to one that is bare, that has a fresh Pacemaker, or that uses them already', () => {
    assert.equal(code({}), undefined);
    assert.equal(code(fresh), undefined);
    assert.equal(code(converted), undefined);
  });

  it('do not go to one that cannot use them', () => {
    assert.equal(code({ knowsCertificates: false }), 'CERTIFICATES_UNKNOWN');
    assert.equal(code({ environment: { PCMK_key_file: '/a.key' } }), 'HOST_USES_CERTIFICATES');
    const { path } = CERTIFICATE_FILES.key;
    assert.equal(code({ environment: { PCMK_key_file: path } }), undefined, 'our own, half set');
  });

  it('do not go to one whose clock says that they are not valid', () => {
    assert.equal(code({ clockAhead: -3601 }), 'CLOCK_WRONG');
    assert.equal(code({ clockAhead: -3599 }), undefined);
    assert.equal(code({ clockAhead: 366 * 86_400 }), 'CLOCK_WRONG');
  });
});

function unit(activeState: string): HostFacts['units'][string] {
  return { loadState: 'loaded', activeState, unitFileState: 'enabled', startedAt: undefined };
}
