import { element, serializeXml, type XmlElement } from '../../pacemaker/basics/xml.ts';
import { differencesOf, type Difference, type Drift } from '../../plan/drift/drift.ts';
import { groupBy } from '../../support/text/group-by.ts';
import { printable } from '../../support/text/printable.ts';
import type { ComparedRun, DriftReport, FailedRun } from './drift-report.ts';
import { driftWords } from './drift-words.ts';
import { differenceText } from './difference-text.ts';

/**
 * Drift as JUnit's XML, as Jenkins and GitLab read it: a suite for each host, a case for each thing that was compared. Drift
 * is a failure; a host about which nothing is known, or which must not be touched, is an error; what is ignored is skipped.
 */
export const driftAsJUnit = ({ result }: DriftReport): string =>
  documentOf(result.kind === 'compared' ? comparedSuites(result) : [failedSuite(result)]);

function documentOf(suites: readonly Suite[]): string {
  const cases = suites.flatMap((suite) => suite.cases);
  const root = element(
    'testsuites',
    { name: 'outrigger drift', tests: String(cases.length), ...troubleIn(cases) },
    suites.map((suite) =>
      element(
        'testsuite',
        {
          name: suite.name,
          tests: String(suite.cases.length),
          ...troubleIn(suite.cases),
          skipped: String(countOf(suite.cases, 'skipped')),
        },
        suite.cases.map(({ name, verdict }) =>
          element('testcase', { name, classname: suite.classname }, verdict && [verdict]),
        ),
      ),
    ),
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n${serializeXml(root)}`;
}

interface Case {
  readonly name: string;
  /** Undefined: passed. */
  readonly verdict: XmlElement | undefined;
}

interface Suite {
  readonly name: string;
  readonly classname: string;
  readonly cases: readonly Case[];
}

const countOf = (cases: readonly Case[], kind: string): number =>
  cases.filter(({ verdict }) => verdict?.name === kind).length;

const troubleIn = (cases: readonly Case[]) => ({
  failures: String(countOf(cases, 'failure')),
  errors: String(countOf(cases, 'error')),
});

const suiteOf = (cluster: string, host: string, cases: readonly Case[]): Suite => ({
  name: printable(host),
  classname: printable(`${cluster}.${host}`),
  cases,
});

const failedSuite = ({ cluster = 'outrigger', message, hint }: FailedRun): Suite =>
  suiteOf(cluster, 'cluster', [
    {
      name: 'compare',
      verdict: verdictOf('error', 'failed', hint === undefined ? [message] : [message, hint]),
    },
  ]);

function comparedSuites({ drift, hosts, items }: ComparedRun): readonly Suite[] {
  const differences = differencesOf(drift);
  const cases = new Map(hosts.map(({ name }) => [name, [] as Case[]]));
  const add = (host: string, one: Case): void => {
    const own = cases.get(host);
    if (own === undefined) cases.set(host, [one]);
    else own.push(one);
  };
  for (const { host, kind, code, message, hint } of drift.problems)
    add(host, {
      name: kind === 'unreachable' ? 'reachable' : 'can be managed',
      verdict: verdictOf('error', code, hint === undefined ? [message] : [message, hint]),
    });
  for (const { host, message } of drift.stoppedGuests)
    add(host, { name: 'VM', verdict: verdictOf('skipped', undefined, [message]) });
  for (const { host, message } of drift.pending)
    add(host, { name: 'in the cluster', verdict: verdictOf('error', 'PENDING', [message]) });
  const left = new Set([...drift.problems, ...drift.stoppedGuests].map(({ host }) => host));
  const all = [...items.filter(({ host }) => !left.has(host)), ...differences, ...drift.ignored];
  const things = groupBy(all, ({ host, item }) => JSON.stringify([host, item]));
  for (const [first] of things.values())
    if (first !== undefined)
      add(first.host, { name: first.item, verdict: verdictOn(first, differences, drift.ignored) });
  return [...cases]
    .filter(([, own]) => own.length > 0)
    .map(([host, own]) => suiteOf(drift.cluster.name, host, own));
}

/** What counts wins over what is ignored. */
function verdictOn(
  { host, item }: Pick<Difference, 'host' | 'item'>,
  differences: readonly Difference[],
  ignored: Drift['ignored'],
): XmlElement | undefined {
  const isThis = (one: Difference): boolean => one.host === host && one.item === item;
  const own = differences.filter(isThis);
  if (own.length > 0)
    return verdictOf('failure', own[0]?.kind, [driftWords(item).title, ...own.map(differenceText)]);
  const skipped = ignored.filter(isThis);
  return skipped.length === 0
    ? undefined
    : verdictOf(
        'skipped',
        undefined,
        skipped.map(
          (one) =>
            `ignored until ${one.ignore.until} (${one.ignore.reason}): ${differenceText(one)}`,
        ),
      );
}

const verdictOf = (
  name: 'failure' | 'error' | 'skipped',
  type: string | undefined,
  lines: readonly string[],
): XmlElement =>
  element(name, { type: type && printable(type), message: lines.map(printable).join('\n') });
