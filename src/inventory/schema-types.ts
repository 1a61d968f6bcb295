// Generated from schemas/inventory.schema.json by scripts/generate-types.ts; do not edit.

/**
 * A file that only its owner can read; relative to this inventory, `~/` is the home directory.
 */
export type SecretFile = string;
/**
 * A program and its arguments, which prints the secret within 120 s; no shell sees them, and it has no terminal. A name with a slash is relative to this inventory.
 *
 * @minItems 1
 */
export type SecretCommand = string[];
/**
 * A program and its arguments, which asks a person: the question is added as the last argument, and the first line that it prints is the answer. It has 120 s. A name with a slash is relative to this inventory.
 *
 * @minItems 1
 */
export type SecretAskpass = string[];
/**
 * A file that age has encrypted, armored or not; relative to this inventory. `identity` or `passphrase` opens it.
 */
export type AgeFile = string;
/**
 * The file with the identities that open the `age` file, as age-keygen writes it (AGE-SECRET-KEY-1...; neither SSH keys nor plugins); only its owner can read it.
 */
export type AgeIdentity = string;
/**
 * Where the passphrase of the `age` file comes from: `prompt` asks at the terminal.
 */
export type AgePassphrase = 'prompt' | OpeningSecret;
/**
 * A whole file that ansible-vault has encrypted (AES256; format 1.1 or 1.2); relative to this inventory. `password` opens it.
 */
export type AnsibleVaultFile = string;
/**
 * Where the password of the `ansibleVault` file comes from: `prompt` asks at the terminal. As with ansible-vault, spaces around it do not count.
 */
export type AnsibleVaultPassword = 'prompt' | OpeningSecret;
/**
 * A file that sops has encrypted; relative to this inventory. The program `sops` opens it, with the keys that it finds itself, within 120 s.
 */
export type SopsFile = string;
/**
 * Which value of the `sops` file is the secret: the keys that lead to it, numbers in lists. Without it the whole file is, as it was (binary).
 *
 * @minItems 1
 */
export type SopsExtract = (string | number)[];
/**
 * A time as Pacemaker writes it; a number alone is seconds.
 */
export type ReconnectInterval = string | number;
/**
 * The port where the cluster connects.
 */
export type RemotePort = number;
/**
 * A string, a whole number, or true or false.
 */
export type Scalar = string | number | boolean;
/**
 * Of guest nodes: whether the connection goes along when the VM is migrated live (`remote-allow-migrate`). Not declared: Pacemaker's true, or what an operator has set.
 */
export type AllowMigrate = boolean;
/**
 * The state of the node: it runs resources, runs none, is in maintenance, or is not part of the cluster (`absent`: it is removed, and stays out). Not declared, it is the operator's: a standby or maintenance set by hand stays.
 */
export type State = 'online' | 'standby' | 'maintenance' | 'absent';
/**
 * What outrigger manages. `all`: the host and its place in the cluster. `cluster-only`: its place in the cluster alone (connection or meta attributes of its VM, fence device, attributes, state). The host is not contacted, so that it may be an appliance, a container or of an unknown platform: its daemon, port, authkey or certificates are its owner's. A change of credentials is refused while such a node is connected.
 */
export type Manage = 'all' | 'cluster-only';
/**
 * The id of a fence device (a `stonith` primitive) that the cluster has.
 */
export type FenceDevice = string;
/**
 * The node's name in the cluster. Ranges are expanded: `compute[001-480]`.
 */
export type Name = string;
/**
 * A host name or an IP address. Ranges are expanded as in the name.
 */
export type Address = string;

/**
 * One Pacemaker cluster and the remote nodes and guest nodes that are to belong to it. What is not declared here is left alone.
 */
