import { DEFAULT_PORT } from '../pacemaker/names.ts';
import {
  NO_CERTIFICATES,
  usesCertificates,
  type CertificateVariables,
} from '../plan/certificates.ts';
import type { HostItem } from '../plan/item.ts';
import type { Platform } from '../platform/platform.ts';

export const PORT_VARIABLE = 'PCMK_remote_port';

/** What Pacemaker's daemons are told by the environment file; what is undefined is not ours to say. */
export interface WantedEnvironment {
  /** Where the daemon listens: the port that the cluster connects to. */
  readonly port?: number;
  /** All variables for certificates, set together; `none`: they are not to be in use. */
  readonly certificates: CertificateVariables | 'none';
}

/** With fewer than it takes they are not in use, and somebody else's (remote access to the CIB). */
const variablesFor = (
  certificates: WantedEnvironment['certificates'],
  environment: Readonly<Record<string, string>>,
): CertificateVariables => {
  if (certificates !== 'none') return certificates;
  return usesCertificates(environment) ? NO_CERTIFICATES : {};
};

/** The environment file says what is wanted; whatever else stands in it stays. */
export const environmentItem = (
  host: string,
  { port, certificates }: WantedEnvironment,
  platform: Platform,
): HostItem => ({
  kind: 'environment',
  host,
  compare: ({ environment }) => {
    const portNow = environment[PORT_VARIABLE] ?? String(DEFAULT_PORT);
    const wanted: readonly (readonly [string, string])[] = [
      ...(port === undefined || portNow === String(port)
        ? []
        : [[PORT_VARIABLE, String(port)] as const]),
      ...Object.entries(variablesFor(certificates, environment)).filter(
        ([name, value]) => (environment[name] ?? '') !== value,
      ),
    ];
    if (wanted.length === 0) return undefined;
    return {
      attributes: wanted.map(([name, value]) => ({
        name,
        before: environment[name],
        after: value === '' ? undefined : value,
      })),
      actions: [
        {
          kind: 'script',
          script: 'set-environment',
          params: [platform.environmentFile, ...wanted.flat()],
          timeoutMs: 30_000,
        },
      ],
      needsRestart: true,
      risks: [],
    };
  },
});
