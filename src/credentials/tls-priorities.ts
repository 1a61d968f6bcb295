import { groupBy } from '../support/text/group-by.ts';
import { printable, shorten } from '../support/text/printable.ts';
import type { HostFacts } from '../model/facts.ts';

/**
 * What GnuTLS may negotiate, with the authkey (`:+DHE-PSK:+PSK` is appended) and with certificates alike; without it "NORMAL", or what
 * the distribution chose when it was built. A process reads it from the environment that it was started with, for each
 * connection (Pacemaker 1.1 to 2.1: lib/common/remote.c; 3.0: get_gnutls_priorities in lib/common/tls.c). An empty value counts.
 * A daemon starts with any value: with one that GnuTLS does not take, or that leaves no protocol (`@SYSTEM`, `NONE`), it ends each
 * connection. `SECURE128`, `SECURE256`, `LEGACY` and `NORMAL:-KX-ALL` agree with the default, by TLS 1.3 (tried with the daemon of 3.0.0
 * and gnutls-cli 3.7.9).
 */
const VARIABLE = 'PCMK_tls_priorities';

type Host = Pick<HostFacts, 'name' | 'environment' | 'daemonVariables' | 'authkey'>;

/** What a daemon that runs was started with, or else will be started with. */
const prioritiesOf = ({ environment, daemonVariables = environment }: Host): string | undefined =>
  daemonVariables[VARIABLE];

/** Who has which; undefined: it is not set, and explains nothing. */
function prioritiesText(hosts: readonly Host[]): string | undefined {
  if (hosts.every((host) => prioritiesOf(host) === undefined)) return undefined;
  const groups = groupBy(hosts, (host) => {
    const value = prioritiesOf(host);
    return value === undefined ? 'not set' : `"${shorten(printable(value), 200)}"`;
  });
  const reported = [...groups].map(
    ([value, same]) => `${value} on ${same.map(({ name }) => name).join(', ')}`,
  );
  return `${VARIABLE} is ${reported.sort().join(', ')}`;
}

/** Why a handshake between hosts with the same authkey may fail, or between hosts with certificates; undefined: that is not it. */
export function whyNoHandshake(hosts: readonly Host[], usesAuthkey: boolean): string | undefined {
  const keys = new Set(hosts.map(({ authkey }) => authkey.digest));
  if (usesAuthkey && (keys.size > 1 || keys.has(undefined))) return undefined;
  const text = prioritiesText(hosts);
  return text === undefined
    ? undefined
    : `${text}: without a common protocol and cipher the handshake fails although ${usesAuthkey ? 'they have the same authkey' : 'the certificates are valid'}`;
}

/** Whether these may come to different terms. */
export const havePrioritiesThatDiffer = (hosts: readonly Host[]): boolean =>
  new Set(hosts.map(prioritiesOf)).size > 1;
