import type { ConnectionSpec } from '../inventory/spec.ts';
import type { Secret } from '../support/secret.ts';

/** One run of a static POSIX shell script on a host, as root. */
export interface ExecRequest {
  /**
   * The script's text: a file of this project, never built from input. `sh` reads it byte by byte, so that each KiB costs the
   * host about a thousand system calls.
   */
  readonly script: string;
  /** Positional parameters `$1`, `$2` ...: they travel on stdin, never in a command line. No NUL, CR or LF inside. */
  readonly params?: readonly string[];
  /** What the script finds on its stdin after the parameters. */
  readonly input?: string | Secret;
  /** Milliseconds until the run is given up with TIMED_OUT. */
  readonly timeoutMs: number;
  /** How much it may print, both streams together, until the run is given up with REPLY_INVALID; 1 unless said. */
  readonly maxOutputMiB?: number;
}

/** What came back; an exit code other than 0 is an answer, not an exception. */
export interface ExecResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Who owns something on a host, and what they may do with it. */
export interface Rights {
  readonly owner: string;
  readonly group: string;
  /** Four octal digits, like `0400`. */
  readonly mode: string;
}

/** A file to be put in place on a host: whole, with its rights, or not at all. */
export interface HostFile extends Rights {
  readonly path: string;
  readonly content: Secret;
  /** The rights for its directory where that is missing; without them a missing directory is an error. */
  readonly createParent?: Rights;
}

/**
 * One connected machine: the only way by which outrigger touches the outside. Rejections are OutriggerErrors with
 * `host` set.
 */
export interface Host {
  readonly name: string;
  exec(request: ExecRequest): Promise<ExecResult>;
  /** Writes the content beside the target, sets rights, syncs and renames. A target that is a link is replaced. */
  writeFile(file: HostFile): Promise<void>;
  close(): Promise<void>;
}

/**
 * The cluster node through which the cluster is read and written: a host, or one that goes on through another cluster node when
 * it is lost (`failover` in probe/query-node.ts), and has the name of that one from then on.
 */
export interface QueryNode extends Pick<Host, 'name' | 'exec'> {
  /** Reads something of the cluster; where Pacemaker gives no answer there, through another cluster node. */
  readonly read?: <Result>(work: (host: QueryNode) => Promise<Result>) => Promise<Result>;
}

/** How to reach a machine by SSH and become root there, as the inventory says it. */
export interface Connection extends ConnectionSpec {
  /** A host name, an IP address, or a `Host` of ssh_config. */
  readonly address: string;
}

/** Opens a connection; `signal` gives it up. Rejects with an OutriggerError that names the host. */
export type ConnectHost = (
  name: string,
  connection: Connection,
  signal: AbortSignal,
) => Promise<Host>;
