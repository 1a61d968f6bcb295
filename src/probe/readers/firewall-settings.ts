import type {
  DirectRule,
  FirewallPolicy,
  FirewallService,
  ZoneRules,
} from '../../model/firewall.ts';

/** What `busctl --json=short` prints: a signature and the values. */
interface Reply {
  readonly data: readonly unknown[];
}

/** Of which nothing was printed. */
export const NO_RULES: ZoneRules = { target: 'unknown', ports: [], services: [], richRules: [] };

/** The values that a method returned; none where it failed. */
export function reply(text: string): readonly unknown[] {
  try {
    return list((JSON.parse(text) as Partial<Reply>).data);
  } catch {
    return [];
  }
}

/** The value of a property; undefined: it was not printed. */
export function property(text: string): unknown {
  try {
    return (JSON.parse(text) as Partial<Reply>).data;
  } catch {
    return undefined;
  }
}

export const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

export const strings = (value: unknown): string[] =>
  list(value).filter((entry) => typeof entry === 'string');

export const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};

/** Looks up a setting; undefined: nothing was printed. */
export type Settings = (key: string) => unknown;

/** The settings (`a{sv}`) that a method returned; undefined: none. */
export function settingsIn(text: string): Settings | undefined {
  const all = record(reply(text)[0]);
  return Object.keys(all).length === 0
    ? undefined
    : (key) => (Object.hasOwn(all, key) ? record(all[key])['data'] : undefined);
}

const pairs = (value: unknown): readonly string[] =>
  list(value).map((pair) => strings(pair).slice(0, 2).join('/'));

const whole = (value: unknown): number => (Number.isSafeInteger(value) ? Number(value) : 0);

/** What a zone or policy lets in; `rules_str` in zones, `rich_rules` in policies and newer zones (firewalld.dbus(5)). */
export function rulesIn(value: Settings | undefined): ZoneRules {
  if (value === undefined) return NO_RULES;
  const target = value('target');
  const protocols = strings(value('protocols'));
  const sourcePorts = pairs(value('source_ports'));
  const forwardPorts = list(value('forward_ports')).flatMap(forwardOf);
  return {
    target: typeof target === 'string' ? target : 'default',
    ports: pairs(value('ports')),
    services: strings(value('services')),
    ...(protocols.length === 0 ? {} : { protocols }),
    ...(sourcePorts.length === 0 ? {} : { sourcePorts }),
    ...(forwardPorts.length === 0 ? {} : { forwardPorts }),
    richRules: strings(value('rules_str')).concat(strings(value('rich_rules'))),
  };
}

/** A port that is redirected to itself is not redirected. */
function forwardOf(value: unknown): readonly string[] {
  const [port = '', protocol = '', toPort = '', toAddress = ''] = strings(value);
  if (toAddress === '' && toPort === port) return [];
  const to = [toPort && `port ${toPort}`, toAddress && `of ${toAddress}`].filter(Boolean).join(' ');
  return [`${port}/${protocol} to ${to}`];
}

/** The priority of a zone, for connections that come in. */
export const zonePriority = (value: Settings | undefined): number =>
  whole(value?.('ingress_priority'));

/** A policy; one that is disabled (firewalld 2.5) is none. One of which nothing was printed may be for everybody. */
export function policyIn(name: string, text: string): readonly FirewallPolicy[] {
  const value = settingsIn(text);
  if (value?.('disable') === true) return [];
  const egressZones = value === undefined ? ['HOST'] : strings(value('egress_zones'));
  const ingressZones = value === undefined ? ['ANY'] : strings(value('ingress_zones'));
  const priority = value === undefined ? -1 : whole(value('priority'));
  return [{ name, priority, ingressZones, egressZones, rules: rulesIn(value) }];
}

/** A service; undefined: its settings were not printed. */
export function serviceIn(text: string): FirewallService | undefined {
  const value = settingsIn(text);
  if (value === undefined) return undefined;
  const sourcePorts = pairs(value('source_ports'));
  return {
    ports: pairs(value('ports')),
    protocols: strings(value('protocols')),
    ...(sourcePorts.length === 0 ? {} : { sourcePorts }),
    includes: strings(value('includes')),
    isBound: Object.keys(record(value('destination'))).length > 0,
  };
}

/**
 * The entries of a set of addresses. Undefined: nothing was printed; it is of another type; or its entries go by themselves,
 * and firewalld has none of them (option `timeout`). `(ssssa{ss}as)`: version, name, description, type, options, entries.
 */
export function ipsetIn(text: string): readonly string[] | undefined {
  const [, , , type, options, entries] = list(reply(text)[0]);
  const timeout = record(options)['timeout'] ?? '0';
  return (type === 'hash:ip' || type === 'hash:net') && timeout === '0'
    ? strings(entries)
    : undefined;
}

/** Direct rules `a(sssias)`, by priority as firewalld has them in their chains, and those that are passed through `a(sas)`. */
export function directRulesIn(rules: unknown, passthroughs: unknown): readonly DirectRule[] {
  const ruled = list(rules).map((value) => {
    const [ipv, table, chain, priority, args] = list(value);
    return { ipv, table, chain, priority: whole(priority), args: strings(args) };
  });
  return [
    ...ruled
      .sort((one, other) => one.priority - other.priority)
      .map(({ ipv, table, chain, priority, args }) => ({
        ipv: String(ipv),
        table: String(table),
        chain: String(chain),
        args,
        text: `direct rule ${[ipv, table, chain, priority, ...args].join(' ')}`,
      })),
    ...list(passthroughs).map((value) => {
      const [ipv, words] = list(value);
      const args = strings(words);
      return {
        ipv: String(ipv),
        table: '',
        chain: '',
        args,
        text: `direct passthrough ${[ipv, ...args].join(' ')}`,
      };
    }),
  ];
}
