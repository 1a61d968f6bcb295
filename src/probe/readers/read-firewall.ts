import type { FirewallFacts, FirewallState, FirewallZone } from '../../model/firewall.ts';
import { normalAddress } from '../../support/values/address.ts';
import {
  directRulesIn,
  ipsetIn,
  list,
  policyIn,
  property,
  record,
  reply,
  rulesIn,
  serviceIn,
  settingsIn,
  strings,
  zonePriority,
} from './firewall-settings.ts';
import { tooMany } from './sections.ts';

/** Each zone is queried separately; a host with more has something else to do than this. */
const MAX_ZONES = 500;

/** What stands behind the words that a line begins with: `runtime public` of `runtime public {...}`. */
interface Answers {
  /** Of a line; empty: it was not printed. */
  readonly of: (words: string) => string;
  /** What was printed of each thing of a kind, by its name. */
  readonly all: (kind: string) => ReadonlyMap<string, string>;
}

/** Reads firewalld's answers over D-Bus (firewalld.dbus(5)); no lines: no firewalld is running. */
export function readFirewall(host: string, lines: readonly string[]): FirewallFacts {
  if (lines[0] !== 'active') return { kind: 'none' };
  const answers = answersIn(lines);
  const active = record(reply(answers.of('zones'))[0]);
  const count = Math.max(Object.keys(active).length, answers.all('permanent').size);
  if (count > MAX_ZONES) throw tooMany(host, 'active firewalld zones', MAX_ZONES);
  const devices = lines.flatMap(deviceIn);
  const isIptables = property(answers.of('backend')) === 'iptables' ? { isIptables: true } : {};
  return {
    kind: 'firewalld',
    runtime: { ...runtimeOf(answers, active, devices), ...isIptables },
    permanent: { ...permanentOf(answers, active, devices), ...isIptables },
    ...(reply(answers.of('panic'))[0] === true ? { isPanicking: true } : {}),
  };
}

type Active = Readonly<Record<string, unknown>>;
type Device = readonly [device: string, address: string];

/** The default zone takes what belongs to no other; before firewalld 2.0 it is not called active then. */
function runtimeOf(answers: Answers, active: Active, devices: readonly Device[]): FirewallState {
  const defaultZone = reply(answers.of('default'))[0];
  const reported = answers.all('runtime');
  const isReported = typeof defaultZone === 'string' && reported.has(defaultZone);
  const names = new Set([...Object.keys(active), ...(isReported ? [defaultZone] : [])]);
  const bindings = [...names].map(
    (name) => [name, strings(record(active[name])['interfaces'])] as const,
  );
  return {
    zones: [...names].map((name) =>
      zoneOf(name, {
        isDefault: name === defaultZone,
        sources: strings(record(active[name])['sources']),
        text: reported.get(name) ?? '',
      }),
    ),
    zoneOf: zonesOfAddresses(devices, bindings),
    ...shared(answers, ''),
  };
}

/**
 * After a reload zones have the sources that they are given in their files. Interfaces come from there as well; those that
 * NetworkManager has bound, or that are kept because the rules are not flushed, stay where they are (`reload` in
 * firewall/core/fw.py; FlushAllOnReload in firewalld.conf(5)).
 */
function permanentOf(answers: Answers, active: Active, devices: readonly Device[]): FirewallState {
  const current = reply(answers.of('default'))[0];
  const next = property(answers.of('next-default'));
  const defaultZone = typeof next === 'string' ? next : current;
  const keepsInterfaces =
    answers.of('networkmanager') === 'yes' || property(answers.of('flushes')) === 'no';
  const zones = [...answers.all('permanent')].map(([name, text]) => {
    const settings = settingsIn(text);
    const isStaying = keepsInterfaces && name !== current;
    const own = strings(settings?.('interfaces'));
    const bound = isStaying ? strings(record(active[name])['interfaces']) : [];
    return { name, text, sources: strings(settings?.('sources')), interfaces: [...bound, ...own] };
  });
  return {
    zones: zones.map(({ name, text, sources }) =>
      zoneOf(name, { isDefault: name === defaultZone, sources, text }),
    ),
    zoneOf: zonesOfAddresses(
      devices,
      zones.map(({ name, interfaces }) => [name, interfaces] as const),
    ),
    ...shared(answers, 'permanent-'),
  };
}

