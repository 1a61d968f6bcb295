import pLimit from 'p-limit';
import type { Host } from '../host/host.ts';
import type { RunEvent } from '../model/run-event.ts';
import { messageOf, OutriggerError } from '../support/errors.ts';
import { printable, shorten } from '../support/text/printable.ts';
import { runScript } from '../host/run-script.ts';

const TIMEOUT_MS = 10_000;

/** What syslog takes for one line (RFC 3164: 1024 bytes with its header). */
const LONGEST = 800;

/** Who did something, by which run, to which cluster. */
export interface Author {
  readonly user: string;
  /** The host that outrigger ran on. */
  readonly from: string;
  readonly run: string;
  readonly cluster: string;
}

/**
 * What a run has changed, by the host that it was changed on; edits of the CIB count for the query node that made them too,
 * which was `first` at the beginning.
 */
export function changesByHost(
  events: readonly RunEvent[],
  first: string,
): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, Set<string>>();
  const add = (host: string, what: string): void => {
    found.set(host, (found.get(host) ?? new Set()).add(what));
  };
  let queryNode = first;
  for (const event of events) {
    if (event.type === 'query-node-changed') queryNode = event.to;
    if (event.type === 'verdict' && event.verdict.kind === 'changed') add(event.host, event.item);
    if (event.type === 'cib-written') add(queryNode, `CIB (${event.purpose})`);
  }
  return new Map([...found].map(([host, what]) => [host, [...what]]));
}

/** The line for a host's system log. */
export const logLine = ({ user, from, run, cluster }: Author, changes: readonly string[]): string =>
  shorten(
    printable(`${user}@${from} run ${run} cluster ${cluster}: ${changes.join(', ')}`),
    LONGEST,
  );

/**
 * Leaves one line in the system log of each host that was changed, one exec each. That this fails is no failure of the
 * run: gives what there is to say about it, or nothing.
 */
export async function logOnHosts(
  hosts: ReadonlyMap<string, Host>,
  changes: ReadonlyMap<string, readonly string[]>,
  author: Author,
  forks: number,
): Promise<string | undefined> {
  const limit = pLimit(forks);
  const failures: { readonly name: string; readonly why: string }[] = [];
  const report = async (name: string, what: readonly string[]): Promise<void> => {
    const host = hosts.get(name);
    if (host === undefined) return;
    try {
      const params = [logLine(author, what)];
      await runScript(host, 'log-run', { params, timeoutMs: TIMEOUT_MS });
    } catch (thrown) {
      if (!(thrown instanceof OutriggerError)) throw thrown;
      failures.push({ name, why: messageOf(thrown) });
    }
  };
  await Promise.all([...changes].map(([name, what]) => limit(() => report(name, what))));
  const [first] = failures;
  if (first === undefined) return undefined;
  const names = failures.map(({ name }) => name).sort();
  return `cannot write to the system log of ${names.join(', ')}: ${first.why}`;
}
