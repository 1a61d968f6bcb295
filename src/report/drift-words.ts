import type { DriftItem } from '../plan/finding.ts';

/** What people need to know of a kind of drift who do not know Pacemaker. */
export interface DriftWords {
  readonly title: string;
  /** What it means while nobody does anything. */
  readonly meaning: string;
  readonly remedy: string;
}

const APPLY = 'Run `outrigger plan` to see what would be done, then `outrigger apply`.';

export const DRIFT_WORDS: Readonly<Record<DriftItem, DriftWords>> = {
  package: {
    title: 'Software is missing',
    meaning: 'The host cannot take part in the cluster without it.',
    remedy: APPLY,
  },
  authkey: {
    title: 'The shared key is another one',
    meaning:
      'The connection stands only as long as nothing restarts; after that the cluster cannot reach the host and would cut its power (fencing).',
    remedy: APPLY,
  },
  certificate: {
    title: 'Certificate files are not as declared',
    meaning: 'The next time the connection is made it may be rejected, and the host lost.',
    remedy: APPLY,
  },
  environment: {
    title: 'Settings of the daemon are not as declared',
    meaning: 'After its next start the daemon would listen elsewhere or use other credentials.',
    remedy: APPLY,
  },
  pacemaker: {
    title: 'A cluster node does not use the declared credentials',
    meaning: 'It could not take over connections from other cluster nodes.',
    remedy: APPLY,
  },
  'firewall-port': {
    title: 'The firewall is closed to a cluster node',
    meaning: 'When the connection has to be made from there, it fails.',
    remedy: APPLY,
  },
  service: {
    title: 'The daemon is not as declared',
    meaning:
      'The host does not answer the cluster, will not after its next boot, or still uses what it read before its files changed.',
    remedy: APPLY,
  },
  'fence-device': {
    title: 'The fence device was not told of the host',
    meaning: 'If the host hangs, the cluster cannot cut it off and recovers nothing from it.',
    remedy: APPLY,
  },
  'connection-resource': {
    title: 'The connection is not configured as declared',
    meaning: 'The host is not a node of the cluster, or is connected in another way than agreed.',
    remedy: APPLY,
  },
  'guest-node': {
    title: 'The virtual machine is not configured as a node as declared',
    meaning: 'It is not a node of the cluster, or is connected in another way than agreed.',
    remedy: APPLY,
  },
  'node-state': {
    title: 'The node is not in the declared state',
    meaning: 'It may run nothing, or run what it should not.',
    remedy: APPLY,
  },
  'authkey-removed': {
    title: 'An authkey is there that should be gone',
    meaning: 'It is not used, and a secret nobody needs.',
    remedy: APPLY,
  },
  'certificate-removed': {
    title: 'Certificate files are there that should be gone',
    meaning: 'Nobody uses them, and one of them is a key.',
    remedy: APPLY,
  },
  connection: {
    title: 'The node is not in the cluster',
    meaning: 'The cluster is meant to be connected to it, and is not: nothing can run there.',
    remedy: 'Look at `outrigger status` and at what Pacemaker says of the connection.',
  },
  fencing: {
    title: 'Nobody can fence the node',
    meaning:
      'If it hangs, the cluster cannot cut it off; what ran there is started nowhere until somebody confirms that it is down.',
    remedy: 'Declare a fence device for it in the inventory, then `outrigger apply`.',
  },
  'certificate-expiry': {
    title: 'A certificate or revocation list ends soon',
    meaning: 'After that day connections are rejected.',
    remedy: 'Get a new one from the authority, put it in its place, then `outrigger apply`.',
  },
  'node-record': {
    title: 'A removed node was left behind',
    meaning:
      'It is shown as offline for ever, and its old settings come back should a node of that name join.',
    remedy:
      'Run `outrigger apply` for a node that the inventory wants absent; make the cluster forget any other on a cluster node: `crm_node --force --remove NAME`.',
  },
  constraint: {
    title: 'A rule of placement names a node that is gone, or that should be',
    meaning:
      'It has no effect, although somebody meant it; it takes effect when such a node joins.',
    remedy:
      'Run `outrigger apply` for a node that the inventory wants absent; otherwise remove the constraint, or declare the node.',
  },
  membership: {
    title: 'A node that the inventory does not name',
    meaning:
      'Nobody watches over its key, its firewall and its fencing; if nobody knows of it, it is a door into the cluster.',
    remedy:
      'Declare it in the inventory, with `state: absent` if it shall go; or ignore it there with a reason if it is in the care of others.',
  },
};
