import { normalAddress } from '../spec/address.ts';
import type { FirewallFacts, FirewallZone, ZoneRules } from '../plan/facts.ts';

/** What `busctl --json=short` prints: a signature and the values. */
interface Reply {
  readonly data: readonly unknown[];
}

const NO_RULES: ZoneRules = { target: 'unknown', ports: [], services: [], richRules: [] };

/** Reads firewalld's answers over D-Bus (firewalld.dbus(5)); no lines: no firewalld is running. */
export function readFirewall(lines: readonly string[]): FirewallFacts {
  if (lines[0] !== 'active') return { kind: 'none' };
  const rest = (prefix: string): string =>
    lines.find((line) => line.startsWith(`${prefix} `))?.slice(prefix.length + 1) ?? '';
  const defaultZone = reply(rest('default'))[0];
  const active = record(reply(rest('zones'))[0]);
  const zones = Object.keys(active).map((name): FirewallZone => ({
    name,
    isDefault: name === defaultZone,
    sources: strings(record(active[name])['sources']),
    runtime: rules(rest(`runtime ${name}`)),
    permanent: rules(rest(`permanent ${name}`)),
  }));
  const zoneOf = lines.flatMap((line) => {
    const [word, device = '', address = ''] = line.split(' ');
    const zone = Object.keys(active).find((name) =>
      strings(record(active[name])['interfaces']).includes(device),
    );
    return word !== 'address' || zone === undefined
      ? []
      : [[normalAddress(address.split('/')[0] ?? ''), zone] as const];
  });
  return { kind: 'firewalld', zones, zoneOf: Object.fromEntries(zoneOf) };
}

function rules(text: string): ZoneRules {
  const settings = record(reply(text)[0]);
  const value = (key: string): unknown => record(settings[key])['data'];
  const target = value('target');
  return Object.keys(settings).length === 0
    ? NO_RULES
    : {
        target: typeof target === 'string' ? target : 'default',
        ports: list(value('ports')).map((pair) => strings(pair).join('/')),
        services: strings(value('services')),
        richRules: strings(value('rules_str')).concat(strings(value('rich_rules'))),
      };
}

function reply(text: string): readonly unknown[] {
  try {
    return list((JSON.parse(text) as Partial<Reply>).data);
  } catch {
    return [];
  }
}

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const strings = (value: unknown): string[] =>
  list(value).filter((entry) => typeof entry === 'string');

const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
