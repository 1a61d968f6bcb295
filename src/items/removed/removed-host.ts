import { CERTIFICATE_FILES, CERTIFICATE_ROLES, REMOTE_UNIT } from '../../pacemaker/basics/names.ts';
import type { Action, ScriptName } from '../../model/action.ts';
import type { FirewallFacts } from '../../model/firewall.ts';
import type { AttributeChange, HostDifference, HostItem } from '../../model/item.ts';
import type { OwnOnHost } from '../../inventory/spec.ts';
import { CALLED } from '../certificate.ts';
import { actionsFor, PORT_VARIABLE } from '../environment.ts';
import { ruleFor } from '../firewall/firewall-port.ts';

const script = (name: ScriptName, params: readonly string[], timeoutMs = 30_000): Action => ({
  kind: 'script',
  script: name,
  params,
  timeoutMs,
});

const differenceOf = (
  attributes: readonly AttributeChange[],
  actions: readonly Action[],
): HostDifference | undefined =>
  attributes.length === 0 ? undefined : { attributes, actions, needsRestart: false, risks: [] };

// systemd's default stop timeout (90 s), and a little more.
const STOP_TIMEOUT_MS = 120_000;

const RUNS: readonly string[] = ['active', 'activating', 'reloading'];

/** The daemon neither runs nor will after a boot. The package stays, and with it the unit. */
export const serviceGone = (host: string): HostItem => ({
  kind: 'service',
  host,
  compare: ({ units }) => {
    const { unitFileState = '', activeState = '' } = units[REMOTE_UNIT] ?? {};
    const attributes: AttributeChange[] = [];
    if (unitFileState.startsWith('enabled'))
      attributes.push({ name: 'enabled at boot', before: 'yes', after: 'no' });
    if (RUNS.includes(activeState))
      attributes.push({ name: 'state', before: activeState, after: 'inactive' });
    return differenceOf(attributes, [script('stop-service', [REMOTE_UNIT], STOP_TIMEOUT_MS)]);
  },
});

/** The host does not hold the cluster's authkey. Another one belongs to the operator or to the package. */
export const authkeyGone = (host: string, ofCluster: ReadonlySet<string>): HostItem => ({
  kind: 'authkey',
  host,
  compare: ({ authkey: { digest, path } }) =>
    digest === undefined || !ofCluster.has(digest)
      ? undefined
      : differenceOf(
          [{ name: 'content', before: 'matches the cluster', after: undefined }],
          [script('remove-files', [path])],
        ),
});

/** The certificate files that outrigger brought are gone, and a key that waits for its certificate; the host's own stay. */
export const certificateGone = (host: string): HostItem => ({
  kind: 'certificate',
  host,
  compare: ({ certificates, ownCertificates, waitingPair }) => {
    const there =
      ownCertificates === undefined
        ? CERTIFICATE_ROLES.filter((role) => certificates[role] !== undefined)
        : [];
    const called = [
      ...there.map((role) => CALLED[role]),
      ...(waitingPair.length > 0 ? ['staged key'] : []),
    ];
    return differenceOf(
      called.map((name) => ({ name, before: 'there', after: undefined })),
      [
        script('remove-files', [
          ...there.map((role) => CERTIFICATE_FILES[role].path),
          ...waitingPair,
        ]),
      ],
    );
  },
});

/** The lines of the environment file that outrigger wrote are gone: those with just the values that it gives. */
export const environmentGone = (
  host: string,
  { port, own }: { readonly port: number; readonly own: OwnOnHost | undefined },
): HostItem => ({
  kind: 'environment',
  host,
  compare: ({ environment, environmentFile, environmentElsewhere }) => {
    const ours = new Map([
      [PORT_VARIABLE, String(port)],
      ...CERTIFICATE_ROLES.map((role): [string, string | undefined] => {
        const { variable, path } = CERTIFICATE_FILES[role];
        return [variable, typeof own === 'object' ? own[role] : path];
      }),
    ]);
    const there = Object.entries(environment).filter(([name, value]) => ours.get(name) === value);
    return differenceOf(
      there.map(([name, before]) => ({ name, before, after: undefined })),
      environmentFile === undefined
        ? []
        : actionsFor(
            environmentFile,
            there.map(([name]) => [name, '']),
            environmentElsewhere,
          ),
    );
  },
});

/** The firewall has no rule of outrigger's for the port, whichever cluster node it was for; others' rules stay. */
export const firewallClosed = (host: string, port: number): HostItem => ({
  kind: 'firewall-port',
  host,
  compare: ({ firewall }) => {
    const open = openedIn(firewall, port);
    return differenceOf(
      open.map(({ zone, source }) => ({
        name: `${zone} ${port}/tcp from ${source}`,
        before: 'open',
        after: 'closed',
      })),
      open.map(({ zone, source, states }) =>
        script('close-firewalld', [zone, ruleFor(port, source), ...states], 60_000),
      ),
    );
  },
});

const STATES = ['runtime', 'permanent'] as const;

/** A rule of outrigger's. */
interface OpenedPort {
  readonly zone: string;
  readonly source: string;
  /** Where it is: firewall-cmd fails for a zone that the other state does not have. */
  readonly states: readonly (typeof STATES)[number][];
}

function openedIn(firewall: FirewallFacts, port: number): readonly OpenedPort[] {
  if (firewall.kind === 'none') return [];
  const rulesOf = STATES.flatMap((state) =>
    firewall[state].zones.map(({ name, rules }) => ({ state, name, rules: rules.richRules })),
  );
  return [...new Set(rulesOf.map(({ name }) => name))].flatMap((zone) => {
    const inZone = rulesOf.filter(({ name }) => name === zone);
    const sources = inZone.flatMap(({ rules }) =>
      rules.flatMap((rule) => sourceIn(rule, port) ?? []),
    );
    return [...new Set(sources)].sort().map((source) => ({
      zone,
      source,
      states: inZone
        .filter(({ rules }) => rules.includes(ruleFor(port, source)))
        .map(({ state }) => state),
    }));
  });
}

/** For whom a rule opens the port, when it is one that outrigger could have made. */
function sourceIn(rule: string, port: number): string | undefined {
  const source = / source address="([0-9a-fA-F.:]+)" /.exec(rule)?.[1];
  return source !== undefined && rule === ruleFor(port, source) ? source : undefined;
}
