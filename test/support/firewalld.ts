import type {
  Firewalld,
  FirewallState,
  FirewallZone,
  ZoneRules,
} from '../../src/model/firewall.ts';

/** A zone whose bindings are the same after a reload. */
export interface ReportedZone extends Omit<FirewallZone, 'rules'> {
  readonly runtime: ZoneRules;
  readonly permanent: ZoneRules;
}

/** A firewalld in short: whatever is not said of after a reload (`later`) stays as it is now. */
export interface ReportedFirewalld extends Omit<FirewallState, 'zones' | 'zoneOf'> {
  readonly zones: readonly ReportedZone[];
  readonly zoneOf?: FirewallState['zoneOf'];
  readonly later?: Partial<FirewallState>;
  readonly isPanicking?: boolean;
}

const zonesOf = (zones: readonly ReportedZone[], when: 'runtime' | 'permanent'): FirewallZone[] =>
  zones.map(({ runtime, permanent, ...zone }) => ({
    ...zone,
    rules: when === 'runtime' ? runtime : permanent,
  }));

/** Facts of a firewalld that runs. */
export const firewalld = ({
  zones,
  zoneOf = {},
  later = {},
  isPanicking,
  ...shared
}: ReportedFirewalld): Firewalld => ({
  kind: 'firewalld',
  runtime: { ...shared, zoneOf, zones: zonesOf(zones, 'runtime') },
  permanent: { ...shared, zoneOf, zones: zonesOf(zones, 'permanent'), ...later },
  ...(isPanicking === undefined ? {} : { isPanicking }),
});

/** Rules of a zone in which nothing is open. */
export const NOTHING_OPEN: ZoneRules = {
  target: 'default',
  ports: [],
  services: [],
  richRules: [],
};
