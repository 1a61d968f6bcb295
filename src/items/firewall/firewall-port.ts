import type { Action } from '../../model/action.ts';
import type { Firewalld } from '../../model/firewall.ts';
import type { AttributeChange, HostItem } from '../../model/item.ts';
import type { PacemakerRemoteSpec } from '../../inventory/spec.ts';
import { familyOf, type Connection } from './matching.ts';
import type { Verdict } from './steps.ts';
import { verdictOf } from './verdict.ts';

/** The firewall lets the cluster nodes reach the daemon: now and after a reload, and no other host through our rule. */
export const firewallPortItem = (
  host: string,
  { server, port }: Pick<PacemakerRemoteSpec, 'server' | 'port'>,
  sources: readonly string[],
): HostItem => ({
  kind: 'firewall-port',
  host,
  compare: ({ firewall }) => {
    if (firewall.kind === 'none') return undefined;
    const closed = sources.flatMap((source) => closedIn(firewall, { source, server, port }));
    if (closed.length === 0) return undefined;
    return {
      attributes: closed.map(attributeOf),
      actions: closed.map(actionOf),
      needsRestart: false,
      risks: [],
    };
  },
});

/** The rule that opens a port for one cluster node. */
export const ruleFor = (port: number, source: string): string =>
  `rule family="${familyOf(source)}" source address="${source}" port port="${port}" protocol="tcp" accept`;

/** What happens now, and after a reload; undefined: the zones are not known. */
export type Verdicts = Readonly<Record<'runtime' | 'permanent', Verdict | undefined>>;

/** What firewalld does with a connection. */
export const verdictsOn = (firewall: Firewalld, to: Connection): Verdicts => ({
  runtime: verdictOf(firewall.runtime, to),
  permanent: verdictOf(firewall.permanent, to),
});

/** A zone in which nothing lets a cluster node in. */
interface ClosedZone {
  readonly zone: string;
  readonly to: Connection;
  readonly before: string;
  /** The connection belongs to the zone only after a reload. */
  readonly isLater: boolean;
}

/** Where a rule of an operator denies, ours would have no effect: that is a finding, and not overridden. */
function closedIn(firewall: Firewalld, to: Connection): readonly ClosedZone[] {
  const { runtime, permanent } = verdictsOn(firewall, to);
  if (runtime?.kind === 'denied' || permanent?.kind === 'denied') return [];
  const now = zoneOf(runtime);
  const later = zoneOf(permanent);
  const closed: ClosedZone[] = [];
  if (now !== undefined) closed.push({ zone: now, to, before: 'closed', isLater: false });
  if (later === undefined || later === now) return closed;
  const before =
    runtime?.kind === 'open' ? 'open until the next reload' : 'closed after the next reload';
  const isLater = firewall.runtime.zones.every(({ name }) => name !== later);
  return [...closed, { zone: later, to, before, isLater }];
}

const zoneOf = (verdict: Verdict | undefined): string | undefined =>
  verdict?.kind === 'closed' ? verdict.zone : undefined;

const attributeOf = ({ zone, to, before }: ClosedZone): AttributeChange => ({
  name: `${zone} ${to.port}/tcp from ${to.source}`,
  before,
  after: 'open',
});

const actionOf = ({ zone, to, isLater }: ClosedZone): Action => ({
  kind: 'script',
  script: 'open-firewalld',
  params: [zone, ruleFor(to.port, to.source), ...(isLater ? ['permanent'] : [])],
  timeoutMs: 60_000,
});
