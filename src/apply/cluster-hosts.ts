import type { Host } from '../host/host.ts';
import type { RunContext } from './context.ts';

/** The cluster nodes that answered. */
export const clusterHosts = (context: Pick<RunContext, 'spec' | 'hosts'>): readonly Host[] =>
  context.spec.clusterNodes.flatMap(({ name }) => context.hosts.get(name) ?? []);
