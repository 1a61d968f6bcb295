import type { Cib } from '../pacemaker/cib/cib.ts';
import type { CertificateRole } from '../pacemaker/basics/names.ts';
import type { CrmMon } from '../pacemaker/status/crm-mon.ts';
import type { ErrorCode } from '../support/errors.ts';
import type { FirewallFacts } from './firewall.ts';

/** A package as the package manager reports it; `version` undefined: not installed. */
export type PackageVersions = Readonly<Record<string, string | undefined>>;

/** What a package manager would upgrade, by the lists that the host has. */
export interface UpgradeFacts {
  /** What would get another version, and what that needs newly; `installed` undefined: not yet. */
  readonly offers: readonly {
    readonly name: string;
    readonly installed: string | undefined;
    readonly offered: string;
  }[];
  /** Why it would do nothing of it, in its own words. */
  readonly refusal: string | undefined;
}

/** A systemd unit. */
export interface UnitFacts {
  readonly loadState: string;
  readonly activeState: string;
  readonly unitFileState: string;
  /** Of Pacemaker's own units: seconds since the epoch by the host's own clock; undefined: it was never started. */
  readonly startedAt: number | undefined;
}

export interface AuthkeyFacts {
  /** Where Pacemaker looks for it on this host: `PCMK_authkey_location`, else /etc/pacemaker/authkey. */
  readonly path: string;
  /** SHA-256 of the content, hexadecimal; undefined: there is no such file. Never shown. */
  readonly digest: string | undefined;
  readonly owner: string;
  readonly group: string;
  /** Octal digits, without a leading zero: `400`. */
  readonly mode: string;
  /** Seconds since the epoch by the host's own clock; 0: unknown. */
  readonly modifiedAt: number;
  /** Undefined: there is no such file, or the host did not report it. */
  readonly reach?: FileReach | undefined;
}

/** How the daemon that authenticates gets at a file: on a cluster node as hacluster, else as root. */
export interface FileReach {
  readonly path: string;
  /** Where links lead. */
  readonly realPath: string;
  /** Every directory that leads to it. */
  readonly above: readonly OwnDirectoryFacts[];
  /** Whether the daemon's user could open it; undefined: it could not be tried. */
  readonly isReadable: boolean | undefined;
}

/** A file for certificates, as it is on a host. */
export interface CertificateFileFacts {
  /** SHA-256 of the content, hexadecimal. That of a key is never shown. */
  readonly digest: string;
  readonly owner: string;
  readonly group: string;
  /** Octal digits, without a leading zero: `640`. */
  readonly mode: string;
  /** As that of the authkey. */
  readonly modifiedAt: number;
  /** The certificates in it; undefined: not reported, as of a key. */
  readonly pem?: string | undefined;
  /** As that of the authkey. */
  readonly reach?: FileReach | undefined;
}

/** The owner of something in a file system, and its mode. */
export interface Rights {
  readonly owner: string;
  readonly group: string;
  /** Octal digits, without a leading zero: `640`. */
  readonly mode: string;
}

/** A certificate file that was on a host before outrigger; of its content only what is public is known. */
export interface OwnFileFacts {
  /** As the inventory names it. */
  readonly path: string;
  readonly state: 'file' | 'missing' | 'other';
  /** Where links lead. */
  readonly realPath: string;
  readonly rights: Rights;
  readonly modifiedAt: number;
  readonly bytes: number;
  /** SHA-256 of the content, of a key that of its public half (PEM); empty: not reported. */
  readonly digest: string;
  /** The certificates or CRLs in it. */
  readonly pem: string;
  /** There is a private key in it. */
  readonly holdsKey: boolean;
  /** Every directory that leads to it. */
  readonly above: readonly OwnDirectoryFacts[];
  /** Whether hacluster could open it; undefined: there is no such user yet. */
  readonly isReadable: boolean | undefined;
}

/** A directory that leads to a certificate file. */
export interface OwnDirectoryFacts extends Rights {
  readonly path: string;
  /** Whether hacluster could pass it; undefined: there is no such user yet. */
  readonly isPassable: boolean | undefined;
}

