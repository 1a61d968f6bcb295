/** How to reach a machine by SSH, as the inventory says it; defaults are filled in. Times in milliseconds. */
export interface ConnectionSpec {
  readonly port: number;
  readonly user: string;
  readonly identityFile: string | undefined;
  readonly become: 'none' | 'sudo';
  readonly knownHostsFile: string | undefined;
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

/** A host that joins through an `ocf:pacemaker:remote` connection resource of the same name. */
export interface RemoteNodeSpec {
  readonly name: string;
  /** Where SSH goes. */
  readonly address: string;
  /** Where the cluster connects. */
  readonly server: string;
  readonly port: number;
  readonly reconnectInterval: string | undefined;
  /** Operations by name (`start`, `stop`, `monitor` ...), on top of Pacemaker's usual ones. */
  readonly operations: Readonly<Record<string, OperationSpec>>;
  /** Meta attributes of the connection resource. */
  readonly meta: Readonly<Record<string, string>>;
  /** Permanent node attributes. */
  readonly attributes: Readonly<Record<string, string>>;
  /** What the cluster may do with the node; undefined: not declared, so that it is the operator's. */
  readonly state: 'online' | 'standby' | 'maintenance' | undefined;
  readonly connection: ConnectionSpec;
}

/** Where the one authkey comes from: the cluster nodes' own (made once if there is none), or a local file. */
export type AuthkeySource =
  { readonly kind: 'cluster' } | { readonly kind: 'file'; readonly path: string };

/** An inventory, checked, with ranges expanded and groups and defaults merged in. Paths are absolute. */
export interface Spec {
  readonly cluster: { readonly name: string };
  readonly clusterNodes: readonly ClusterNodeSpec[];
  readonly remoteNodes: readonly RemoteNodeSpec[];
  readonly authentication: { readonly method: 'psk'; readonly authkey: AuthkeySource };
}
