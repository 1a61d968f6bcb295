import { OutriggerError } from '../../../support/errors.ts';
import { printable } from '../../../support/text/printable.ts';

/** A jump host as it is named: undefined is for ssh_config to say. */
export interface Jump {
  readonly host: string;
  readonly port: number | undefined;
  readonly user: string | undefined;
}

/** `[ssh://][user@]host[:port]`, an IPv6 address in brackets (ssh_config(5), ProxyJump). */
const JUMP =
  /^(?:ssh:\/\/)?(?:([^@\s]+)@)?(?:\[([0-9A-Fa-f:.%\w-]+)\]|([^\s:@[\]]+))(?::(\d{1,5}))?$/;

/** The jump hosts on the way to `host`, in the order of the way; none for `none`. */
export function parseJumps(text: string, host: string): readonly Jump[] {
  if (text.trim().toLowerCase() === 'none') return [];
  return text.split(',').map((part) => {
    const [whole, user, address, name, port] = JUMP.exec(part.trim()) ?? [];
    if (whole !== undefined && isPort(port)) {
      return { host: address ?? name ?? '', user, port: port === undefined ? port : Number(port) };
    }
    throw new OutriggerError(
      'INPUT_INVALID',
      `\`${printable(part)}\`, in the path to ${printable(host)}, is not a jump host`,
      {
        hint: 'a jump host is `[user@]host[:port]`, an IPv6 address in brackets; several are separated by commas',
      },
    );
  });
}

const isPort = (text: string | undefined): boolean =>
  text === undefined || (Number(text) >= 1 && Number(text) <= 65_535);
