import { DEFAULT_PORT } from '../../pacemaker/basics/names.ts';
import type {
  FirewallPolicy,
  FirewallService,
  FirewallState,
  ZoneRules,
} from '../../model/firewall.ts';
import { directSteps } from './direct-rules.ts';
import {
  coversPort,
  coversSourcePort,
  every,
  familyOf,
  isAt,
  isInSet,
  isTcp,
  ownEntry,
  some,
  unless,
  when,
  type Connection,
  type Match,
} from './matching.ts';
import { parseRichRule, type Matched, type RichRule } from './rich-rule.ts';
import { settle, type Step, type Verdict } from './steps.ts';
import { zonesFor, type PossibleZone } from './zones.ts';

const OPEN: Verdict = { kind: 'open' };

// firewalld's own service definition: 2224, 3121, 5403, 9929, 21064 and more (config/services/high-availability.xml).
const KNOWN_SERVICES: Readonly<Record<string, FirewallService>> = {
  'high-availability': {
    ports: [`${DEFAULT_PORT}/tcp`],
    protocols: [],
    includes: [],
    isBound: false,
  },
};

/** What firewalld does with a connection; undefined: its zones are not known. */
export function verdictOf(state: FirewallState, connection: Connection): Verdict | undefined {
  const zones = zonesFor(state, connection);
  if (zones.length === 0) return undefined;
  return settle([
    ...directSteps(state, connection),
    ...zones.map((possible): Step => {
      const { zone, match, boundBy } = possible;
      const by = boundBy === undefined ? `zone ${zone.name}` : `zone ${zone.name} (${boundBy})`;
      const verdict = settle(stepsThrough(state, possible, connection));
      return { match, by, verdict: verdict ?? { kind: 'unclear', by } };
    }),
  ]);
}

/**
 * What a connection meets that belongs to a zone: redirections, policies of a priority below 0, the zone's rules, policies of a
 * priority above 0, the zone's target (firewalld.policies(5), firewalld.policy(5); `build_policy_ingress_egress_pair_rules` in
 * firewall/core/nftables.py of firewalld 2.3.1, `build_policy_chain_rules` in that of 1.3.4). What is redirected (nat
 * PREROUTING) gets past all of them (`ct status dnat accept`, `_build_default_rules_dnat`).
 */
function* stepsThrough(
  state: FirewallState,
  { zone, boundBy }: PossibleZone,
  connection: Connection,
): Generator<Step> {
  const { name, rules } = zone;
  const policies = (state.policies ?? [])
    .filter(({ ingressZones: from }) => from.includes('ANY') || from.includes(name))
    .sort((one, other) => one.priority - other.priority);
  const closed: Verdict = { kind: 'closed', zone: name };
  for (const policy of policies)
    yield* redirections({ state, rules: policy.rules, connection, of: `policy ${policy.name}: ` });
  yield* redirections({ state, rules, connection, of: '' });
  const onHost = policies.filter(({ egressZones }) => egressZones.includes('HOST'));
  for (const policy of onHost.filter(({ priority }) => priority < 0))
    yield* stepsOfPolicy(state, policy, connection, undefined);
  yield* stepsIn({ state, rules, connection, of: '' }, closed);
  for (const policy of onHost.filter(({ priority }) => priority >= 0))
    yield* stepsOfPolicy(state, policy, connection, closed);
  yield { match: 'yes', by: `zone ${name}`, verdict: targetOf(zone, boundBy, closed) };
}

/**
 * A zone that opens nothing and that somebody has bound to the source keeps it out on purpose: that is how addresses are
 * banned (`firewall-cmd --zone=drop --add-source=...`).
 */
function targetOf(
  { name, rules }: PossibleZone['zone'],
  boundBy: string | undefined,
  closed: Verdict,
): Verdict {
  const { target } = rules;
  if (target === 'ACCEPT') return OPEN;
  if (target === 'unknown') return { kind: 'unclear', by: `zone ${name}: its settings` };
  const isEmpty = [rules.ports, rules.services, rules.protocols, rules.sourcePorts, rules.richRules]
    .map((list) => list?.length ?? 0)
    .every((length) => length === 0);
  return boundBy !== undefined && isEmpty && target !== 'default'
    ? { kind: 'denied', by: `zone ${name} (target ${target}), to which ${boundBy} is bound` }
    : closed;
}

/** After the zone (`closed`) a policy that denies whatever is left is like the zone's target: a rule in the zone comes before it. */
function* stepsOfPolicy(
  state: FirewallState,
  { name, rules }: FirewallPolicy,
  connection: Connection,
  closed: Verdict | undefined,
): Generator<Step> {
  const { target } = rules;
  const of = `policy ${name}: `;
  yield* stepsIn({ state, rules, connection, of }, closed);
  const by = `${of}target ${target}`;
  if (target === 'unknown') yield { match: 'maybe', by, verdict: { kind: 'unclear', by } };
  else if (target === 'ACCEPT') yield { match: 'yes', by, verdict: OPEN };
  else if (target !== 'CONTINUE' && target !== 'default')
    yield { match: 'yes', by, verdict: closed ?? { kind: 'denied', by } };
}

/** Rules of a zone or policy, and the connection that they are held against. */
interface Evaluated {
  readonly state: FirewallState;
  readonly rules: ZoneRules;
  readonly connection: Connection;
  /** What stands before a rule where it is shown. */
  readonly of: string;
}

/**
 * Rich rules with a priority below 0, those that deny, those that accept with ports and services, rich rules with a priority
 * above 0 (firewalld.richlanguage(5); chains pre, deny, allow and post in firewall/core/nftables.py). A late rule that denies
 * whatever is left is like a target; against these sources in particular it is intended.
 */
