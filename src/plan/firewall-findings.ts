import { verdictsOn } from '../items/firewall/firewall-port.ts';
import type { Verdict } from '../items/firewall/steps.ts';
import { remoteHosts, sourcesTo, type Facts } from '../model/facts.ts';
import type { Finding } from '../model/finding.ts';
import type { Firewalld } from '../model/firewall.ts';
import { printable, shorten } from '../support/text/printable.ts';

/** Cluster nodes that a firewall keeps out by what is not outrigger's, or may keep out: no apply changes that. */
export const firewallFindings = (facts: Facts): readonly Finding[] =>
  remoteHosts(facts).flatMap(({ name, firewall }) => {
    const server = facts.servers.get(name);
    if (firewall.kind === 'none' || server === undefined) return [];
    const { address, port } = server;
    if (firewall.isPanicking === true) return [panic(name, port)];
    return sourcesTo(facts, address).flatMap((source) => {
      const kept = keptOut(firewall, { source, server: address, port });
      return kept === undefined ? [] : [findingOf(name, { source, port, kept })];
    });
  });

/** What keeps a cluster node out, or may do so. */
interface KeptOut {
  readonly actual: 'kept out' | 'not understood';
  readonly by: string;
  readonly when: '' | ' until the next reload' | ' from the next reload on';
}

function keptOut(
  firewall: Firewalld,
  to: { readonly source: string; readonly server: string; readonly port: number },
): KeptOut | undefined {
  const { runtime, permanent } = verdictsOn(firewall, to);
  const now = obstacle(runtime);
  const later = obstacle(permanent);
  if (now !== undefined)
    return { ...now, when: later === undefined && permanent ? ' until the next reload' : '' };
  return later && { ...later, when: ' from the next reload on' };
}

function obstacle(verdict: Verdict | undefined): Omit<KeptOut, 'when'> | undefined {
  switch (verdict?.kind) {
    case 'denied':
      return { actual: 'kept out', by: verdict.by };
    case 'unclear':
      return { actual: 'not understood', by: verdict.by };
    case 'closed':
      return verdict.doubt === undefined
        ? undefined
        : { actual: 'not understood', by: verdict.doubt };
    default:
      return undefined;
  }
}

function findingOf(
  host: string,
  {
    source,
    port,
    kept: { actual, by, when },
  }: { readonly source: string; readonly port: number; readonly kept: KeptOut },
): Finding {
  const what = shorten(printable(by), 300);
  const isKnown = actual === 'kept out';
  return {
    host,
    item: 'firewall-port',
    attribute: `${port}/tcp from ${source}`,
    expected: 'open',
    actual: `${actual}${when}`,
    message: isKnown
      ? `firewalld keeps ${source} away from port ${port}/tcp${when}, by a rule that is not outrigger's: ${what}`
      : `whether firewalld lets ${source} reach port ${port}/tcp${when} is not understood: that depends on ${what}`,
    hint: isKnown
      ? `change that rule on the host if ${source} is meant to get in: no apply overrides it`
      : `try the port from every cluster node with \`outrigger doctor\`, and ignore this if it is reached; or say it on the host in a way that names ${source}`,
  };
}

const panic = (host: string, port: number): Finding => ({
  host,
  item: 'firewall-port',
  attribute: `${port}/tcp`,
  expected: 'open',
  actual: 'panic mode',
  message: 'firewalld is in panic mode there and drops every packet (`firewall-cmd --panic-off`)',
  hint: 'on the host: `firewall-cmd --panic-off`',
});
