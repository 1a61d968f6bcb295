/** Why a text is no address, and what one looks like. */
export interface AddressFault {
  readonly message: string;
  readonly expected: string;
}

/** One of the four numbers of an IPv4 address. */
const OCTET = /^(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)$/;

/** `[address]:port` and `name:port`. */
const WITH_PORT = /^(?:\[.*\]|[^:]+):\d+$/;

/**
 * What is wrong with an address; undefined: nothing that can be seen. Numbers alone are an address, never a name: no resolver
 * would find `10.0.1.300`, and some read `010` as octal, and `999` as 0.0.3.231 (inet_aton(3)).
 */
export function addressFault(address: string): AddressFault | undefined {
  if (WITH_PORT.test(address)) {
    return {
      message: `\`${address}\` is an address and a port`,
      expected:
        'the address only: use `port` for the port of pacemaker_remote, and `port` in `connection` for SSH',
    };
  }
  if (address.includes(':')) {
    return isIPv6(address)
      ? undefined
      : {
          message: `\`${address}\` is not an IPv6 address`,
          expected: 'an address such as `2001:db8::21`',
        };
  }
  const labels = address.replace(/\.$/, '').split('.');
  if (labels.includes('')) {
    return {
      message: `\`${address}\` is not a host name`,
      expected: 'a host name or an IP address, without empty labels',
    };
  }
  const isNumeric = labels.every((label) => /^\d+$/.test(label));
  if (!isNumeric || (labels.length === 4 && labels.every((label) => OCTET.test(label))))
    return undefined;
  return {
    message: `\`${address}\` is not an IPv4 address`,
    expected: 'four numbers from 0 to 255 without leading zeros',
  };
}

/** With a zone (`fe80::1%eth0`) or without. */
const isIPv6 = (address: string): boolean =>
  URL.canParse(`http://[${address.replace(/^\[(.*)\]$/, '$1').replace(/%[\w.-]+$/, '')}]/`);