/** A private key that stays on its host: what the host reports about it. */
export interface ReportedKey {
  /** How many private keys are in the file. */
  readonly count: number;
  readonly isEncrypted: boolean;
  /** SHA-256 of the public half in PEM form, hexadecimal; empty: the key could not be read. */
  readonly publicDigest: string;
}

/** The keys that a host has made; undefined: there is no such file. */
export interface MadeKeys {
  readonly inUse: ReportedKey | undefined;
  /** One that waits for its certificate. */
  readonly waiting: ReportedKey | undefined;
  /** Without it no key can be made. */
  readonly hasOpenssl: boolean;
}

/** The certificates that a host has already, as the inventory names them. */
export interface OwnCertificateFacts {
  readonly files: Readonly<Partial<Record<CertificateRole, OwnFileFacts>>>;
  readonly key: {
    /** How many private keys are in the file. */
    readonly count: number;
    readonly isEncrypted: boolean;
  };
  /** Without it nothing is known of the key. */
  readonly hasOpenssl: boolean;
}

/** Which address of a cluster node talks to a server; undefined: the name did not resolve or there is no route. */
export interface RouteFacts {
  readonly server: string;
  readonly source: string | undefined;
}

/** What is active on a host whose daemon has no connection, and what becomes active when it boots. */
export interface LocalFacts {
  /** Units by all of their names. */
  readonly activeUnits: ReadonlySet<string>;
  readonly enabledUnits: ReadonlySet<string>;
  readonly mountPoints: ReadonlySet<string>;
  /** In the form of `normalAddress`. */
  readonly addresses: ReadonlySet<string>;
}

/** What one host reported about itself in one exec. */
export interface HostFacts {
  readonly name: string;
  readonly osId: string;
  readonly osIdLike: string;
  readonly osVersion: string;
  /** As `uname -m` prints it: `x86_64`. */
  readonly architecture: string;
  /** `off`: the kernel has no SELinux, or it is disabled. */
  readonly selinux: 'enforcing' | 'permissive' | 'off';
  readonly packageManager: string;
  readonly serviceManager: string;
  readonly packages: PackageVersions;
  /** Undefined: it was not read. */
  readonly upgrades?: UpgradeFacts | undefined;
  /** Seconds by which the host's clock is ahead of this machine's. */
  readonly clockAhead: number;
  readonly environmentFile: string | undefined;
  /** What systemd gives the daemons of `PCMK_*` variables from the environment files of their unit. */
  readonly environment: Readonly<Record<string, string>>;
  /** Where variables are set that another file sets than `environmentFile`, or that it sets as well; the last file counts. */
  readonly environmentElsewhere?: Readonly<Record<string, readonly string[]>>;
  readonly authkey: AuthkeyFacts;
  /** The files that are there of those that outrigger brings, or of the host's own. */
  readonly certificates: Readonly<Partial<Record<CertificateRole, CertificateFileFacts>>>;
  /** Undefined: none were requested. */
  readonly ownCertificates: OwnCertificateFacts | undefined;
  /** Undefined: none were requested. */
  readonly madeKeys: MadeKeys | undefined;
  /** The files that are there of a pair that waits to be taken up (`WAITING_PAIR`). */
  readonly waitingPair: readonly string[];
  /** Files and directories that scripts of outrigger left there when they were killed. */
  readonly leftFiles?: readonly string[];
  /** Why no file can be written into directories in which keys and settings are, in words. */
  readonly unsafeDirectories?: readonly string[];
  /** Whether the installed Pacemaker supports certificates; undefined: none is installed. */
  readonly knowsCertificates: boolean | undefined;
  /**
   * Whether its daemons keep an authkey that they have read for as long as they run (liblrmd of 3.0.2 and later) instead of
   * reading it again after a minute; undefined: no Pacemaker is installed.
   */
  readonly keepsAuthkey: boolean | undefined;
  /** The variables for certificates that the running daemon was started with; undefined: none runs. */
  readonly daemonVariables: Readonly<Record<string, string>> | undefined;
  /** The daemon runs a program that its package has replaced meanwhile. */
  readonly isDaemonReplaced?: boolean;
  readonly units: Readonly<Record<string, UnitFacts>>;
  /** TCP ports that something listens on, on an address that others can reach. */
  readonly listening: readonly number[];
  /** Somebody is connected to its pacemaker_remote. */
  readonly isConnected: boolean;
  /** Empty where the daemon has a connection: what runs there is the cluster's own. */
  readonly local: LocalFacts;
  readonly firewall: FirewallFacts;
  readonly hasCorosyncConf: boolean;
}

