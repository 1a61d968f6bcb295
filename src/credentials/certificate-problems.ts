import type { Cib } from '../pacemaker/cib/cib.ts';
import { DECIDING_VARIABLES } from '../pacemaker/basics/names.ts';
import { OutriggerError } from '../support/errors.ts';
import { groupBy } from '../support/text/group-by.ts';
import type { DesiredX509 } from './certificates.ts';
import type { ClusterFacts, Facts, HostFacts } from '../model/facts.ts';
import { hazardsIn } from './hazards.ts';
import { certificatesOn } from './in-use.ts';
import type { Problem } from '../model/plan.ts';

type Reason = Pick<Problem, 'code' | 'message' | 'hint'>;

/** Why the host of a remote node or guest node cannot use the certificates of the inventory. */
export const unfitForCertificates = (host: HostFacts, x509: DesiredX509): Reason | undefined =>
  unknown(host) ?? faultOf(host, x509) ?? foreign(host, x509) ?? clockOutside(host, x509);

function unknown({ knowsCertificates }: HostFacts): Reason | undefined {
  if (knowsCertificates !== false) return undefined;
  return {
    code: 'CERTIFICATES_UNKNOWN',
    message: 'its Pacemaker does not support certificates',
    hint: 'upstream supports them from Pacemaker 3.0.0 on: use `method: psk`, or install a newer Pacemaker on every node',
  };
}

const faultOf = ({ name }: HostFacts, { faults }: DesiredX509): Reason | undefined =>
  faults?.get(name);

/** Its environment file names other files: certificates that outrigger does not manage. */
function foreign(
  { name: host, environment, environmentFile }: HostFacts,
  { nodes }: DesiredX509,
): Reason | undefined {
  const variables = nodes.get(host)?.variables;
  const other = DECIDING_VARIABLES.find(
    (name) => Boolean(environment[name]) && environment[name] !== variables?.[name],
  );
  if (other === undefined) return undefined;
  return {
    code: 'HOST_USES_CERTIFICATES',
    message: `its ${environmentFile ?? 'environment file'} names other certificates (${other})`,
    hint: 'declare these under `onHosts`; on a host that is not a node yet, remove the lines; if the cluster uses them, change to the authkey first (`authentication: { method: psk }`, then `outrigger apply`) and then to the new certificates: a node without the lines would be lost at its next start',
  };
}

/** Each host judges the others' certificates by its own clock. */
function clockOutside({ clockAhead }: HostFacts, { validity }: DesiredX509): Reason | undefined {
  const there = new Date(validity.now.getTime() + clockAhead * 1000);
  if (there >= validity.from && there < validity.until) return undefined;
  return {
    code: 'CLOCK_WRONG',
    message: `by its clock (${there.toISOString()}) a certificate of the inventory is not valid`,
    hint: 'correct its clock (chrony), then plan again',
  };
}

/**
 * Throws REFUSED when cluster nodes cannot use the certificates of the inventory, or use certificates that the inventory
 * says nothing about. `x509` undefined: the authkey is desired; `isStated`: the inventory states it.
 */
export function refuseOnCluster(
  facts: Facts,
  cluster: ClusterFacts,
  x509: DesiredX509 | undefined,
  isStated: boolean,
): void {
  const clusterNodes = [...facts.clusterNodes.values()];
  if (x509 === undefined) {
    const with509 = isStated
      ? []
      : [...groupBy(clusterNodes, (host) => certificatesOn(host) ?? '')].filter(
          ([why]) => why !== '',
        );
    if (with509.length > 0)
      throw refused(
        with509.map(([why, same]) => `${namesOf(same)}: ${why}`).join('; '),
        'declare the credentials in the inventory: `authentication: { method: x509, … }`, or `authentication: { method: psk }` to change back to the authkey',
      );
    return;
  }
  for (const host of clusterNodes) {
    const reason =
      unknown(host) ?? faultOf(host, x509) ?? foreign(host, x509) ?? clockOutside(host, x509);
    if (reason !== undefined) throw refused(`${host.name}: ${reason.message}`, reason.hint ?? '');
  }
  if (cluster.cib.bundles.length > 0)
    throw refused(
      `the cluster has bundles (${cluster.cib.bundles.join(', ')}): their nodes get the authkey but no certificates, and would be lost`,
      'use `method: psk` on a cluster with bundles (3.0.0 lib/pengine/bundle.c)',
    );
}

/** Throws REFUSED where what a cluster node runs would go on without Pacemaker, and come to harm. */
export function refuseMaintenance(clusterNodes: readonly HostFacts[], cib: Cib): void {
  const hazards = hazardsIn(clusterNodes, cib);
  if (hazards.length === 0) return;
  throw refused(
    `Pacemaker must be restarted on the cluster nodes in maintenance mode, which is unsafe while ${hazards.join(', ')} run there`,
    'an interrupted run left the cluster in maintenance mode: stop the resources that need them, and apply again, which ends maintenance mode; after that the change is made node by node while they run, as playbooks/node-by-node.yml does',
  );
}

const namesOf = (hosts: readonly HostFacts[]): string => hosts.map(({ name }) => name).join(', ');

const refused = (message: string, hint: string): OutriggerError =>
  new OutriggerError('REFUSED', message, { hint });
