/** Who a play works on: the machines themselves (`all`: those of every kind), or the CIB (`cluster`). */
export type PlayHosts = 'clusterNodes' | 'remoteNodes' | 'guestNodes' | 'all' | 'cluster';

/** For whom a play works on the cluster. */
export type PlayFor = 'remoteNodes' | 'guestNodes';
