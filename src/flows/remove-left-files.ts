import pLimit from 'p-limit';
import { runScript } from '../host/run-script.ts';
import type { Host } from '../host/host.ts';
import { allHosts, type Facts } from '../model/facts.ts';
import { messageOf, OutriggerError } from '../support/errors.ts';

const TIMEOUT_MS = 30_000;

/**
 * Removes what scripts left on hosts when they were killed. It takes no lock of the cluster: what a script is at work on is
 * locked there. Returns what an operator should know of it; no run fails by that.
 */
export async function removeLeftFiles(
  facts: Facts,
  hosts: ReadonlyMap<string, Host>,
  forks: number,
): Promise<string | undefined> {
  const limit = pLimit(forks);
  const failures: string[] = [];
  const remove = async (name: string, params: readonly string[]): Promise<void> => {
    const host = hosts.get(name);
    if (host === undefined) return;
    try {
      await runScript(host, 'remove-left-files', { params, timeoutMs: TIMEOUT_MS });
    } catch (thrown) {
      if (!(thrown instanceof OutriggerError)) throw thrown;
      failures.push(`${name}: ${messageOf(thrown)}`);
    }
  };
  const left = allHosts(facts).flatMap(({ name, leftFiles = [] }) =>
    leftFiles.length > 0 ? [{ name, leftFiles }] : [],
  );
  await Promise.all(left.map(({ name, leftFiles }) => limit(() => remove(name, leftFiles))));
  return failures.length === 0
    ? undefined
    : `leftovers of an interrupted run could not be removed: ${failures.sort().join('; ')}`;
}
