import type { Host } from '../../host/host.ts';
import type { HostFacts } from '../../model/facts.ts';
import type { CertificateRole } from '../../pacemaker/basics/names.ts';
import type { Secret } from '../../support/secret.ts';

/** The hosts of a run: what they report, and what is written there. */
export interface RunHosts {
  /** Those that answered, by name. */
  readonly hosts: ReadonlyMap<string, Host>;
  /** The cluster nodes among them, in inventory order. */
  readonly clusterHosts: readonly Host[];
  /** Reads the state of a host again. */
  readonly probe: (host: Host) => Promise<HostFacts>;
  /** What each host reported last: in this run, or when it was planned. */
  readonly lastFacts: ReadonlyMap<string, HostFacts>;
  /** The nodes whose ports a cluster node has reached in this run, by the cluster node's name. */
  readonly reached: Map<string, Set<string>>;
  /** The key's bytes, fetched or made once, when the first host needs them. */
  readonly loadAuthkey: () => Promise<Secret>;
  /** Returns the content of a node's certificate file. */
  readonly loadCertificate: (node: string, role: CertificateRole) => Secret;
  /** Waits for a time that no host can report as over. */
  readonly pause: (milliseconds: number) => Promise<void>;
}