/** What a cluster node reports about the membership: it must be the same on all of them. */
export interface MembershipFacts {
  readonly haveQuorum: boolean;
  /** Node id of the DC; undefined: none is elected. */
  readonly dcUuid: string | undefined;
  /** `admin_epoch.epoch.num_updates` */
  readonly cibVersion: string;
}

export interface ClusterNodeFacts extends HostFacts {
  /** Its name in the cluster; undefined: Pacemaker does not run there. */
  readonly uname: string | undefined;
  readonly membership: MembershipFacts | undefined;
  readonly routes: readonly RouteFacts[];
  /** The fence devices that report here that they can fence a remote node, by its name; no entry: not reported. */
  readonly fencers: ReadonlyMap<string, readonly string[]>;
}

/** Why a host gave no facts. */
export interface Unreachable {
  readonly name: string;
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string | undefined;
}

/** The state of the cluster as the first cluster node that answered reports it. */
export interface ClusterFacts {
  readonly readFrom: string;
  readonly cib: Cib;
  /** The CIB as it was printed. It may hold secrets of fence devices: never shown. */
  readonly cibText: string;
  readonly mon: CrmMon;
  /** The DC's controller state, `S_IDLE` when no transition is under way; empty: not reported. */
  readonly dcState: string;
}

/** Where the cluster connects to a Pacemaker Remote node. */
export interface ServerFacts {
  readonly address: string;
  readonly port: number;
}

/** Everything that a plan is made from, besides the inventory. */
export interface Facts {
  readonly clusterNodes: ReadonlyMap<string, ClusterNodeFacts>;
  readonly remoteNodes: ReadonlyMap<string, HostFacts>;
  readonly guestNodes: ReadonlyMap<string, HostFacts>;
  readonly unreachable: ReadonlyMap<string, Unreachable>;
  /** Where the cluster connects to each Pacemaker Remote node that this is about. */
  readonly servers: ReadonlyMap<string, ServerFacts>;
  /** The resource that each guest node is the VM of, whether its host answered or not. */
  readonly vms: ReadonlyMap<string, string>;
  /** Nodes whose hosts are managed by others, and were not contacted (default: none). */
  readonly clusterOnly?: ReadonlySet<string>;
  readonly cluster: ClusterFacts | undefined;
}

/** What the remote nodes and guest nodes that answered reported. */
export const remoteHosts = ({ remoteNodes, guestNodes }: Facts): readonly HostFacts[] => [
  ...remoteNodes.values(),
  ...guestNodes.values(),
];

/** Every host that answered, cluster nodes first. */
export const allHosts = (facts: Facts): readonly HostFacts[] => [
  ...facts.clusterNodes.values(),
  ...remoteHosts(facts),
];

/** Nodes whose hosts are managed by others. */
export const clusterOnlyNodes = ({ clusterOnly = new Set() }: Facts): ReadonlySet<string> =>
  clusterOnly;

/** Every host that answered, and every node whose host was not contacted. */
export const namesIn = (facts: Facts): readonly string[] => [
  ...allHosts(facts).map(({ name }) => name),
  ...clusterOnlyNodes(facts),
];

/** The addresses from which cluster nodes connect to a server, each once. */
export const sourcesTo = ({ clusterNodes }: Facts, server: string): readonly string[] => {
  const sources = [...clusterNodes.values()].flatMap(
    ({ routes }) => routes.find((route) => route.server === server)?.source ?? [],
  );
  return [...new Set(sources)].sort();
};