export interface Inventory {
  /**
   * The version of this file format.
   */
  apiVersion: 'outrigger/v1';
  cluster: Cluster;
  connection?: Connection;
  /**
   * Settings shared by many remote nodes or guest nodes, by the name of the group. A host's own settings win over its group's.
   */
  groups?: {
    [k: string]: Group;
  };
  /**
   * The full members of the cluster. The first one that answers is where the CIB is read and written.
   *
   * @minItems 1
   */
  clusterNodes: ClusterNode[];
  authentication?: Authentication;
  fencing?: Fencing;
  /**
   * The hosts that join through an `ocf:pacemaker:remote` connection resource of the same name.
   */
  remoteNodes?: RemoteNode[];
  /**
   * The hosts that are virtual machines of the cluster: each is the VM of a resource that exists, and becomes a node as well.
   */
  guestNodes?: GuestNode[];
  drift?: Drift;
}
/**
 * The cluster as a whole.
 */
export interface Cluster {
  /**
   * What people call this cluster; it stands in plans and reports, and names the folder of its logs.
   */
  name: string;
}
/**
 * How a host is reached by SSH. What is not declared here is taken from ssh_config, and then from the defaults.
 */
export interface Connection {
  /**
   * The user to log in as.
   */
  user?: string;
  /**
   * The port of the SSH server.
   */
  port?: number;
  /**
   * The private key to log in with; relative to this inventory, `~/` is the home directory. Without it: the SSH agent and the keys of ssh_config, or the usual ones.
   */
  identityFile?: string;
  /**
   * How to become root: not at all (the user is root) or through `sudo`.
   */
  become?: 'none' | 'sudo';
  /**
   * The password that sudo may ask for: `prompt` asks at the terminal, or a place where the secret lives; its first line is the password. Without it sudo must not ask (`sudo -n`). It is fetched when sudo first asks, tried on one host first, once on each, and nowhere else once a host has refused it.
   */
  becomePassword?: 'prompt' | SecretSource;
  /**
   * Which host keys are accepted. `strict`: those in the known hosts file. `accept-new`: also the first one that a host ever shows, which is recorded. `pinned`: those with these fingerprints and nothing else. A key that has changed never is.
   */
  hostKeys?: ('strict' | 'accept-new') | PinnedKeys;
  /**
   * The file of known host keys; relative to this inventory. Without it: the files of ssh_config, or `~/.ssh/known_hosts` and `/etc/ssh/ssh_known_hosts`.
   */
  knownHostsFile?: string;
  /**
   * The jump hosts on the way, as `ssh -J` takes them: `[user@]host[:port]`, separated by commas. What else is needed for them stands in ssh_config. `none`: straight to the host.
   */
  proxyJump?: string;
  /**
   * The ssh_config file to read; relative to this inventory. `none`: no file at all. Without it: `~/.ssh/config` and `/etc/ssh/ssh_config`.
   */
  sshConfig?: string;
  connectTimeout?: ReconnectInterval;
}
/**
 * Where a secret lives: one of `file`, `command`, `askpass`, `age`, `ansibleVault` and `sops`, with what opens it beside it.
 */
export interface SecretSource {
  file?: SecretFile;
  command?: SecretCommand;
  askpass?: SecretAskpass;
  age?: AgeFile;
  identity?: AgeIdentity;
  passphrase?: AgePassphrase;
  ansibleVault?: AnsibleVaultFile;
  password?: AnsibleVaultPassword;
  sops?: SopsFile;
  extract?: SopsExtract;
}
/**
 * Where the secret lives that opens another: one of `file`, `command` and `askpass`.
 */
export interface OpeningSecret {
  file?: SecretFile;
  command?: SecretCommand;
  askpass?: SecretAskpass;
}
/**
 * The host keys that a host may have.
 */
export interface PinnedKeys {
  /**
   * Fingerprints as `ssh-keygen -l` prints them.
   *
   * @minItems 1
   */
  pinned: string[];
}
/**
 * Settings shared by the remote nodes and guest nodes that name this group.
 */
export interface Group {
  connection?: Connection;
  port?: RemotePort;
  reconnectInterval?: ReconnectInterval;
  operations?: Operations;
  meta?: Meta;
  connectTimeout?: ReconnectInterval;
  allowMigrate?: AllowMigrate;
  attributes?: Attributes;
  state?: State;
  manage?: Manage;
  fencing?: Fencing;
}
/**
 * Operations of the connection resource, on top of Pacemaker's usual ones.
 */
