import { OutriggerError } from '../../support/errors.ts';
import { fitsList } from '../pattern.ts';
import type { Condition, Directive } from './read.ts';

/** The keywords that outrigger honours. */
const HONOURED = [
  'hostname',
  'user',
  'port',
  'identityfile',
  'identitiesonly',
  'identityagent',
  'userknownhostsfile',
  'globalknownhostsfile',
  'hostkeyalias',
  'proxyjump',
  'proxycommand',
] as const;

export type Keyword = (typeof HONOURED)[number];

/** What ssh_config gives for a keyword, and where. */
export interface Value {
  readonly args: readonly string[];
  readonly where: string;
}

/** What is asked for: as on the command line of ssh, it wins over every file. */
export interface Query {
  /** The host as the operator calls it. */
  readonly host: string;
  readonly user: string | undefined;
  /** Who logs in where nothing says who. */
  readonly defaultUser: string;
  /** Who runs us. */
  readonly localUser: string;
  /** Keywords that are decided without ssh_config. */
  readonly decided: ReadonlySet<Keyword>;
}

/** The first value for each keyword; of IdentityFile all. */
export type Settings = ReadonlyMap<Keyword, readonly Value[]>;

/**
 * What ssh_config says about one host, as `ssh -G` does. Throws INPUT_INVALID where that depends on a Match that only
 * ssh itself could judge, such as the outcome of a command.
 */
export function evaluate(directives: readonly Directive[], query: Query): Settings {
  const evaluation = new Evaluation(query);
  evaluation.pass(directives);
  if (evaluation.wantsFinalPass) evaluation.finalPass(directives);
  return evaluation.settings;
}

type Verdict = 'yes' | 'no' | 'unknown';

class Evaluation {
  readonly settings = new Map<Keyword, readonly Value[]>();
  wantsFinalPass = false;
  readonly #query: Query;
  #isFinal = false;
  #verdicts = new Map<Condition, Verdict>();

  constructor(query: Query) {
    this.#query = query;
  }

  pass(directives: readonly Directive[]): void {
    for (const directive of directives) {
      const verdict = this.#verdictOf(directive.conditions);
      const { keyword } = directive;
      if (verdict === 'no' || !isHonoured(keyword) || this.#isSettled(keyword, directive)) continue;
      if (verdict === 'unknown') throw undecidable(directive);
      this.settings.set(keyword, [...(this.settings.get(keyword) ?? []), directive]);
    }
  }

  /** `Match final`: once more, with the host name that the first pass has found. */
  finalPass(directives: readonly Directive[]): void {
    this.#isFinal = true;
    this.#verdicts = new Map();
    this.pass(directives);
  }

  #isSettled(keyword: Keyword, { where }: Directive): boolean {
    const { decided } = this.#query;
    if (decided.has(keyword)) return true;
    const found = this.settings.get(keyword) ?? [];
    if (keyword === 'identityfile') return found.some((value) => value.where === where);
    // Whichever of the two comes first prevents the other.
    const rival = keyword === 'proxyjump' ? 'proxycommand' : 'proxyjump';
    const isProxy = keyword === 'proxyjump' || keyword === 'proxycommand';
    return found.length > 0 || (isProxy && (this.settings.has(rival) || decided.has(rival)));
  }

  #verdictOf(conditions: readonly Condition[]): Verdict {
    let all: Verdict = 'yes';
    for (const condition of conditions) {
      const verdict = this.#verdicts.get(condition) ?? this.#judge(condition);
      this.#verdicts.set(condition, verdict);
      if (verdict === 'no') return 'no';
      if (verdict === 'unknown') all = 'unknown';
    }
    return all;
  }

  #judge({ keyword, args }: Condition): Verdict {
    const { host } = this.#query;
    const name = this.#isFinal ? this.#hostName() : host;
    if (keyword === 'host') return fitsList(args, name) ? 'yes' : 'no';
    const verdicts = criteriaOf(args).map((criterion) => this.#judgeCriterion(criterion));
    if (verdicts.includes('no')) return 'no';
    return verdicts.includes('unknown') ? 'unknown' : 'yes';
  }

  #judgeCriterion({ name, isNegated, patterns }: Criterion): Verdict {
    const { host, user, defaultUser, localUser } = this.#query;
    const found = this.settings.get('user')?.[0]?.args[0];
    const subject = new Map([
      ['host', this.#hostName()],
      ['originalhost', host],
      ['user', user ?? found ?? defaultUser],
      ['localuser', localUser],
    ]).get(name);
    if (subject !== undefined) return answer(fitsList(patterns, subject), isNegated);
    if (name === 'all') return answer(true, isNegated);
    // Canonical names are made only on request, which is a keyword that outrigger does not honour.
    if (name === 'canonical') return answer(false, isNegated);
    if (name !== 'final') return 'unknown';
    this.wantsFinalPass = true;
    return answer(this.#isFinal, isNegated);
  }

  #hostName(): string {
    const { host } = this.#query;
    const found = this.settings.get('hostname')?.[0]?.args[0];
    return found === undefined ? host : found.replaceAll('%h', host).replaceAll('%%', '%');
  }
}

const isHonoured = (keyword: string): keyword is Keyword =>
  (HONOURED as readonly string[]).includes(keyword);

const answer = (holds: boolean, isNegated: boolean): Verdict =>
  holds === isNegated ? 'no' : 'yes';

interface Criterion {
  readonly name: string;
  readonly isNegated: boolean;
  readonly patterns: readonly string[];
}

const WITHOUT_PATTERNS = ['all', 'canonical', 'final'];

function criteriaOf(args: readonly string[]): readonly Criterion[] {
  const criteria: Criterion[] = [];
  for (let index = 0; index < args.length; index += 1) {
    const word = (args[index] ?? '').toLowerCase();
    const isNegated = word.startsWith('!');
    const name = isNegated ? word.slice(1) : word;
    if (!WITHOUT_PATTERNS.includes(name)) index += 1;
    const patterns = WITHOUT_PATTERNS.includes(name) ? [] : (args[index] ?? '').split(',');
    criteria.push({ name, isNegated, patterns });
  }
  return criteria;
}

function undecidable({ keyword, where, conditions }: Directive): OutriggerError {
  const match = conditions.findLast((condition) => condition.keyword === 'match');
  return new OutriggerError(
    'INPUT_INVALID',
    `${where}: whether \`${keyword}\` counts depends on \`Match ${match?.args[0] ?? ''}\` (${match?.where ?? ''}), which only ssh can judge: outrigger runs no command of ssh_config`,
    {
      hint: 'write it in a `Host` block, or in `connection` of the inventory; or name another file there (`sshConfig`)',
    },
  );
}