function zoneOf(
  name: string,
  {
    isDefault,
    sources,
    text,
  }: { readonly isDefault: boolean; readonly sources: readonly string[]; readonly text: string },
): FirewallZone {
  const settings = settingsIn(text);
  const priority = zonePriority(settings);
  return {
    name,
    isDefault,
    sources,
    ...(priority === 0 ? {} : { priority }),
    rules: rulesIn(settings),
  };
}

/** Services and sets are queried in the permanent configuration only where files of the operator's can make it differ. */
function shared(
  answers: Answers,
  when: '' | 'permanent-',
): Omit<FirewallState, 'zones' | 'zoneOf'> {
  const policies = [...answers.all(`${when}policy`)].flatMap(([name, text]) =>
    policyIn(name, text),
  );
  const direct =
    when === ''
      ? directRulesIn(reply(answers.of('direct'))[0], reply(answers.of('passthroughs'))[0])
      : directRulesIn(...permanentDirect(reply(answers.of('permanent-direct'))[0]));
  return {
    ...named('services', merged(answers, 'service', when), serviceIn),
    ...named('ipsets', merged(answers, 'ipset', when), ipsetIn),
    ...(policies.length === 0 ? {} : { policies }),
    ...(direct.length === 0 ? {} : { direct }),
  };
}

/** Chains, rules, passthroughs. */
const permanentDirect = (value: unknown): [rules: unknown, passthroughs: unknown] => {
  const [, rules, passthroughs] = list(value);
  return [rules, passthroughs];
};

const merged = (
  { all }: Answers,
  kind: 'service' | 'ipset',
  when: '' | 'permanent-',
): ReadonlyMap<string, string> =>
  new Map([...all(kind), ...(when === '' ? [] : all(`permanent-${kind}`))]);

/** What was reported of each thing of a kind, by its name; nothing where none is reported. */
function named<Key extends string, Value>(
  key: Key,
  answers: ReadonlyMap<string, string>,
  read: (text: string) => Value | undefined,
): Partial<Record<Key, Readonly<Record<string, Value>>>> {
  const found = [...answers].flatMap(([name, text]): readonly (readonly [string, Value])[] => {
    const value = read(text);
    return value === undefined ? [] : [[name, value]];
  });
  return found.length === 0
    ? {}
    : ({ [key]: Object.fromEntries(found) } as Record<Key, Readonly<Record<string, Value>>>);
}

const KINDS = '(?:runtime|(?:permanent-)?(?:policy|service|ipset)|permanent)';
const LINE = new RegExp(
  `^(?:(${KINDS}) (\\S+)|(default|next-default|backend|flushes|zones|panic|direct|passthroughs|permanent-direct|networkmanager)) (.*)$`,
);

/** The first of several lines counts. */
function answersIn(lines: readonly string[]): Answers {
  const single = new Map<string, string>();
  const kinds = new Map<string, Map<string, string>>();
  for (const line of lines) {
    const [, kind, name = '', word, rest = ''] = LINE.exec(line) ?? [];
    const answers = kind === undefined ? single : (kinds.get(kind) ?? new Map<string, string>());
    if (kind !== undefined) kinds.set(kind, answers);
    const key = kind === undefined ? word : name;
    if (key !== undefined && !answers.has(key)) answers.set(key, rest);
  }
  return { of: (words) => single.get(words) ?? '', all: (kind) => kinds.get(kind) ?? new Map() };
}

function deviceIn(line: string): readonly Device[] {
  const [word, device = '', address = ''] = line.split(' ', 3);
  return word === 'address' ? [[device, normalAddress(address.split('/')[0] ?? '')]] : [];
}

/** An interface of a zone may end with `+`, which stands for whatever follows. */
function zonesOfAddresses(
  devices: readonly Device[],
  bindings: readonly (readonly [name: string, interfaces: readonly string[]])[],
): Readonly<Record<string, string>> {
  const exact = new Map<string, string>();
  const beginnings: (readonly [string, string])[] = [];
  for (const [name, interfaces] of bindings) {
    for (const device of interfaces) {
      if (device.endsWith('+')) beginnings.push([device.slice(0, -1), name]);
      else if (!exact.has(device)) exact.set(device, name);
    }
  }
  const found = devices.flatMap(([device, address]) => {
    const zone =
      exact.get(device) ?? beginnings.find(([beginning]) => device.startsWith(beginning))?.[1];
    return zone === undefined ? [] : [[address, zone] as const];
  });
  return Object.fromEntries(found);
}
