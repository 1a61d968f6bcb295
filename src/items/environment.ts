import { DEFAULT_PORT } from '../pacemaker/basics/names.ts';
import {
  NO_CERTIFICATES,
  usesCertificates,
  type CertificateVariables,
} from '../credentials/certificates.ts';
import type { Action } from '../model/action.ts';
import type { HostFacts } from '../model/facts.ts';
import type { HostItem } from '../model/item.ts';
import type { Platform } from '../platform/platform.ts';

export const PORT_VARIABLE = 'PCMK_remote_port';

/** What the environment file sets for Pacemaker's daemons; what is undefined is not managed. */
export interface DesiredEnvironment {
  /** Where the daemon listens: the port that the cluster connects to. */
  readonly port?: number;
  /** All variables for certificates, set together; `none`: they are not to be in use. */
  readonly certificates: CertificateVariables | 'none';
}

/** With fewer than it takes they are not in use here, but for something else (remote access to the CIB). */
const variablesFor = (
  certificates: DesiredEnvironment['certificates'],
  environment: Readonly<Record<string, string>>,
): CertificateVariables => {
  if (certificates !== 'none') return certificates;
  return usesCertificates(environment) ? NO_CERTIFICATES : {};
};

/** Where the daemon listens, by strtol(3): `3121 # ours` is 3121, and what is no port the default (crm_default_remote_port). */
export function portOf(environment: Readonly<Record<string, string>>): number {
  const port = Number(/^\s*\+?(\d+)/.exec(environment[PORT_VARIABLE] ?? '')?.[1] ?? 0);
  return port >= 1 && port <= 65_535 ? port : DEFAULT_PORT;
}

type Pair = readonly [name: string, value: string];

/** One for each file: a variable is set where it counts, and taken away everywhere. */
export function actionsFor(
  own: string,
  pairs: readonly Pair[],
  elsewhere: HostFacts['environmentElsewhere'] = {},
): readonly Action[] {
  const byFile = new Map<string, string[]>();
  for (const [name, value] of pairs) {
    const files = elsewhere[name] ?? [own];
    for (const file of value === '' ? files : files.slice(-1))
      byFile.set(file, [...(byFile.get(file) ?? []), name, value]);
  }
  return [...byFile].map(([file, params]) => ({
    kind: 'script',
    script: 'set-environment',
    params: [file, ...params],
    timeoutMs: 30_000,
  }));
}

/** The environment file has the desired values; its other lines stay. */
export const environmentItem = (
  host: string,
  { port, certificates }: DesiredEnvironment,
  platform: Platform,
): HostItem => ({
  kind: 'environment',
  host,
  compare: (facts) => {
    const { environment, environmentElsewhere } = facts;
    const desired: readonly Pair[] = [
      ...(port === undefined || portOf(environment) === port
        ? []
        : [[PORT_VARIABLE, String(port)] as const]),
      ...Object.entries(variablesFor(certificates, environment)).filter(
        ([name, value]) => (environment[name] ?? '') !== value,
      ),
    ];
    if (desired.length === 0) return undefined;
    return {
      attributes: desired.map(([name, value]) => ({
        name,
        before: environment[name],
        after: value === '' ? undefined : value,
      })),
      actions: actionsFor(platform.environmentFile, desired, environmentElsewhere),
      needsRestart: runsWithOther(facts, desired),
      risks: [],
    };
  },
});

/** Whether the running daemon was started with something else: one that has what is desired already goes on. */
const runsWithOther = (
  { daemonVariables, listening }: HostFacts,
  desired: readonly Pair[],
): boolean =>
  daemonVariables === undefined ||
  desired.some(([name, value]) =>
    name === PORT_VARIABLE
      ? !listening.includes(Number(value))
      : (daemonVariables[name] ?? '') !== value,
  );
