import type { EditContext } from './edit-context.ts';
import type { RunHosts } from './run-hosts.ts';
import type { RunInput } from './run-input.ts';
import type { RunProgress } from './run-progress.ts';

/** For procedures that change hosts and the cluster together, in the order that keeps resources where they are. */
export type ProcedureContext = RunInput & RunHosts & EditContext;

/** Everything that the parts of a run share: for plays, which use all of it. Others declare what they need. */
export type RunContext = ProcedureContext & RunProgress;
