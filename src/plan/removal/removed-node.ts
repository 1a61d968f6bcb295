import type { PacemakerRemoteSpec } from '../../inventory/spec.ts';
import type { HostFacts, Unreachable } from '../../model/facts.ts';

/** A node that shall be absent, with what its host reported, or why it is unreachable. */
export interface RemovedNode {
  readonly node: PacemakerRemoteSpec;
  /** Of a guest node: the resource that is its VM. */
  readonly vm: string | undefined;
  readonly host: HostFacts | undefined;
  readonly silence: Unreachable | undefined;
}
