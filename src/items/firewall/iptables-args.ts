import {
  coversPort,
  coversSourcePort,
  every,
  isAt,
  isTcp,
  some,
  unless,
  when,
  type Connection,
  type Match,
} from './matching.ts';

/** A rule of iptables(8), as far as it decides on a new connection. */
export interface IptablesRule {
  /** Undefined: not given. */
  readonly table: string | undefined;
  /** `-A`, `-I` or another one that passthrough rules begin with, and its chain. */
  readonly command: string | undefined;
  readonly chain: string | undefined;
  readonly match: Match;
  /** Undefined: it only counts packets. */
  readonly target: string | undefined;
}

type Condition = (value: string, connection: Connection) => Match;

const lists =
  (condition: Condition): Condition =>
  (value, connection) =>
    some(...value.split(',').map((one) => condition(one, connection)));

const port: Condition = (value, to) => when(coversPort(`${value}/tcp`, to.port));
const sourcePort: Condition = (value) => coversSourcePort(`${value}/tcp`);
const state: Condition = (value) => when(value.split(',').includes('NEW'));
const source = lists((value, to) => isAt(value, to.source));
const destination = lists((value, to) => isAt(value, to.server));
const protocol: Condition = (value) =>
  when(isTcp(value.toLowerCase()) || value === 'all' || value === '0');
/** The interface that a connection comes in by is not known; by the loopback interface comes none. */
const inputInterface: Condition = (value) => (value === 'lo' ? 'no' : 'maybe');
const outputInterface: Condition = () => 'no';
const either: Condition = (value, to) => some(port(value, to), sourcePort(value, to));

/** What the options of iptables(8) and iptables-extensions(8) that are understood say, by their names. */
const CONDITIONS: Readonly<Record<string, Condition>> = {
  '-s': source,
  '--src': source,
  '--source': source,
  '-d': destination,
  '--dst': destination,
  '--destination': destination,
  '-p': protocol,
  '--proto': protocol,
  '--protocol': protocol,
  '-i': inputInterface,
  '--in-interface': inputInterface,
  '-o': outputInterface,
  '--out-interface': outputInterface,
  '--dport': port,
  '--destination-port': port,
  '--dports': lists(port),
  '--destination-ports': lists(port),
  '--sport': sourcePort,
  '--source-port': sourcePort,
  '--sports': lists(sourcePort),
  '--source-ports': lists(sourcePort),
  '--ports': lists(either),
  '--state': state,
  '--ctstate': state,
};

/** Their value does not affect which packets a rule is for. */
const ASIDE: readonly string[] = [
  '--comment',
  '--reject-with',
  '--log-prefix',
  '--log-level',
  '--nflog-prefix',
  '--nflog-group',
  '-w',
  '--wait',
  '-c',
  '--set-counters',
];
const FLAGS: readonly string[] = ['-4', '-6', '--ipv4', '--ipv6'];
const TARGETS: readonly string[] = ['-j', '--jump', '-g', '--goto'];
/** Modules whose options are all above. */
const MODULES: readonly string[] = ['tcp', 'comment', 'multiport', 'state', 'conntrack'];
const COMMANDS: Readonly<Record<string, string>> = {
  '--append': '-A',
  '--insert': '-I',
  '--policy': '-P',
  '--new-chain': '-N',
};

interface Reading {
  readonly connection: Connection;
  table: string | undefined;
  command: string | undefined;
  chain: string | undefined;
  target: string | undefined;
  readonly matches: Match[];
}

/** Reads the arguments of a rule; an option that is not understood leaves open whether the rule is for the connection. */
export function readIptables(args: readonly string[], connection: Connection): IptablesRule {
  const reading: Reading = {
    connection,
    matches: [],
    table: undefined,
    command: undefined,
    chain: undefined,
    target: undefined,
  };
  let isInverted = false;
  const words = args.flatMap((arg) => /^(--[\w-]+)=(.*)$/s.exec(arg)?.slice(1) ?? [arg]);
  for (let at = 0; at < words.length; at += 1) {
    const option = words[at] ?? '';
    if (option === '!') {
      isInverted = !isInverted;
      continue;
    }
    at += readOption(reading, option, words.slice(at + 1, at + 4), isInverted);
    isInverted = false;
  }
  const { table, command, chain, target, matches } = reading;
  return { table, command, chain, target, match: every(...matches) };
}

/** How many of the words after an option belong to it. */
function readOption(
  reading: Reading,
  option: string,
  [next = '', ...more]: readonly string[],
  isInvertedBefore: boolean,
): number {
  if (FLAGS.includes(option)) return 0;
  if (option === '--syn') {
    reading.matches.push(when(!isInvertedBefore));
    return 0;
  }
  // `-s ! 192.0.2.1`, as it was written once.
  const isInvertedInside = next === '!';
  const operand = {
    value: isInvertedInside ? (more[0] ?? '') : next,
    isInverted: isInvertedBefore !== isInvertedInside,
    used: isInvertedInside ? 2 : 1,
    second: more[0] ?? '',
  };
  return readPlain(reading, option, operand.value)
    ? operand.used
    : readMatch(reading, option, operand);
}

/** What of an option affects where a rule stands or what it does; false: it is another one. */
function readPlain(reading: Reading, option: string, value: string): boolean {
  if (TARGETS.includes(option)) reading.target = value;
  else if (option === '-t' || option === '--table') reading.table = value;
  else if (option === '-m' || option === '--match') {
    if (!MODULES.includes(value)) reading.matches.push('maybe');
  } else return ASIDE.includes(option);
  return true;
}

interface Operand {
  readonly value: string;
  readonly isInverted: boolean;
  readonly used: number;
  readonly second: string;
}

function readMatch(
  reading: Reading,
  option: string,
  { value, isInverted, used, second }: Operand,
): number {
  const command = COMMANDS[option] ?? (/^-[AIPNDFXRZEC]$/.test(option) ? option : undefined);
  if (command !== undefined) {
    reading.command = command;
    reading.chain = value;
    if (command === '-P') reading.target = second;
    return command === '-P' || (command === '-I' && /^\d+$/.test(second)) ? used + 1 : used;
  }
  const condition = Object.hasOwn(CONDITIONS, option) ? CONDITIONS[option] : undefined;
  if (condition === undefined) {
    reading.matches.push('maybe');
    return 0;
  }
  reading.matches.push(unless(condition(value, reading.connection), isInverted));
  return used;
}
