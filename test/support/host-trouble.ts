import type { ExecRequest } from '../../src/host/host.ts';
import type { Answer } from './fake-host.ts';

/** What a test changes about one host. */
export interface HostTrouble {
  /** `none`: it has no authkey. */
  readonly key?: Buffer | 'none';
  /** What a script answers instead of doing its work. */
  readonly answers?: Readonly<Record<string, (request: ExecRequest) => Answer>>;
  /** How far its clock is ahead, in seconds. */
  readonly clockAhead?: number;
}