export interface Operations {
  start?: Operation;
  stop?: Operation;
  monitor?: Operation;
  migrate_to?: Operation;
  migrate_from?: Operation;
  reload?: Operation;
  'reload-agent'?: Operation;
}
/**
 * When and for how long at most an operation runs.
 */
export interface Operation {
  interval?: ReconnectInterval;
  timeout?: ReconnectInterval;
}
/**
 * Meta attributes of the connection resource.
 */
export interface Meta {
  [k: string]: Scalar;
}
/**
 * Permanent node attributes, for location constraints and the like.
 */
export interface Attributes {
  [k: string]: Scalar;
}
/**
 * The fence device that must be able to fence remote nodes. Nodes that it does not cover yet are added to its pcmk_host_list or pcmk_host_map before they join; nothing else of it is touched.
 */
export interface Fencing {
  device: FenceDevice;
}
/**
 * A full member of the cluster.
 */
export interface ClusterNode {
  name: Name;
  address: Address;
  connection?: Connection;
}
/**
 * How the cluster and its remote nodes prove to each other who they are.
 */
export interface Authentication {
  /**
   * A pre-shared key (the authkey), or X.509 certificates. From one to the other while nodes are connected: all nodes change together (docs/guide/credentials-conversion.md).
   */
  method?: 'psk' | 'x509';
  x509?: X509;
  authkey?: Authkey;
}
/**
 * Certificates: those of an existing authority (`ca`, `certificate`) with local keys (`key`) or with keys that are made on the hosts (`sign`, `request`), files that are on the hosts already (`onHosts`), or those of an `authority` that outrigger keeps itself. Whoever holds any certificate of an authority is a full peer of the cluster: use one for this cluster alone.
 */
export interface X509 {
  /**
   * A local file with the certificate of the authority (PEM); relative to this inventory.
   */
  ca?: string;
  /**
   * The local file with the certificate of each node (PEM), intermediate authorities below it; `{node}` stands for the node's name.
   */
  certificate?: string;
  /**
   * The local file with the key of each node's certificate (PEM, not encrypted); `{node}` stands for the node's name.
   */
  key?: string;
  /**
   * A program and its arguments, instead of `key`: each key is made on its host and never leaves it. The program reads the certificate request of a node (PEM) and prints the certificate (PEM); it has 120 s for each, and the node's name in OUTRIGGER_NODE. What it prints is kept in `certificate`. A name with a slash is relative to this inventory.
   *
   * @minItems 1
   */
  sign?: string[];
  /**
   * Instead of `key`: each key is made on its host and never leaves it. `apply` writes the certificate request of each node into this local file and stops; have it signed, put the certificate where `certificate` says, and apply again. `{node}` stands for the node's name.
   */
  request?: string;
  /**
   * A local file with the CRLs of the authority (PEM).
   */
  crl?: string;
  onHosts?: OnHosts;
  /**
   * What expires within this time is reported by plan and drift, with the days left: certificates (default: 30d) and CRLs (default: 7d).
   */
  warnBefore?: string;
  /**
   * A directory on this machine in which outrigger keeps a CA for this cluster alone. It is created if it does not exist. Its key (`ca.key`) is encrypted; everything is for its owner only. Back it up.
   */
  authority?: string;
  /**
   * What opens the key of the authority, fetched only when something has to be signed: `prompt` asks at the terminal, or a place where the secret lives; its first line is the passphrase. Default: `prompt`.
   */
  passphrase?: 'prompt' | SecretSource;
  /**
   * How long a certificate of the authority is valid, and its CRL.
   */
  validity?: string;
  /**
   * What expires within this time is made anew by the next `apply`: certificates, and the CRL of outrigger's own authority. With `sign` and `request`: a new key, and a new request for it.
   */
  renewBefore?: string;
  /**
   * Names of nodes that are no more (all certificates that were ever issued to them), or serial numbers. What was revoked stays revoked, also when it goes from here.
   */
  revoked?: string[];
  /**
   * Whether the authkey goes from all nodes, once every connection is proven to use certificates.
   */
  removeAuthkey?: boolean;
}
/**
 * Certificates that are on the hosts already, instead of local files: they are used where they are, and stay as they are.
 */
