import { readReply } from './replies.ts';

/** Replies of real hosts and of a real scheduler. */
const recorded = (file: string): string => readReply(new URL(`../${file}`, import.meta.url));

export const BARE_HOST = recorded('unit/probe/fixtures/bare-host.txt');
export const REMOTE_NODE = recorded('unit/probe/fixtures/remote-node.txt');
export const CLUSTER_NODE = recorded('golden/first-join/replies/c2.probe.txt');
export const QUERY_NODE = recorded('golden/first-join/replies/c1.probe.txt');
export const SIMULATION = recorded('golden/fleet/replies/c1.simulate.txt');
