import { readCib, type Cib } from '../../src/pacemaker/cib/cib.ts';
import {
  applyOperations,
  beginMaintenance,
  keepApart,
  protect,
} from '../../src/pacemaker/procedures/edit.ts';
import { readCrmMon } from '../../src/pacemaker/status/crm-mon.ts';
import type { AuthkeyChoice } from '../../src/credentials/authkey-choice.ts';
import { certificateVariables, type DesiredX509 } from '../../src/credentials/certificates.ts';
import type { DesiredCredentials } from '../../src/credentials/credential-change.ts';
import type {
  ClusterFacts,
  ClusterNodeFacts,
  Facts,
  HostFacts,
  Unreachable,
} from '../../src/model/facts.ts';
import { crmMonXml } from './crm-mon.ts';
import { hostFacts, type HostFactsPatch } from './specs.ts';

const variables = certificateVariables(false);
const file = (digest: string) => ({ path: '', digest, description: '' });
const onHost = (digest: string) => ({
  digest,
  owner: 'root',
  group: 'haclient',
  mode: '640',
  modifiedAt: 1,
});
const files = { ca: file('aa'), certificate: file('bb'), key: file('cc') };
const x509: DesiredX509 = {
  nodes: new Map(['c1', 'c2', 'r1', 'r2'].map((name) => [name, { files, variables }])),
  removesAuthkey: false,
  expiring: [],
  ends: new Map(),
  validity: { now: new Date(0), from: new Date(0), until: new Date(1) },
  notes: [],
};

/** A host that uses this key. */
export const withKey = (digest: string, more: HostFactsPatch = {}): HostFactsPatch => ({
  authkey: { digest },
  daemonVariables: {},
  ...more,
});
/** A host that uses the certificates of this authority. */
export const withCertificates = (ca = 'aa'): HostFactsPatch => ({
  environment: variables,
  daemonVariables: variables,
  certificates: { ca: onHost(ca), certificate: onHost('bb'), key: onHost('cc') },
});

const CONNECTION = '<primitive id="r1" class="ocf" provider="pacemaker" type="remote"/>';
const START = `<cib admin_epoch="0" epoch="7" num_updates="1" have-quorum="1" dc-uuid="1">
  <configuration><crm_config/><nodes/><resources>CONNECTION</resources><constraints/></configuration><status/></cib>`;

const LEFT = {
  protected: (cib: Cib) => protect(cib, ['r1']),
  'in-maintenance': beginMaintenance,
  apart: (cib: Cib) => keepApart(cib, new Map([['r1', ['c1']]])),
};

/** The status section in which c1 has connected to r1 at this time. */
const statusOf = (connectedAt: number | undefined): string =>
  connectedAt === undefined
    ? '<status/>'
    : `<status><node_state id="1" uname="c1"><lrm id="1"><lrm_resources><lrm_resource id="r1" type="remote" class="ocf"><lrm_rsc_op id="r1_last_0" operation="start" rc-code="0" last-rc-change="${connectedAt}"/></lrm_resource></lrm_resources></lrm></node_state></status>`;

/** A cluster of some members and the connected node r1. */
export interface State {
  readonly members: readonly HostFactsPatch[];
  /** Of r1, if it answered. */
  readonly node?: HostFactsPatch | undefined;
  readonly isConnected?: boolean;
  readonly isUnreachable?: boolean;
  readonly isOnline?: boolean;
  /** What an interrupted run left in the CIB. */
  readonly left?: keyof typeof LEFT | undefined;
  readonly maintenance?: boolean;
  /** When c1 connected to r1. */
  readonly connectedAt?: number | undefined;
  /** Written into the CIB besides: this instead of that. */
  readonly written?: readonly [string, string] | undefined;
}

/** What its hosts tell. */
export function stateOf({
  members,
  node,
  isConnected = true,
  isUnreachable = false,
  isOnline = true,
  left,
  maintenance = false,
  connectedAt,
  written = ['', ''],
}: State): { facts: Facts; cluster: ClusterFacts } {
  let cibText = START.replace('CONNECTION', isConnected ? CONNECTION : '')
    .replace('<status/>', statusOf(connectedAt))
    .replace(...written);
  if (maintenance)
    cibText = cibText.replace(
      '<crm_config/>',
      '<crm_config><cluster_property_set id="p"><nvpair id="n" name="maintenance-mode" value="true"/></cluster_property_set></crm_config>',
    );
  const cib = readCib(cibText);
  if (left !== undefined) cibText = applyOperations(cibText, LEFT[left](cib));
  const cluster: ClusterFacts = {
    readFrom: 'c1',
    cib: readCib(cibText),
    cibText,
    mon: readCrmMon(crmMonXml({ connections: { r1: isOnline ? { on: 'c1' } : {} } })),
    dcState: 'S_IDLE',
  };
  const hosts = members.map((more, index): ClusterNodeFacts => ({
    ...hostFacts(`c${index + 1}`, more),
    uname: undefined,
    membership: undefined,
    routes: [],
    fencers: new Map(),
  }));
  const unreachable: Unreachable = {
    name: 'r1',
    code: 'HOST_UNREACHABLE',
    message: 'no answer',
    hint: undefined,
  };
  return {
    cluster,
    facts: {
      clusterNodes: new Map(hosts.map((host) => [host.name, host])),
      remoteNodes: new Map<string, HostFacts>(
        node === undefined ? [] : [['r1', hostFacts('r1', node)]],
      ),
      guestNodes: new Map(),
      unreachable: new Map(isUnreachable ? [['r1', unreachable]] : []),
      servers: new Map(),
      vms: new Map(),
      cluster,
    },
  };
}

/** An inventory that wants this key. */
export const theKey = (digest: string | undefined, isStated = false): DesiredCredentials => {
  const authkey: AuthkeyChoice = {
    source: { kind: 'generate' },
    digest,
    description: '',
    risks: [],
  };
  return { authkey, isStated };
};
/** One that wants certificates. */
export const theCertificates: DesiredCredentials = { x509, isStated: false };

/** A host that uses the key `a`. */
export const KEY = withKey('a');
