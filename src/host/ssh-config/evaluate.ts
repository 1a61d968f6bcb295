import { OutriggerError } from '../../support/errors.ts';
import { fitsList } from '../files/pattern.ts';
import { isKnownKeyword, isLookedAt, isNoticed, type Keyword, usualName } from './directives.ts';
import type { Condition, Directive } from './read.ts';

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

/** The first value for each keyword; of IdentityFile and CertificateFile all. */
export type Settings = ReadonlyMap<Keyword, readonly Value[]>;

/** The same, and what is no keyword of ssh. */
export interface Evaluated {
  readonly settings: Settings;
  readonly unknown: readonly Directive[];
}

/**
 * What ssh_config says about one host, as `ssh -G` does. Throws INPUT_INVALID where that depends on a Match that only
 * ssh itself could judge, such as the outcome of a command.
 */
export function evaluate(directives: readonly Directive[], query: Query): Evaluated {
  const evaluation = new Evaluation(query);
  evaluation.pass(directives);
  if (evaluation.needsFinalPass) evaluation.finalPass(directives);
  const { settings, unknown } = evaluation;
  return { settings, unknown: [...unknown.values()] };
}

type Verdict = 'yes' | 'no' | 'unknown';

class Evaluation {
  readonly settings = new Map<Keyword, readonly Value[]>();
  /** By keyword. */
  readonly unknown = new Map<string, Directive>();
  needsFinalPass = false;
  readonly #query: Query;
  #isFinal = false;
  #verdicts = new Map<Condition, Verdict>();

  constructor(query: Query) {
    this.#query = query;
  }

  pass(directives: readonly Directive[]): void {
    for (const directive of directives) {
      const verdict = this.#verdictOf(directive.conditions);
      if (verdict !== 'no') this.#add(directive, verdict === 'yes');
    }
  }

  #add(directive: Directive, isSure: boolean): void {
    const keyword = usualName(directive.keyword);
    if (!isKnownKeyword(keyword)) this.unknown.set(keyword, directive);
    if (!isLookedAt(keyword) || this.#isSettled(keyword, directive)) return;
    if (!isSure && !isNoticed(keyword)) throw undecidable(directive);
    this.settings.set(keyword, [...(this.settings.get(keyword) ?? []), directive]);
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
    if (keyword === 'identityfile' || keyword === 'certificatefile')
      return found.some((value) => value.where === where);
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
    // Names of hosts without regard to case, here but not in `Host` (match.c, match_hostname; readconf.c of OpenSSH 9.2).
    if (subject !== undefined && HOST_CRITERIA.includes(name))
      return answer(fitsList(patterns.map(lower), lower(subject)), isNegated);
    if (subject !== undefined) return answer(fitsList(patterns, subject), isNegated);
    if (name === 'all') return answer(true, isNegated);
    // Canonical names are made only on request, which is a keyword that outrigger does not honour.
    if (name === 'canonical') return answer(false, isNegated);
    if (name !== 'final') return 'unknown';
    this.needsFinalPass = true;
    return answer(this.#isFinal, isNegated);
  }

  #hostName(): string {
    const { host } = this.#query;
    const found = this.settings.get('hostname')?.[0]?.args[0];
    return found === undefined ? host : found.replaceAll('%h', host).replaceAll('%%', '%');
  }
}

const answer = (holds: boolean, isNegated: boolean): Verdict =>
  holds === isNegated ? 'no' : 'yes';

interface Criterion {
  readonly name: string;
  readonly isNegated: boolean;
  readonly patterns: readonly string[];
}

const WITHOUT_PATTERNS = ['all', 'canonical', 'final'];
const HOST_CRITERIA: readonly string[] = ['host', 'originalhost'];

const lower = (text: string): string => text.toLowerCase();

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

const KNOWN_CRITERIA = [...WITHOUT_PATTERNS, 'host', 'originalhost', 'user', 'localuser'];

const isUnknown = ({ name }: Criterion): boolean => !KNOWN_CRITERIA.includes(name);

function undecidable({ keyword, where, conditions }: Directive): OutriggerError {
  const [by] = conditions.flatMap(({ keyword: kind, args, where: place }) =>
    kind === 'match'
      ? criteriaOf(args)
          .filter(isUnknown)
          .map(({ name }) => ({ name, place }))
      : [],
  );
  return new OutriggerError(
    'INPUT_INVALID',
    `${where}: whether \`${keyword}\` applies depends on \`Match ${by?.name ?? ''}\` (${by?.place ?? ''}), which only ssh can evaluate: outrigger runs no commands from ssh_config`,
    {
      hint: 'set it in a `Host` block, or in `connection` of the inventory; or use another file (`sshConfig`)',
    },
  );
}
