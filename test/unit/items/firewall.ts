import { verdictOf } from '../../../src/items/firewall/verdict.ts';
import type { FirewallState, ZoneRules } from '../../../src/model/firewall.ts';
import { NOTHING_OPEN } from '../../support/firewalld.ts';

/** A cluster node. */
export const NODE = '10.77.0.12';
/** Its connection to a host, or that of another one. */
export const to = (source = NODE) => ({ source, server: '10.77.1.3', port: 3121 });
export const ipv4 = (rest: string): string => `rule family="ipv4" ${rest}`;
export const SUBNET = 'source address="10.77.0.0/24"';
export const PORT = 'port port="3121" protocol="tcp"';

const service = (ports: readonly string[], includes: readonly string[] = [], isBound = false) => ({
  ports,
  protocols: [],
  includes,
  isBound,
});

/** What cases begin from. */
export const FIREWALL: FirewallState = {
  zones: [],
  zoneOf: {},
  services: {
    'pacemaker-remote': service(['3121/tcp']),
    cluster: service([], ['again']),
    again: service([], ['cluster', 'pacemaker-remote']),
    group: service(['3121/tcp'], [], true),
  },
  ipsets: { nodes: ['10.77.0.11', '10.77.0.12'], range: ['10.77.0.10-10.77.0.20'] },
};

/** The default zone, with rules. */
export const zoneWith = (rules: Partial<ZoneRules>, more: object = {}) => ({
  name: 'public',
  isDefault: true,
  sources: [],
  rules: { ...NOTHING_OPEN, ...rules },
  ...more,
});

/** What becomes of a connection. */
export const kindOf = (state: Partial<FirewallState>, connection = to()) =>
  verdictOf({ ...FIREWALL, zones: [zoneWith({})], ...state }, connection)?.kind;
