/** One form for all ways to write an address: lower case, no final dot, IPv6 as short as it gets. */
export function normalAddress(address: string): string {
  const plain = address.toLowerCase().replace(/^\[(.*)\]$/, '$1');
  if (plain.includes(':')) {
    const url = `http://[${plain}]/`;
    return URL.canParse(url) ? new URL(url).hostname.slice(1, -1) : plain;
  }
  return plain.replace(/\.$/, '');
}

/** An address and port in one form, to compare where two things listen. */
export const endpoint = (address: string, port: number): string =>
  `${normalAddress(address)} ${port}`;

/** Whether an IP address lies in a network (`192.0.2.0/24`, `192.0.2.0/255.255.255.0`) or is the same address. */
export function isWithin(network: string, address: string): boolean {
  const [base = '', mask] = network.split('/');
  const [net, own] = [bitsOf(base), bitsOf(address)];
  const prefix = mask === undefined ? net?.length : prefixOf(mask);
  if (net === undefined || prefix === undefined || net.length !== own?.length) return false;
  return net.slice(0, prefix) === own.slice(0, prefix);
}

function prefixOf(mask: string): number | undefined {
  if (/^\d{1,3}$/.test(mask)) return Number(mask);
  const bits = bitsOf(mask);
  return bits === undefined ? undefined : bits.lastIndexOf('1') + 1;
}

/** An IP address as a string of binary digits; undefined: it is none. */
function bitsOf(address: string): string | undefined {
  const plain = normalAddress(address);
  if (/^\d+(\.\d+){3}$/.test(plain)) return digits(plain.split('.').map(Number), 8);
  if (!plain.includes(':')) return undefined;
  const [head = [], tail] = plain.split('::').map((half) => half.split(':').filter(Boolean));
  const missing = 8 - head.length - (tail?.length ?? 0);
  const groups = [...head, ...Array<string>(Math.max(0, missing)).fill('0'), ...(tail ?? [])];
  return digits(
    groups.map((group) => Number.parseInt(group, 16)),
    16,
  );
}

const digits = (numbers: readonly number[], width: number): string =>
  numbers.map((number) => number.toString(2).padStart(width, '0')).join('');
