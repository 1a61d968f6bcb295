import type { DriftItem } from '../model/finding.ts';

/** Where a secret comes from: a person at the terminal, or the place where it lives. */
export type SecretSource = { readonly kind: 'prompt' } | SecretPlace;

/** Paths are absolute; `at` is where it is in the inventory (`FILE:LINE:COLUMN`), if one does. */
export type SecretPlace = { readonly at?: string } & (
  | { readonly kind: 'file'; readonly path: string }
  /** A program that prints it. */
  | { readonly kind: 'command'; readonly argv: readonly string[] }
  /** A program that asks a person for it. */
  | { readonly kind: 'askpass'; readonly argv: readonly string[] }
  | {
      readonly kind: 'age';
      readonly path: string;
      readonly opener: { readonly identities: string } | { readonly passphrase: SecretSource };
    }
  | { readonly kind: 'ansible-vault'; readonly path: string; readonly password: SecretSource }
  /** `extract`: the keys that lead to the value; none: the whole file. */
  | {
      readonly kind: 'sops';
      readonly path: string;
      readonly extract: readonly (string | number)[];
    }
);

/**
 * Which host keys are believed: those in the known hosts file; also the first one that a host ever shows; or those with
 * these fingerprints and nothing else. A key that has changed never is.
 */
export type HostKeyPolicy =
  | { readonly kind: 'strict' }
  | { readonly kind: 'accept-new' }
  | { readonly kind: 'pinned'; readonly fingerprints: readonly string[] };

/**
 * How to reach a host by SSH and become root there, by the inventory. Undefined is what it does not set:
 * that is for ssh_config, and then for the built-in defaults. Paths are absolute, times in milliseconds.
 */
export interface ConnectionSpec {
  readonly port: number | undefined;
  readonly user: string | undefined;
  readonly identityFile: string | undefined;
  readonly become: 'none' | 'sudo';
  /** What sudo may ask for; undefined: it must not ask. */
  readonly becomePassword: SecretSource | undefined;
  readonly hostKeys: HostKeyPolicy;
  readonly knownHostsFile: string | undefined;
  /** The jump hosts as `ssh -J` takes them, or `none`. */
  readonly proxyJump: string | undefined;
  /** The ssh_config file to read instead of the usual ones, or `none`. */
  readonly sshConfig: string | undefined;
  readonly connectTimeoutMs: number;
}

/** A full member of the Corosync ring. */
export interface ClusterNodeSpec {
  readonly name: string;
  readonly address: string;
  readonly connection: ConnectionSpec;
}

/** The settings of one operation of a connection resource, durations as written (`60s`). */
export interface OperationSpec {
  readonly interval?: string;
  readonly timeout?: string;
}

/** Which fence device shall be able to fence a node, and what the device calls it (undefined: by its name). */
export interface FencingSpec {
  readonly device: string;
  readonly plug: string | undefined;
}

/** What remote nodes and guest nodes have in common: a host with a daemon that the cluster connects to. */
export interface PacemakerRemoteSpec {
  readonly name: string;
  /** Where SSH goes. */
  readonly address: string;
  /** Where the cluster connects. */
  readonly server: string;
  readonly group: string | undefined;
  readonly port: number;
  /** Permanent node attributes. */
  readonly attributes: Readonly<Record<string, string>>;
  /** What the cluster may do with the node; undefined: not declared, so that it is the operator's. */
  readonly state: 'online' | 'standby' | 'maintenance' | undefined;
  readonly connection: ConnectionSpec;
  /** Its host is managed by others and not contacted (`manage: cluster-only`; undefined: no). */
  readonly isClusterOnly?: boolean;
}

/** A host that joins through an `ocf:pacemaker:remote` connection resource of the same name. */
export interface RemoteNodeSpec extends PacemakerRemoteSpec {
  /** Undefined: not declared. */
  readonly fencing: FencingSpec | undefined;
  readonly reconnectInterval: string | undefined;
  /** Operations by name (`start`, `stop`, `monitor` ...), on top of Pacemaker's usual ones. */
  readonly operations: Readonly<Record<string, OperationSpec>>;
  /** Meta attributes of the connection resource. */
  readonly meta: Readonly<Record<string, string>>;
}

/** A host that is a VM of the cluster: meta attributes of its resource make it a node as well. */
export interface GuestNodeSpec extends PacemakerRemoteSpec {
  /** The id of the primitive that is the VM. */
  readonly resource: string;
  /** How long the cluster may take to connect; undefined: not declared. */
  readonly connectTimeout: string | undefined;
  /** Whether the connection goes along when the VM is migrated live; undefined: not declared. */
  readonly allowMigrate: boolean | undefined;
}

/** Where the one authkey comes from: the cluster nodes' own (made once if there is none), or the place where it lives. */
export type AuthkeySource = { readonly kind: 'cluster' } | SecretSource;

/** The local files of an existing authority's certificates; in a pattern `{node}` stands for a node's name. */
export interface X509Spec {
  readonly kind: 'files';
  readonly ca: string;
  readonly certificatePattern: string;
  readonly keyPattern: string;
  readonly crl: string | undefined;
  /** What expires within this time is reported; undefined: the usual times. */
  readonly warnBeforeMs: number | undefined;
  /** The authkey goes from all nodes, once every connection is proven to use certificates. */
  readonly removesAuthkey: boolean;
}

