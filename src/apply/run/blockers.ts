/** Why a node must not be connected, by its name; no entry: nothing speaks against it. */
export type Blockers = ReadonlyMap<string, string>;
