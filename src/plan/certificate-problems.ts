import type { Cib } from '../pacemaker/cib.ts';
import { DECIDING_VARIABLES } from '../pacemaker/names.ts';
import { OutriggerError } from '../support/errors.ts';
import type { WantedX509 } from './certificates.ts';
import { hasCertificates } from './credential-change.ts';
import type { ClusterFacts, Facts, HostFacts } from './facts.ts';
import { hazardsIn } from './hazards.ts';
import type { Problem } from './plan.ts';

type Reason = Pick<Problem, 'code' | 'message' | 'hint'>;

/** Why the host of a remote node or guest node cannot use the certificates of the inventory. */
export const unfitForCertificates = (host: HostFacts, x509: WantedX509): Reason | undefined =>
  unknown(host) ?? faultOf(host, x509) ?? foreign(host, x509) ?? clockOutside(host, x509);

function unknown({ knowsCertificates }: HostFacts): Reason | undefined {
  if (knowsCertificates !== false) return undefined;
  return {
    code: 'CERTIFICATES_UNKNOWN',
    message: 'its Pacemaker does not know certificates',
    hint: 'upstream they came with Pacemaker 3.0.0: use `method: psk`, or a newer Pacemaker on every node',
  };
}

const faultOf = ({ name }: HostFacts, { faults }: WantedX509): Reason | undefined =>
  faults?.get(name);

/** Its environment file names other files: somebody else's certificates. */
function foreign(
  { name: host, environment, environmentFile }: HostFacts,
  { nodes }: WantedX509,
): Reason | undefined {
  const variables = nodes.get(host)?.variables;
  const other = DECIDING_VARIABLES.find(
    (name) => Boolean(environment[name]) && environment[name] !== variables?.[name],
  );
  if (other === undefined) return undefined;
  return {
    code: 'HOST_USES_CERTIFICATES',
    message: `its ${environmentFile ?? 'environment file'} names other certificates (${other})`,
    hint: 'name those under `onHosts`; on a host that is no node yet take these lines away; where the cluster uses them change to the authkey first (`authentication: { method: psk }`, then `outrigger apply`), and from that to these: a node without the lines would be lost at its next start',
  };
}

/** Each host judges the others' certificates by its own clock. */
function clockOutside({ clockAhead }: HostFacts, { validity }: WantedX509): Reason | undefined {
  const there = new Date(validity.now.getTime() + clockAhead * 1000);
  if (there >= validity.from && there < validity.until) return undefined;
  return {
    code: 'CLOCK_WRONG',
    message: `by its clock (${there.toISOString()}) a certificate of the inventory is not valid`,
    hint: 'set its clock right (chrony), then plan again',
  };
}

/**
 * Throws REFUSED when cluster nodes cannot use the certificates of the inventory, or use certificates that the inventory
 * says nothing about. `x509` undefined: the authkey is wanted; `isStated`: the inventory says so.
 */
export function refuseOnCluster(
  facts: Facts,
  cluster: ClusterFacts,
  x509: WantedX509 | undefined,
  isStated: boolean,
): void {
  const members = [...facts.clusterNodes.values()];
  if (x509 === undefined) {
    const with509 = members.filter(hasCertificates);
    if (with509.length > 0 && !isStated)
      throw refused(
        `${namesOf(with509)} use certificates, which win over the authkey`,
        'say in the inventory what is wanted: `authentication: { method: x509, … }`, or `authentication: { method: psk }` to change back to the authkey',
      );
    return;
  }
  for (const host of members) {
    const reason =
      unknown(host) ?? faultOf(host, x509) ?? foreign(host, x509) ?? clockOutside(host, x509);
    if (reason !== undefined) throw refused(`${host.name}: ${reason.message}`, reason.hint ?? '');
  }
  if (cluster.cib.bundles.length > 0)
    throw refused(
      `the cluster has bundles (${cluster.cib.bundles.join(', ')}): their nodes get the authkey and no certificates, and would be lost`,
      'use `method: psk` on a cluster with bundles (3.0.0 lib/pengine/bundle.c)',
    );
}

/** Throws REFUSED where what a cluster node runs would go on without Pacemaker, and come to harm. */
export function refuseDetached(members: readonly HostFacts[], cib: Cib): void {
  const hazards = hazardsIn(members, cib);
  if (hazards.length === 0) return;
  throw refused(
    `Pacemaker has to be restarted on the cluster nodes in maintenance mode, which must not be done while ${hazards.join(', ')} run there`,
    'a run that died left the cluster in maintenance mode: stop what needs them, and apply again, which ends it; from then on this goes node by node beside them, as playbooks/node-by-node.yml does it everywhere',
  );
}

const namesOf = (hosts: readonly HostFacts[]): string => hosts.map(({ name }) => name).join(', ');

const refused = (message: string, hint: string): OutriggerError =>
  new OutriggerError('REFUSED', message, { hint });
