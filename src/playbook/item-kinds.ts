import type { PlayFor, PlayHosts } from './play-hosts.ts';

/** One kind of item: where playbooks may name it, and its words in drift reports. */
export interface KindOfItem {
  /** The hosts of the plays that may name it. */
  readonly hosts: readonly PlayHosts[];
  /** Only plays for these nodes may name it; undefined: plays for both kinds. */
  readonly only?: PlayFor;
  readonly title: string;
  /** What drift of it means as long as nothing is done. */
  readonly meaning: string;
  /** What to do about drift; undefined: `outrigger apply` corrects it. */
  readonly remedy?: string;
}

const ON_HOSTS = ['clusterNodes', 'remoteNodes', 'guestNodes'] as const;
const ON_HOSTS_OR_ALL = [...ON_HOSTS, 'all'] as const;

/**
 * The kinds of items, in the order in which schemas and documents list them. `npm run generate` writes the lists of the schemas,
 * and the types made from these, from this table.
 */
export const ITEM_KINDS = {
  package: {
    hosts: ON_HOSTS,
    title: 'Packages are missing',
    meaning: 'The host cannot take part in the cluster without it.',
  },
  authkey: {
    hosts: ON_HOSTS_OR_ALL,
    title: 'The authkey differs',
    meaning:
      'The connection lasts only until one end restarts; after that the cluster cannot connect to the host and would fence it.',
  },
  certificate: {
    hosts: ON_HOSTS_OR_ALL,
    title: 'Certificate files are not as declared',
    meaning: 'The next connection may be rejected, and the host would be lost.',
  },
  environment: {
    hosts: ON_HOSTS_OR_ALL,
    title: 'Settings of the daemon are not as declared',
    meaning: 'After its next start the daemon would listen elsewhere or use other credentials.',
  },
  pacemaker: {
    hosts: ['all'],
    title: 'A cluster node does not use the declared credentials',
    meaning: 'It could not take over connections from other cluster nodes.',
  },
  'firewall-port': {
    hosts: ON_HOSTS_OR_ALL,
    title: 'The firewall is closed to a cluster node',
    meaning: 'A connection from that cluster node fails.',
    remedy:
      'Run `outrigger plan` to see the changes, then `outrigger apply`. Change a rule that outrigger does not manage on the host itself.',
  },
  service: {
    hosts: ON_HOSTS_OR_ALL,
    title: 'The daemon is not as declared',
    meaning:
      'The host is not available to the cluster, will not be after its next boot, or still uses previous versions of its files.',
  },
  'fence-device': {
    hosts: ['cluster'],
    only: 'remoteNodes',
    title: 'The fence device does not list the host',
    meaning: 'If the host hangs, the cluster cannot fence it and does not recover its resources.',
  },
  'connection-resource': {
    hosts: ['cluster', 'all'],
    only: 'remoteNodes',
    title: 'The connection is not configured as declared',
    meaning: 'The host is not a node of the cluster, or its connection is configured differently.',
  },
  'guest-node': {
    hosts: ['cluster', 'all'],
    only: 'guestNodes',
    title: 'The guest node is not configured as declared',
    meaning: 'It is not a node of the cluster, or its connection is configured differently.',
  },
  'node-state': {
    hosts: ['cluster', 'all'],
    title: 'The node is not in the declared state',
    meaning: 'It may run no resources, or resources that it should not run.',
  },
  'authkey-removed': {
    hosts: ON_HOSTS,
    title: 'An unused authkey is present',
    meaning: 'It is an unnecessary secret.',
  },
  'certificate-removed': {
    hosts: ON_HOSTS,
    title: 'Unused certificate files are present',
    meaning: 'They are not used, and one of them is a private key.',
  },
  constraint: {
    hosts: ['all'],
    title: 'A location constraint names a node that does not exist or is to be removed',
    meaning: 'It has no effect until a node with that name joins.',
    remedy:
      'Run `outrigger apply` for a node with `state: absent`; otherwise remove the constraint, or declare the node.',
  },
  'node-record': {
    hosts: ['all'],
    title: 'A record of a removed node exists',
    meaning:
      'It is shown as offline permanently, and its old settings apply again if a node with that name joins.',
    remedy:
      'Run `outrigger apply` for a node with `state: absent`; for any other, run `crm_node --force --remove NAME` on a cluster node.',
  },
} as const satisfies Readonly<Record<string, KindOfItem>>;

/** The kinds of things that outrigger keeps as declared. */
export type ItemKind = keyof typeof ITEM_KINDS;

/** The entry of a kind. */
export const kindOfItem = (kind: ItemKind): KindOfItem => ITEM_KINDS[kind];
