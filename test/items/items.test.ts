import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { load } from 'js-yaml';
import { authkeyItem } from '../../src/items/authkey.ts';
import { authkeyRemovedItem } from '../../src/items/removed/authkey-removed.ts';
import { certificateItem } from '../../src/items/certificate.ts';
import { certificateRemovedItem } from '../../src/items/removed/certificate-removed.ts';
import { connectionResourceItem } from '../../src/items/connection-resource.ts';
import { environmentItem } from '../../src/items/environment.ts';
import { fenceDeviceItem } from '../../src/items/fence-device.ts';
import { firewallPortItem } from '../../src/items/firewall/firewall-port.ts';
import { guestNodeItem } from '../../src/items/guest-node.ts';
import { nodeStateItem } from '../../src/items/node-state.ts';
import { ownCertificateItem } from '../../src/items/own-certificate.ts';
import { packageItem } from '../../src/items/package.ts';
import { pacemakerItem } from '../../src/items/pacemaker.ts';
import { serviceItem } from '../../src/items/service.ts';
import { readCib } from '../../src/pacemaker/cib/cib.ts';
import { combine } from '../../src/pacemaker/edits/combine.ts';
import { CERTIFICATE_FILES, type CertificateRole } from '../../src/pacemaker/basics/names.ts';
import { readCrmMon } from '../../src/pacemaker/status/crm-mon.ts';
import { serializeXml } from '../../src/pacemaker/basics/xml.ts';
import {
  certificateVariables,
  type CertificateVariables,
  type DesiredCertificates,
} from '../../src/credentials/certificates.ts';
import type { Action } from '../../src/model/action.ts';
import type { ClusterFacts, HostFacts } from '../../src/model/facts.ts';
import { firewalld, type ReportedFirewalld } from '../support/firewalld.ts';
import type { CibDifference, CibItem, HostDifference, HostItem } from '../../src/model/item.ts';
import { ITEM_KINDS, type ItemKind } from '../../src/playbook/item-kinds.ts';
import { DEBIAN } from '../../src/platform/debian.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { RHEL } from '../../src/platform/rhel.ts';
import { crmMonXml, type Reported } from '../support/crm-mon.ts';
import { guestNode, hostFacts, remoteNode, type HostFactsPatch } from '../support/specs.ts';

/** One case: what is desired, what is there, and what must come of it. */
interface Case {
  readonly desired?: Record<string, unknown>;
  readonly facts?: HostFactsPatch;
  readonly cluster?: ClusterCase;
  /** The difference, `in sync`, or why it is refused. */
  readonly expect: unknown;
}

interface ClusterCase extends Reported {
  /** The content of `<configuration>`. */
  readonly cib?: string;
  readonly status?: string;
  readonly quorum?: boolean;
  readonly dcState?: string;
}

type Want = Record<string, unknown>;

const HOST = 'r1';

/** `platform: rhel` in a case; Debian otherwise. */
const platformIn = ({ platform }: Want): Platform => (platform === 'rhel' ? RHEL : DEBIAN);

/** `certificates: true` in a case: those of a set without a CRL. */
const variablesIn = ({ certificates }: Want): CertificateVariables | undefined =>
  certificates === true ? certificateVariables(false) : undefined;

/** Digests by role, null where the file has still to be made; each is described by its role. */
const wantedCertificates = ({ isKeyMadeThere, ...desired }: Want): DesiredCertificates => ({
  files: Object.fromEntries(
    Object.entries(desired).map(([role, digest]) => [
      role,
      {
        path: CERTIFICATE_FILES[role as CertificateRole].path,
        digest: (digest as string | null) ?? undefined,
        description: `the ${role}`,
      },
    ]),
  ),
  variables: certificateVariables('crl' in desired),
  isKeyMadeThere: isKeyMadeThere === true,
});

/** Where a host has its own; `onHost: true` in a case. */
const CERTIFICATES_ON_HOST: DesiredCertificates = {
  files: {
    ca: { path: '/etc/pki/ca.pem', digest: '', description: '' },
    certificate: { path: '/etc/pki/host.pem', digest: '', description: '' },
    key: { path: '/etc/pki/host.key', digest: '', description: '' },
  },
  variables: {},
};

const onHosts: Partial<Record<ItemKind, (desired: Want) => HostItem>> = {
  package: (desired) => packageItem(HOST, platformIn(desired)),
  authkey: (desired) =>
    authkeyItem(
      HOST,
      {
        digest: desired['digest'] as string | undefined,
        description: String(desired['description']),
      },
      (desired['risks'] as HostDifference['risks'] | undefined) ?? [],
    ),
  certificate: (desired) =>
    desired['onHost'] === true
      ? ownCertificateItem(HOST, CERTIFICATES_ON_HOST)
      : certificateItem(HOST, wantedCertificates(desired)),
  environment: (desired) =>
    environmentItem(
      HOST,
      { port: Number(desired['port']), certificates: variablesIn(desired) ?? 'none' },
      platformIn(desired),
    ),
  pacemaker: ({ certificates, newKey, isUnfinished }) =>
    pacemakerItem(HOST, {
      certificates: certificates === false ? 'none' : certificateVariables(false),
      newKey: newKey as { digest: string } | undefined,
      isUnfinished: isUnfinished === true,
    }),
  'authkey-removed': () => authkeyRemovedItem(HOST),
  'certificate-removed': () => certificateRemovedItem(HOST),
  'firewall-port': ({ port, sources, server = '192.0.2.21' }) =>
    firewallPortItem(HOST, { port: Number(port), server: String(server) }, sources as string[]),
  service: (desired) => serviceItem(HOST, Number(desired['port']), variablesIn(desired)),
};

