import { randomBytes } from 'node:crypto';
import type { Host } from '../host/host.ts';
import { loadWithEnvironmentReader } from '../host/load-script.ts';
import type { HostFacts } from '../model/facts.ts';
import type { CertificatePaths, OwnOnHost } from '../inventory/spec.ts';
import { OutriggerError } from '../support/errors.ts';
import { asOneLine } from '../support/text/printable.ts';
import { readHost } from './readers/read-host.ts';
import { splitSections, type Sections } from './readers/sections.ts';

const PROBE = new URL('./probe.sh', import.meta.url);
const TIMEOUT_MS = 90_000;

/** CIB and crm_mon together, with room to spare: those of five hundred remote nodes have less than 2 MiB. */
export const CLUSTER_MIB = 32;

/** What the probe has to read: a `query-node` is a cluster node that also prints the CIB and crm_mon. */
export type ProbeRole = 'remote' | 'member' | 'query-node';

/** What a host has to report beyond itself; the first two only a cluster node, the third only one that is none. */
export interface Questions {
  /** The addresses that it shall find a route to. */
  readonly servers?: readonly string[];
  /** The nodes for which it has to report who can fence them. */
  readonly nodes?: readonly string[];
  /** Whether it has to report what its package manager would upgrade. */
  readonly upgrades?: boolean | undefined;
  /** What it has to report of certificates or keys of its own; undefined: outrigger brings them, or none are used. */
  readonly own?: OwnOnHost | undefined;
}

/** Reads a host's state in one exec. */
export async function probe(
  host: Host,
  role: ProbeRole,
  { servers = [], nodes = [], upgrades = false, own }: Questions = {},
): Promise<Sections> {
  const nonce = randomBytes(8).toString('hex');
  const result = await host.exec({
    script: loadWithEnvironmentReader(PROBE),
    params: [nonce, role, ...paramsOf(own)],
    input: [
      ...servers.map((server) => `server ${server}\n`),
      ...nodes.map((node) => `node ${node}\n`),
      ...(upgrades ? ['upgrades\n'] : []),
    ].join(''),
    timeoutMs: TIMEOUT_MS,
    ...(role === 'query-node' || own !== undefined ? { maxOutputMiB: CLUSTER_MIB } : {}),
  });
  if (result.code !== 0) {
    throw new OutriggerError(
      'COMMAND_FAILED',
      `reading its state failed: ${asOneLine(result.stderr, 300)}`,
      {
        host: host.name,
      },
    );
  }
  return splitSections(result.stdout, nonce, host.name);
}

const paramsOf = (own: OwnOnHost | undefined): readonly string[] => {
  if (own === undefined) return [];
  return own === 'keys' ? [own] : inOrder(own);
};

const inOrder = ({ ca, certificate, key, crl = '' }: CertificatePaths): readonly string[] => [
  ca,
  certificate,
  key,
  crl,
];

/** Reads a host's state anew, as far as every host has it. */
export async function probeHost(
  host: Host,
  questions: Pick<Questions, 'own' | 'upgrades'>,
): Promise<HostFacts> {
  const sections = await probe(host, 'remote', questions);
  return readHost(host.name, sections, Date.now() / 1000);
}
