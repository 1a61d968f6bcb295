import type { FirewallState } from '../../model/firewall.ts';
import { isWithin, normalAddress } from '../../support/values/address.ts';

/** A new TCP connection from a cluster node to the daemon. */
export interface Connection {
  readonly source: string;
  /** Where the cluster connects to: an address, or a name, which no rule for an address can be held against. */
  readonly server: string;
  readonly port: number;
}

/** Whether a rule is for a connection; `maybe`: that depends on what is not known of the connection. */
export type Match = 'yes' | 'maybe' | 'no';

/** A condition that can be decided. */
export const when = (isSo: boolean): Match => (isSo ? 'yes' : 'no');

/** All of several conditions. */
export function every(...matches: readonly Match[]): Match {
  if (matches.includes('no')) return 'no';
  return matches.includes('maybe') ? 'maybe' : 'yes';
}

/** At least one of several conditions. */
export function some(...matches: readonly Match[]): Match {
  if (matches.includes('yes')) return 'yes';
  return matches.includes('maybe') ? 'maybe' : 'no';
}

const OPPOSITE = { yes: 'no', maybe: 'maybe', no: 'yes' } as const;

/** The opposite, where a condition is inverted. */
export const unless = (match: Match, isInverted: boolean): Match =>
  isInverted ? OPPOSITE[match] : match;

/** The family of an address, in firewalld's word. */
export const familyOf = (address: string): 'ipv4' | 'ipv6' =>
  address.includes(':') ? 'ipv6' : 'ipv4';

/** `tcp`, by its name or its number. */
export const isTcp = (protocol: string): boolean => protocol === 'tcp' || protocol === '6';

/** Whether `3121/tcp` or `3000-4000/tcp` covers a TCP port. */
export function coversPort(entry: string, port: number): boolean {
  const [range = '', protocol = ''] = entry.split('/');
  const [first = '', last = first] = range.split(/[-:]/);
  return isTcp(protocol) && Number(first) <= port && port <= Number(last);
}

// Linux gives connections a port from ip_local_port_range, which never goes below 1024 by itself (net/ipv4/af_inet.c).
const FIRST_EPHEMERAL = 1024;
const LAST_PORT = 65_535;

/** Whether the port at the cluster node's end, which is known only when it connects, is among those of an entry. */
export function coversSourcePort(entry: string): Match {
  const [range = '', protocol = ''] = entry.split('/');
  const [first = '', last = first] = range.split(/[-:]/);
  if (!isTcp(protocol) || Number(last) < FIRST_EPHEMERAL) return 'no';
  return Number(first) <= FIRST_EPHEMERAL && Number(last) >= LAST_PORT ? 'yes' : 'maybe';
}

const HARDWARE = /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i;
const NETWORK =
  /^(\d+(\.\d+){3}(-\d+(\.\d+){3})?|[0-9a-f.]*:[0-9a-f:.]*)(\/(\d+|\d+(\.\d+){3}))?$/i;
const SINGLE = /^(\d+(\.\d+){3}|[0-9a-f.]*:[0-9a-f:.]*)$/i;

/** Whether an address is, or is in, `192.0.2.1`, `192.0.2.0/24`, `192.0.2.1-192.0.2.9`, or a hardware address. */
export function isAt(place: string, address: string): Match {
  if (HARDWARE.test(place) || !NETWORK.test(place) || !SINGLE.test(address)) return 'maybe';
  const [first = '', last] = place.split('-');
  if (last === undefined) return when(isWithin(place, address));
  const [low, high, own] = [first, last, address].map(numberOf);
  return when(
    low !== undefined && high !== undefined && own !== undefined && low <= own && own <= high,
  );
}

const numberOf = (address: string): number | undefined =>
  /^\d+(\.\d+){3}$/.test(address)
    ? address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
    : undefined;

/** What is in a set, so that ten thousand addresses are not compared one by one for each cluster node. */
interface IndexedSet {
  readonly addresses: ReadonlySet<string>;
  readonly others: readonly string[];
}

const INDEXES = new WeakMap<readonly string[], IndexedSet>();

function indexOf(entries: readonly string[]): IndexedSet {
  const known = INDEXES.get(entries);
  if (known !== undefined) return known;
  const isAddress = (entry: string): boolean => SINGLE.test(entry) && !HARDWARE.test(entry);
  const index = {
    addresses: new Set(entries.filter(isAddress).map(normalAddress)),
    others: entries.filter((entry) => !isAddress(entry)),
  };
  INDEXES.set(entries, index);
  return index;
}

/** Whether an address is in a set; one whose entries are not known, or are no addresses, is not understood. */
export function isInSet({ ipsets }: FirewallState, name: string, address: string): Match {
  const entries = ipsets === undefined ? undefined : ownEntry(ipsets, name);
  if (entries === undefined || !SINGLE.test(address)) return 'maybe';
  const { addresses, others } = indexOf(entries);
  return addresses.has(normalAddress(address))
    ? 'yes'
    : others.reduce<Match>((found, entry) => some(found, isAt(entry, address)), 'no');
}

/** Names come from hosts: `constructor` is none of a record's own. */
export const ownEntry = <Value>(
  record: Readonly<Record<string, Value>>,
  name: string,
): Value | undefined => (Object.hasOwn(record, name) ? record[name] : undefined);