const inCib: Partial<Record<ItemKind, (desired: Want) => CibItem>> = {
  'fence-device': ({ device, plug, reported }) =>
    fenceDeviceItem(
      HOST,
      { device: String(device), plug: plug as string | undefined },
      reported as readonly string[] | undefined,
    ),
  'connection-resource': (desired) => connectionResourceItem(remoteNode(HOST, desired)),
  'guest-node': (desired) => guestNodeItem(guestNode(HOST, desired)),
  'node-state': (desired) => nodeStateItem(remoteNode(HOST, desired)),
};

function clusterFacts({
  cib = '',
  status = '',
  quorum = true,
  dcState = 'S_IDLE',
  ...mon
}: ClusterCase): ClusterFacts {
  const cibText = `<cib admin_epoch="0" epoch="7" num_updates="1" have-quorum="${quorum ? 1 : 0}" dc-uuid="1">
    <configuration><nodes/>${cib}</configuration><status>${status}</status></cib>`;
  const text = cib.includes('<nodes>') ? cibText.replace('<nodes/>', '') : cibText;
  return {
    readFrom: 'c1',
    cib: readCib(text),
    cibText: text,
    mon: readCrmMon(crmMonXml(mon)),
    dcState,
  };
}

const toldAction = (action: Action): string =>
  action.kind === 'script'
    ? [action.script, ...action.params].join(' ')
    : `${action.kind} ${action.path} ${action.mode} ${action.owner}:${action.group}`;

/** A difference as a case writes it: without what is the usual. */
/** Cases tell a firewalld in short. */
function patchOf(facts: HostFactsPatch | undefined): HostFactsPatch | undefined {
  const { kind, ...short } = (facts?.firewall ?? {}) as unknown as ReportedFirewalld & {
    kind?: string;
  };
  return kind === 'firewalld' ? { ...facts, firewall: firewalld(short) } : facts;
}

function reported(difference: HostDifference | undefined, facts: HostFacts): unknown {
  if (difference === undefined) return 'in sync';
  const { attributes, actions, preparations = [], needsRestart, risks } = difference;
  assert.ok(
    [...preparations, ...actions].every(
      (action) => action.kind !== 'script' || action.timeoutMs > 0,
    ),
  );
  assert.equal(facts.name, HOST);
  return {
    attributes,
    ...(preparations.length > 0 && { preparations: preparations.map(toldAction) }),
    actions: actions.map(toldAction),
    ...(needsRestart && { needsRestart }),
    ...(risks.length > 0 && { risks }),
  };
}

function toldOfCib(item: CibItem | undefined, cluster: ClusterFacts): unknown {
  const difference = item?.compare(cluster);
  const refusal = item?.refuse?.(cluster);
  assert.ok(refusal === undefined || difference === undefined, 'what is refused is not planned');
  return refusal === undefined ? toldDifference(difference) : { refused: refusal };
}

function toldDifference(difference: CibDifference | undefined): unknown {
  if (difference === undefined) return 'in sync';
  const { attributes, operations, joins, cleansUp, risks } = difference;
  const { deletes, merge } = combine(operations);
  return {
    attributes,
    ...(merge && { merge: serializeXml(merge) }),
    ...(deletes.length > 0 && { deletes }),
    ...(joins && { joins }),
    ...(cleansUp && { cleansUp }),
    ...(risks.length > 0 && { risks }),
  };
}

/** What is not there is left out, so that a case does not have to write `undefined`. */
const asData = (value: unknown): unknown => JSON.parse(JSON.stringify(value)) as unknown;

const here = new URL('./', import.meta.url);
const kinds = readdirSync(here, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name as ItemKind);

/** They have no cases here: what is removed with a node, in test/unit/plan/removals.test.ts. */
const WITH_A_NODE: readonly string[] = ['constraint', 'node-record'];

it('every kind of item has its cases', () => {
  assert.deepEqual([...kinds].sort(), [...Object.keys(onHosts), ...Object.keys(inCib)].sort());
  assert.deepEqual([...kinds, ...WITH_A_NODE].sort(), Object.keys(ITEM_KINDS).sort());
});

for (const kind of kinds) {
  describe(kind, () => {
    const folder = new URL(`${kind}/`, here);
    for (const file of readdirSync(folder)) {
      it(file.replace(/\.yml$/, '').replaceAll('-', ' '), () => {
        const {
          desired = {},
          facts,
          cluster,
          expect,
        } = load(readFileSync(new URL(file, folder), 'utf8')) as Case;
        const host = hostFacts(HOST, patchOf(facts));
        const actual = onHosts[kind]
          ? reported(onHosts[kind](desired).compare(host), host)
          : toldOfCib(inCib[kind]?.(desired), clusterFacts(cluster ?? {}));
        assert.deepEqual(asData(actual), expect);
      });
    }
  });
}