/** An existing authority for keys that are made on the hosts and never leave them: it gets their requests alone. */
export interface X509RequestsSpec {
  readonly kind: 'requests';
  readonly ca: string;
  /** The local files with what it has signed. */
  readonly certificatePattern: string;
  readonly crl: string | undefined;
  /** A program that prints the certificate for the request that it reads; or a person, who finds the requests in files. */
  readonly signing:
    | { readonly by: 'program'; readonly argv: readonly string[] }
    | { readonly by: 'hand'; readonly requestPattern: string };
  /** What expires within this time gets a new key and a new request. */
  readonly renewBeforeMs: number;
  readonly removesAuthkey: boolean;
}

/** Where the files are on a host; no CRL: undefined. */
export interface CertificatePaths {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
  readonly crl: string | undefined;
}

/** Certificates that are on the hosts already; in each path `{node}` stands for a node's name. */
export interface X509OnHostsSpec {
  readonly kind: 'on-hosts';
  readonly onHosts: CertificatePaths;
  readonly warnBeforeMs: number | undefined;
  readonly removesAuthkey: boolean;
}

/** An authority that outrigger keeps in a directory of this machine, for this cluster alone. */
export interface AuthoritySpec {
  readonly kind: 'authority';
  readonly directory: string;
  /** What opens its key. */
  readonly passphrase: SecretSource;
  readonly validityMs: number;
  /** What expires within this time is made anew. */
  readonly renewBeforeMs: number;
  /** Names of nodes, or serial numbers: their certificates are on the CRL. */
  readonly revoked: readonly string[];
  readonly removesAuthkey: boolean;
}

/** How the cluster and its Pacemaker Remote nodes prove to each other who they are. */
export type AuthenticationSpec =
  /** `isStated`: the inventory says so; else it is the default, and changes nothing that uses certificates. */
  | { readonly method: 'psk'; readonly authkey: AuthkeySource; readonly isStated: boolean }
  | {
      readonly method: 'x509';
      readonly x509: X509Spec | X509RequestsSpec | X509OnHostsSpec | AuthoritySpec;
    };

export type OwnOnHost = CertificatePaths | 'keys';

/** The file that a pattern names for a node. */
export const fileOfNode = (pattern: string, node: string): string =>
  pattern.replaceAll('{node}', () => node);

/**
 * What a node's host has to tell of what is its own: certificates at these paths, or the public halves of its `keys`;
 * undefined: outrigger brings all, or no certificates are used.
 */
export function ownOnHost(authentication: AuthenticationSpec, node: string): OwnOnHost | undefined {
  if (authentication.method !== 'x509') return undefined;
  if (authentication.x509.kind === 'requests') return 'keys';
  if (authentication.x509.kind !== 'on-hosts') return undefined;
  const { ca, certificate, key, crl } = authentication.x509.onHosts;
  const path = (pattern: string): string => fileOfNode(pattern, node);
  return {
    ca: path(ca),
    certificate: path(certificate),
    key: path(key),
    crl: crl === undefined ? undefined : path(crl),
  };
}

/** Drift that is ignored to the end of a day (`2026-12-31`, UTC); no attribute: all of the item. */
export interface DriftIgnoreSpec {
  /** A name, a range or a glob. */
  readonly host: string;
  readonly item: DriftItem;
  readonly attribute: string | undefined;
  readonly reason: string;
  readonly until: string;
}

/** Pacemaker Remote nodes of both kinds. */
export interface NodeLists {
  readonly remoteNodes: readonly RemoteNodeSpec[];
  readonly guestNodes: readonly GuestNodeSpec[];
}

/** An inventory, checked, with ranges expanded and groups and defaults merged in. Paths are absolute. */
export interface Spec extends NodeLists {
  readonly cluster: { readonly name: string };
  readonly clusterNodes: readonly ClusterNodeSpec[];
  /** Those that shall not be part of the cluster (`state: absent`); they stand in no other list. */
  readonly absent: NodeLists;
  readonly authentication: AuthenticationSpec;
  readonly driftIgnores: readonly DriftIgnoreSpec[];
}

/** The Pacemaker Remote nodes of an inventory, or those that a run is about. */
export type Nodes = Pick<Spec, 'remoteNodes' | 'guestNodes' | 'absent'>;

/** All of them: remote nodes first. */
export const nodesOf = ({ remoteNodes, guestNodes }: NodeLists): readonly PacemakerRemoteSpec[] => [
  ...remoteNodes,
  ...guestNodes,
];

/** Whether the host of a node is looked after as well: only then is it contacted. */
export const hasManagedHost = ({ isClusterOnly }: PacemakerRemoteSpec): boolean =>
  isClusterOnly !== true;

/** Those whose hosts are. */
export const withManagedHosts = (lists: NodeLists): readonly PacemakerRemoteSpec[] =>
  nodesOf(lists).filter(hasManagedHost);

/** Those whose hosts are not. */
export const clusterOnlyIn = (lists: NodeLists): readonly PacemakerRemoteSpec[] =>
  nodesOf(lists).filter((node) => !hasManagedHost(node));