function* stepsIn(evaluated: Evaluated, closed: Verdict | undefined): Generator<Step> {
  const { state, rules, connection, of } = evaluated;
  const rich = rules.richRules
    .map((text) => ({ text, rule: parseRichRule(text) }))
    .filter(({ rule }) => rule.action !== 'none')
    .sort((one, other) => orderOf(one.rule) - orderOf(other.rule));
  const stepOf = ({ text, rule }: (typeof rich)[number]): readonly Step[] => {
    const match = matchOf(state, rule, connection);
    const by = `${of}${text}`;
    const isLeft = closed !== undefined && rule.priority > 0 && rule.source === undefined;
    const denied = isLeft ? closed : { kind: 'denied' as const, by };
    return match === 'no' ? [] : [{ match, by, verdict: rule.action === 'accept' ? OPEN : denied }];
  };
  yield* rich.filter(({ rule }) => rule.priority <= 0).flatMap(stepOf);
  const opened = opens(state, rules, connection.port);
  if (opened !== 'no') yield { match: opened, by: `${of}ports and services`, verdict: OPEN };
  yield* rich.filter(({ rule }) => rule.priority > 0).flatMap(stepOf);
}

/** Among equal priorities a rule that denies comes first: for 0 that is firewalld's order, for others it is not known. */
const orderOf = ({ priority, action }: RichRule): number =>
  2 * priority + (action === 'deny' ? 0 : 1);

/** A port that is redirected does not lead to the daemon. */
function* redirections({ state, rules, connection, of }: Evaluated): Generator<Step> {
  for (const forward of rules.forwardPorts ?? []) {
    const by = `${of}forward-port ${forward}`;
    if (coversPort(forward.split(' ')[0] ?? '', connection.port))
      yield { match: 'yes', by, verdict: { kind: 'denied', by } };
  }
  for (const text of rules.richRules.filter((rule) => rule.includes('forward-port'))) {
    const match = isRedirected(state, parseRichRule(text), connection);
    const by = `${of}${text}`;
    if (match !== 'no') yield { match, by, verdict: { kind: 'denied', by } };
  }
}

function isRedirected(state: FirewallState, rule: RichRule, connection: Connection): Match {
  const { kind, attributes } = rule.element ?? { kind: '', attributes: {} };
  const { port } = connection;
  const isElsewhere = attributes['to-addr'] !== undefined || attributes['to-port'] !== String(port);
  return every(
    when(kind === 'forward-port' && isElsewhere && coversPort(entryOf(attributes), port)),
    placeOf(state, rule, connection),
  );
}

/** `3121/tcp` */
const entryOf = ({ port, protocol }: Readonly<Record<string, string>>): string =>
  `${port ?? ''}/${protocol ?? ''}`;

/** A rule that is limited to so many connections in a time is passed over for the others. */
const matchOf = (state: FirewallState, rule: RichRule, connection: Connection): Match =>
  every(
    placeOf(state, rule, connection),
    isFor(state, rule.element, connection.port),
    rule.isLimited ? 'maybe' : 'yes',
  );

const placeOf = (state: FirewallState, rule: RichRule, { source, server }: Connection): Match =>
  every(
    when(rule.family === undefined || rule.family === familyOf(source)),
    isIn(state, rule.source, source),
    isIn(state, rule.destination, server),
  );

/** A hardware address is not known of a cluster node: a rule with one is not understood. */
function isIn(state: FirewallState, matched: Matched | undefined, address: string): Match {
  if (matched === undefined) return 'yes';
  const { address: network, ipset } = matched.attributes;
  const match =
    network !== undefined
      ? isAt(network, address)
      : ipset === undefined
        ? 'maybe'
        : isInSet(state, ipset, address);
  return unless(match, matched.isInverted);
}

/** They say nothing of connections to the host. */
const NOT_FOR_HOSTS: readonly string[] = [
  'forward-port',
  'icmp-block',
  'icmp-type',
  'masquerade',
  'tcp-mss-clamp',
];

function isFor(state: FirewallState, element: RichRule['element'], port: number): Match {
  if (element === undefined) return 'yes';
  const { kind, attributes } = element;
  const entry = entryOf(attributes);
  switch (kind) {
    case 'port':
      return when(coversPort(entry, port));
    case 'source-port':
      return coversSourcePort(entry);
    case 'service':
      return serves(state, [attributes['name'] ?? ''], port);
    case 'protocol':
      return when(isTcp(attributes['value'] ?? ''));
    default:
      return NOT_FOR_HOSTS.includes(kind) ? 'no' : 'maybe';
  }
}

const opens = (state: FirewallState, rules: ZoneRules, port: number): Match =>
  some(
    when(rules.ports.some((entry) => coversPort(entry, port))),
    when((rules.protocols ?? []).some(isTcp)),
    ...(rules.sourcePorts ?? []).map(coversSourcePort),
    serves(state, rules.services, port),
  );

/** A service opens what it includes as well. One that is bound to a destination, multicast for instance, may be for another. */
function serves(state: FirewallState, names: readonly string[], port: number): Match {
  const seen = new Set(names);
  const matches: Match[] = [];
  for (const name of seen) {
    const service = ownEntry(state.services ?? {}, name) ?? ownEntry(KNOWN_SERVICES, name);
    for (const other of service?.includes ?? []) seen.add(other);
    matches.push(service === undefined ? 'maybe' : servesItself(service, port));
  }
  return some(...matches);
}

const servesItself = (service: FirewallService, port: number): Match =>
  every(
    service.isBound ? 'maybe' : 'yes',
    some(
      when(service.ports.some((entry) => coversPort(entry, port))),
      when(service.protocols.some(isTcp)),
      ...(service.sourcePorts ?? []).map(coversSourcePort),
    ),
  );