export interface OnHosts {
  /**
   * The file with the certificates of the authorities that a host accepts (PEM).
   */
  ca: string;
  /**
   * The file with the certificate of a host (PEM), intermediate authorities below it; `{node}` stands for the node's name.
   */
  certificate: string;
  /**
   * The file with the key of that certificate (PEM, not encrypted); `{node}` stands for the node's name. It never leaves the host.
   */
  key: string;
  /**
   * The file with the CRLs (PEM).
   */
  crl?: string;
}
/**
 * Where the one authkey comes from: the cluster, or a place where it lives; there, every byte belongs to the key.
 */
export interface Authkey {
  /**
   * The key the cluster nodes have; made once if there is none.
   */
  source?: 'cluster';
  file?: SecretFile;
  command?: SecretCommand;
  age?: AgeFile;
  identity?: AgeIdentity;
  passphrase?: AgePassphrase;
  ansibleVault?: AnsibleVaultFile;
  password?: AnsibleVaultPassword;
  sops?: SopsFile;
  extract?: SopsExtract;
}
/**
 * A remote node, or many whose name, address and server advance together: `compute[001-480]`.
 */
export interface RemoteNode {
  name: Name;
  address: Address;
  server?: Address;
  /**
   * The group whose settings this entry shares.
   */
  group?: string;
  connection?: Connection;
  port?: RemotePort;
  reconnectInterval?: ReconnectInterval;
  operations?: Operations;
  meta?: Meta;
  attributes?: Attributes;
  state?: State;
  manage?: Manage;
  fencing?: NodeFencing;
}
/**
 * Which fence device must be able to fence this node, and under which name. Without it: any device of the cluster.
 */
export interface NodeFencing {
  device?: FenceDevice;
  /**
   * What the device calls this node: an outlet, a virtual machine; written into its pcmk_host_map. Spaces in it need Pacemaker 2.1.2 to 3.0. Ranges are expanded as in the name. Without it: the node's name.
   */
  plug?: string | number;
}
/**
 * A guest node, or many whose name, resource, address and server advance together: `guest[1-9]`.
 */
export interface GuestNode {
  name: Name;
  /**
   * The id of the resource in the cluster that is the virtual machine: a primitive that exists. Ranges are expanded as in the name.
   */
  resource: string;
  address: Address;
  server?: Address;
  /**
   * The group whose settings this entry shares.
   */
  group?: string;
  connection?: Connection;
  port?: RemotePort;
  connectTimeout?: ReconnectInterval;
  allowMigrate?: AllowMigrate;
  attributes?: Attributes;
  state?: State;
  manage?: Manage;
}
/**
 * What `drift` makes of what it finds.
 */
export interface Drift {
  /**
   * Known drift: it is listed separately, and counts neither as drift nor in the exit code. `plan` and `apply` are not affected.
   */
  ignore?: DriftIgnore[];
}
/**
 * One thing that is ignored until the end of a day.
 */
export interface DriftIgnore {
  /**
   * The host as drift names it; ranges (`r[1-9]`) and globs (`db*`) stand for several.
   */
  host: string;
  /**
   * What kind of thing it is, as drift names it.
   */
  item:
    | 'package'
    | 'authkey'
    | 'certificate'
    | 'environment'
    | 'pacemaker'
    | 'firewall-port'
    | 'service'
    | 'fence-device'
    | 'connection-resource'
    | 'guest-node'
    | 'node-state'
    | 'authkey-removed'
    | 'certificate-removed'
    | 'constraint'
    | 'node-record'
    | 'connection'
    | 'fencing'
    | 'certificate-expiry'
    | 'membership'
    | 'orphan';
  /**
   * The attribute as drift names it; without it: all of the item.
   */
  attribute?: string;
  /**
   * Why it is all right for now; it stands in every report.
   */
  reason: string;
  /**
   * The last day (UTC) on which it is ignored.
   */
  until: string;
}
