/** What a zone or a policy of firewalld does with connections. */
export interface ZoneRules {
  /** `default`, `ACCEPT`, `DROP`, `%%REJECT%%` or `REJECT`, `CONTINUE` (policies); `unknown`: its settings were not printed. */
  readonly target: string;
  /** `3121/tcp` */
  readonly ports: readonly string[];
  readonly services: readonly string[];
  /** Names or numbers of protocols that are open as a whole. */
  readonly protocols?: readonly string[];
  /** Ports at the other end of a connection that is let in: `3121/tcp`. */
  readonly sourcePorts?: readonly string[];
  /** Ports that are redirected, and where to: `3121/tcp to port 22 of 192.0.2.1`. */
  readonly forwardPorts?: readonly string[];
  readonly richRules: readonly string[];
}

/** A zone that decides on connections: one that is bound to something, or the default one. */
export interface FirewallZone {
  readonly name: string;
  readonly isDefault: boolean;
  /** Addresses, networks, hardware addresses, or `ipset:NAME`. */
  readonly sources: readonly string[];
  /** Zones of lower numbers are looked at first (`ingress-priority`, firewalld.zone(5)); default: 0. */
  readonly priority?: number;
  readonly rules: ZoneRules;
}

/** A policy for connections that come from zones (firewalld.policies(5)). */
export interface FirewallPolicy {
  readonly name: string;
  /** Below 0 it comes before the rules of the zone, above 0 after them. */
  readonly priority: number;
  /** Names of zones, or `ANY`. */
  readonly ingressZones: readonly string[];
  /** `HOST`: it decides on connections to the host itself; with `ANY` it can only redirect them elsewhere. */
  readonly egressZones: readonly string[];
  readonly rules: ZoneRules;
}

/** A rule in the words of iptables(8) (firewalld.direct(5)). */
export interface DirectRule {
  /** `ipv4`, `ipv6` or `eb` */
  readonly ipv: string;
  readonly table: string;
  readonly chain: string;
  readonly args: readonly string[];
  /** As it is shown: `direct rule ipv4 filter INPUT 0 -s 192.0.2.1 -j DROP`. */
  readonly text: string;
}

/** A service as firewalld has it on that host: its own, or one of the operator's. */
export interface FirewallService {
  /** `3121/tcp` */
  readonly ports: readonly string[];
  readonly protocols: readonly string[];
  readonly sourcePorts?: readonly string[];
  /** Other services that it opens as well. */
  readonly includes: readonly string[];
  /** It is open for a destination only. */
  readonly isBound: boolean;
}

/** Everything that decides on a connection. */
export interface FirewallState {
  /** Empty: they could not be read. */
  readonly zones: readonly FirewallZone[];
  /** The zone of the interface that has an address, by the address (`normalAddress`); no entry: the default zone's. */
  readonly zoneOf: Readonly<Record<string, string>>;
  /** The services that zones, policies and their rules name, by name, and those that these include. */
  readonly services?: Readonly<Record<string, FirewallService>>;
  /** The addresses and networks in the sets that zones and rules name, by name; no entry: it is not known what is in one. */
  readonly ipsets?: Readonly<Record<string, readonly string[]>>;
  readonly policies?: readonly FirewallPolicy[];
  /** In the order in which they are looked at. */
  readonly direct?: readonly DirectRule[];
  /** firewalld uses iptables, not nftables: a direct rule that accepts is final (firewalld.direct(5)). */
  readonly isIptables?: boolean;
}

/** What is reported of a running firewalld. */
export interface Firewalld {
  readonly kind: 'firewalld';
  /** What it does now. */
  readonly runtime: FirewallState;
  /** What it does after a reload: what its files say. */
  readonly permanent: FirewallState;
  /** It drops every packet (`firewall-cmd --panic-on`). */
  readonly isPanicking?: boolean;
}

export type FirewallFacts = { readonly kind: 'none' } | Firewalld;
