/** The words the lab's parts share. */

/** What may be asked of a new lab; everything has a default. */
export type LabOptions = {
  name?: string;
  /** Hosts c1, c2, … that form a real Pacemaker cluster. */
  clusterNodes?: number;
  /** Hosts h1, h2, … without any Pacemaker. */
  bareHosts?: number;
  /** Hosts v1, v2, … that Pacemaker starts and stops: what a guest node lives on. */
  virtualMachines?: number;
  /** Hosts q1, q2, … that are QEMU machines of libvirt on the cluster nodes, run by ocf:heartbeat:VirtualDomain. Slow. */
  domains?: number;
  /** A fence device that really cuts power, and stonith-enabled. */
  fencing?: boolean;
  /** How many of the bare hosts run firewalld: the last ones. */
  firewalld?: number;
  /** How many of the bare hosts behave as RHEL 9 does: the first ones. All of these run firewalld. */
  rhelHosts?: number;
  /** Debian suite of the hosts. */
  suite?: string;
  /** Install pcs (pcsd disabled) on the cluster nodes. */
  pcs?: boolean;
  /** Node names the fence device knows beyond the defaults (hN, rN, cN): node name → host. */
  remoteNames?: Record<string, string>;
  /** pcmk_delay_base of the fence device, e.g. `5s`. */
  fenceDelay?: string;
  /** How many hosts may be booting at once. */
  parallelBoots?: number;
  /** Take down a lab of this name that is already there, instead of refusing. */
  replace?: boolean;
};

export type LabSettings = Required<Omit<LabOptions, 'replace' | 'fenceDelay'>> & {
  fenceDelay: string | undefined;
};

/** A virtual one is bare too, but switched by Pacemaker; a domain is a machine with a kernel of its own. */
export type HostKind = 'cluster' | 'bare' | 'virtual' | 'domain';

export type LabHost = {
  name: string;
  kind: HostKind;
  address: string;
  /** Image directories, top first. */
  layers: string[];
};

/** What is written down about a lab (lab.json), so that any process can work on it. */
export type LabRecord = {
  dir: string;
  settings: LabSettings;
  repo: string;
  hosts: LabHost[];
};

export type PowerAction = 'on' | 'off' | 'reboot';

/** One line of the power log: who had which host's power switched. */
export type PowerEvent = {
  time: string;
  action: PowerAction;
  target: string;
  /** `agent` is that of a virtual machine; `owner`: the machine died with the cluster node that it ran on. */
  by: 'fencing' | 'operator' | 'agent' | 'owner';
  /** The cluster node that ran the agent or was the owner, or `control`. */
  from: string;
};
