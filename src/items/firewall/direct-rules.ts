import type { DirectRule, FirewallState } from '../../model/firewall.ts';
import { readIptables } from './iptables-args.ts';
import { every, familyOf, type Connection, type Match } from './matching.ts';
import type { Step } from './steps.ts';

/** The chains that a packet to the host passes, in the kernel's order (enum nf_ip_hook_priorities); those of bridges first. */
const CHAINS = [
  ['broute', 'BROUTING'],
  ['raw', 'PREROUTING'],
  ['mangle', 'PREROUTING'],
  ['nat', 'PREROUTING'],
  ['mangle', 'INPUT'],
  ['filter', 'INPUT'],
] as const;

/** Rules are followed through so many of the operator's own chains. */
const MAX_DEPTH = 8;
/** More rules than that are not evaluated: they come from hosts. */
const MAX_RULES = 10_000;

/** Targets that end the way of a packet; others, LOG for instance, let it go on (iptables-extensions(8)). */
const ENDS: Readonly<Record<string, 'accept' | 'deny'>> = {
  ACCEPT: 'accept',
  DROP: 'deny',
  REJECT: 'deny',
  TARPIT: 'deny',
  // It reaches something else than the daemon, or a program decides.
  DNAT: 'deny',
  REDIRECT: 'deny',
  TPROXY: 'deny',
  NFQUEUE: 'deny',
  QUEUE: 'deny',
};

/** Commands of passthrough rules that neither add a rule nor take one away. */
const HARMLESS: readonly string[] = ['-N', '-Z', '-C'];

/** A rule that is for the connection, or may be, and ends the way of its packet. */
interface End {
  readonly match: 'yes' | 'maybe';
  readonly end: 'accept' | 'deny';
  readonly by: string;
}

/** A rule at its place. */
interface PlacedRule {
  readonly key: string;
  readonly match: Match;
  readonly target: string | undefined;
  readonly by: string;
}

/**
 * What direct rules do with a connection. With nftables those that accept end their chain and nothing else, as firewalld's
 * own rules come after them; with iptables they are final (firewalld.direct(5), "Packet accept/drop precedence").
 */
export function directSteps(state: FirewallState, connection: Connection): readonly Step[] {
  const family = familyOf(connection.source);
  const rules = (state.direct ?? []).filter(({ ipv }) => ipv === family || ipv === 'eb');
  if (rules.length === 0) return [];
  if (rules.length > MAX_RULES) return [tooMany];
  const walk = { chains: byChain(rules, connection), left: { rules: MAX_RULES } };
  return CHAINS.flatMap(([table, chain]) => {
    const isFinal = state.isIptables === true && table === 'filter';
    return stepsOf(endsIn(walk, keyOf(table, chain), 'yes', 0), isFinal);
  });
}

const tooMany: Step = {
  match: 'maybe',
  verdict: { kind: 'denied', by: 'direct rules' },
  by: 'more direct rules than are evaluated',
};

/** A rule that may accept leaves it open whether the packet gets to those that stand after it. */
function stepsOf(ends: Iterable<End>, isFinal: boolean): readonly Step[] {
  const steps: Step[] = [];
  let mayHaveLeft = false;
  for (const { match, end, by } of ends) {
    if (end === 'deny')
      steps.push({ match: mayHaveLeft ? 'maybe' : match, verdict: { kind: 'denied', by }, by });
    else if (isFinal) steps.push({ match, verdict: { kind: 'open' }, by });
    else mayHaveLeft = true;
    if (match === 'yes') break;
  }
  return steps;
}

// With iptables the rules of a chain of the kernel's stand in one of firewalld's own, which may be named as well.
const keyOf = (table: string, chain: string): string => `${table} ${chain.replace(/_direct$/, '')}`;

function byChain(
  rules: readonly DirectRule[],
  connection: Connection,
): ReadonlyMap<string, readonly PlacedRule[]> {
  const chains = new Map<string, Record<Where, PlacedRule[]>>();
  for (const rule of rules) {
    const { placed, where } = placeOf(rule, connection);
    const chain = chains.get(placed.key) ?? { first: [], then: [], last: [] };
    chain[where].push(placed);
    chains.set(placed.key, chain);
  }
  return new Map(
    [...chains].map(([key, { first, then, last }]) => [
      key,
      [...first.toReversed(), ...then, ...last],
    ]),
  );
}

type Where = 'first' | 'then' | 'last';

const WHERE: Readonly<Record<string, Where>> = { '-I': 'first', '-A': 'then', '-P': 'last' };

function placeOf(
  rule: DirectRule,
  connection: Connection,
): { readonly placed: PlacedRule; readonly where: Where } {
  const read = readIptables(rule.args, connection);
  const by = rule.text;
  // Options of ebtables(8) are others.
  const match = rule.ipv === 'eb' ? every(read.match, 'maybe') : read.match;
  if (rule.chain !== '')
    return {
      placed: { key: keyOf(rule.table, rule.chain), match, target: read.target, by },
      where: 'then',
    };
  const { command = '', table = 'filter', chain = '' } = read;
  const where = WHERE[command];
  if (where !== undefined)
    return { placed: { key: keyOf(table, chain), match, target: read.target, by }, where };
  // It takes rules away or changes them.
  const target = HARMLESS.includes(command) ? undefined : 'DROP';
  return {
    placed: { key: keyOf('filter', 'INPUT'), match: 'maybe', target, by },
    where: 'first',
  };
}

interface Walk {
  readonly chains: ReadonlyMap<string, readonly PlacedRule[]>;
  readonly left: { rules: number };
}

/** Where a packet may end in a chain and in those that it jumps to. */
function* endsIn(walk: Walk, key: string, outer: 'yes' | 'maybe', depth: number): Generator<End> {
  const [table = ''] = key.split(' ');
  let reached = outer;
  for (const rule of walk.chains.get(key) ?? []) {
    walk.left.rules -= 1;
    if (walk.left.rules < 0 || depth > MAX_DEPTH) {
      yield { match: 'maybe', end: 'deny', by: 'more direct rules than are evaluated' };
      return;
    }
    const match = every(reached, rule.match);
    if (match === 'no' || rule.target === undefined) continue;
    if (rule.target === 'RETURN') {
      if (rule.match === 'yes') return;
      reached = 'maybe';
      continue;
    }
    const end = Object.hasOwn(ENDS, rule.target) ? ENDS[rule.target] : undefined;
    if (end !== undefined) yield { match, end, by: rule.by };
    else yield* endsIn(walk, keyOf(table, rule.target), match, depth + 1);
  }
}
