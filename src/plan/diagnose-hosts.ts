import { DEFAULT_PORT, REMOTE_UNIT } from '../pacemaker/names.ts';
import { connectedNames } from '../pacemaker/cib.ts';
import { OutriggerError } from '../support/errors.ts';
import { groupBy } from '../support/group-by.ts';
import type { Examination, Finding, HostExamination } from './diagnosis.ts';
import { remoteHosts, type Facts, type HostFacts } from './facts.ts';
import { isNewerMajor } from './notes.ts';

/** What a check found; without a summary it could not look. */
export interface Checked {
  readonly summary: string | undefined;
  readonly findings: readonly Omit<Finding, 'check'>[];
}

type Found = Omit<Finding, 'check'>;

const bad = (host: string, message: string, hint: string): Found => ({
  ...{ level: 'bad', host, message, hint },
});
const attention = (host: string, message: string, hint: string): Found => ({
  ...{ level: 'attention', host, message, hint },
});

const all = (facts: Facts): readonly HostFacts[] => [
  ...facts.clusterNodes.values(),
  ...remoteHosts(facts),
];

const of = (count: number, whole: number): string => `${count} of ${whole}`;

/** Who gave an answer, as root. */
export function checkConnections({ facts }: Examination): Checked {
  const answered = all(facts).length;
  const findings = [...facts.unreachable.values()].map(({ name, message, hint }) =>
    bad(name, message, hint ?? 'see that outrigger can log in there by SSH and become root'),
  );
  return {
    summary: `${of(answered, answered + findings.length)} hosts answer, as root`,
    findings,
  };
}

/** What runs together, and what is there that must not be newer. */
export function checkVersions({ facts }: Examination): Checked {
  const members = [...facts.clusterNodes.values()];
  const versions = [...groupBy(members, ({ packages }) => packages['pacemaker'] ?? 'none')];
  const mixed =
    versions.length < 2
      ? []
      : [
          attention(
            '',
            `the cluster nodes have different versions of Pacemaker: ${versions
              .map(([version, same]) => `${version} on ${same.map(({ name }) => name).join(', ')}`)
              .join('; ')}`,
            'fine while a rolling upgrade is under way; finish it before anything else',
          ),
        ];
  const newer = remoteHosts(facts)
    .filter((host) => isNewerMajor(host, facts))
    .map(({ name, packages }) =>
      bad(
        name,
        `its pacemaker-remote ${packages['pacemaker-remote'] ?? ''} is newer by a major version than the cluster's Pacemaker`,
        'upgrade the cluster nodes first: a node may be older than the cluster, not newer',
      ),
    );
  const summary =
    members.length === 0
      ? undefined
      : `Pacemaker ${versions.map(([version]) => version).join(', ')}`;
  return { summary, findings: [...mixed, ...newer] };
}

/** The hosts that were asked, and what each told. */
const examined = ({ hosts }: Examination): readonly (readonly [string, HostExamination])[] =>
  [...hosts].flatMap(([name, told]) =>
    told instanceof OutriggerError ? [] : [[name, told] as const],
  );

const silent = ({ hosts }: Examination, what: string): readonly Found[] =>
  [...hosts].flatMap(([name, told]) =>
    told instanceof OutriggerError
      ? [attention(name, `${what}: ${told.message}`, told.hint ?? 'run it again')]
      : [],
  );

/** Whether what an apply would install can be had. */
export function checkOffered(examination: Examination): Checked {
  const missing = examined(examination).flatMap(([name, { notOffered }]) =>
    notOffered.length === 0
      ? []
      : [
          bad(
            name,
            `no package repository of it offers ${notOffered.join(', ')}`,
            'refresh its package lists (`apt-get update`, `dnf makecache`), or enable the repository that has them (RHEL: HighAvailability)',
          ),
        ],
  );
  return {
    summary: 'what is missing on hosts can be installed there',
    findings: [
      ...missing,
      ...silent(examination, 'could not be asked about packages, clock and space'),
    ],
  };
}

const LEAST_FREE_KIB = 200 * 1024;

/** An installation, and every file that is written beside its target, need room. */
export function checkSpace(examination: Examination): Checked {
  const told = examined(examination);
  const findings = told.flatMap(([name, { freeKiB }]) => {
    const short = freeKiB.filter(({ free }) => free < LEAST_FREE_KIB);
    if (short.length === 0) return [];
    const where = short.map(
      ({ directory, free }) => `${Math.floor(free / 1024)} MiB at ${directory}`,
    );
    return [
      attention(
        name,
        `little free space: ${where.join(', ')}`,
        `make room: an installation takes up to ${LEAST_FREE_KIB / 1024} MiB`,
      ),
    ];
  });
  return { summary: told.length === 0 ? undefined : 'enough everywhere', findings };
}

// Certificates are judged by each host's own clock, and clocks that jump harm a cluster.
const CLOCK_TOLERANCE_SECONDS = 60;

/** Clocks that are wrong against each other, and clocks that nobody sets. */
export function checkClocks(examination: Examination): Checked {
  const hosts = all(examination.facts);
  const ahead = hosts.map(({ clockAhead }) => clockAhead).toSorted((a, b) => a - b);
  const middle = ahead[Math.floor(ahead.length / 2)] ?? 0;
  const wrong = hosts
    .filter(({ clockAhead }) => Math.abs(clockAhead - middle) > CLOCK_TOLERANCE_SECONDS)
    .map(({ name, clockAhead }) => {
      const seconds = Math.round(Math.abs(clockAhead - middle));
      return bad(
        name,
        `its clock is ${seconds} s ${clockAhead > middle ? 'ahead of' : 'behind'} the others'`,
        'set it right before anything else: certificates and failures are judged by it (chrony)',
      );
    });
  const here =
    hosts.length > 0 && Math.abs(middle) > CLOCK_TOLERANCE_SECONDS
      ? [
          attention(
            '',
            `the hosts' clocks are ${Math.round(Math.abs(middle))} s ${middle > 0 ? 'ahead of' : 'behind'} this machine's`,
            'one of the two is wrong: times of certificates are judged here as well',
          ),
        ]
      : [];
  const unset = examined(examination)
    .filter(([, { isClockSynchronized }]) => isClockSynchronized === false)
    .map(([name]) =>
      attention(name, 'its clock is not synchronised', 'run chrony or systemd-timesyncd there'),
    );
  return {
    summary: hosts.length === 0 ? undefined : `within ${CLOCK_TOLERANCE_SECONDS} s of each other`,
    findings: [...wrong, ...here, ...unset],
  };
}

/** Hosts that a plan leaves out, and why. */
export function checkHosts({ plan, facts }: Examination): Checked {
  if (plan instanceof OutriggerError) return { summary: undefined, findings: [] };
  const findings = plan.problems
    .filter(({ kind }) => kind === 'refused')
    .map(({ host, message, hint }) => bad(host, message, hint ?? 'mend that, then plan again'));
  const count = remoteHosts(facts).length;
  return {
    summary: `${of(count - findings.length, count)} can be nodes of this cluster`,
    findings,
  };
}

/** Whether every cluster node reaches the daemon of every host: a connection may run on any of them. */
export function checkPortsOf({ facts, reached }: Examination): Checked {
  const waiting: string[] = [];
  const findings = remoteHosts(facts).flatMap(({ name, listening, units }): readonly Found[] => {
    const { address, port } = facts.servers.get(name) ?? { address: name, port: DEFAULT_PORT };
    if (!listening.includes(port)) {
      if (units[REMOTE_UNIT]?.activeState === 'active')
        return [
          bad(
            name,
            `pacemaker_remote is active, and nothing listens on port ${port}`,
            'look at /var/log/pacemaker/pacemaker.log there: with unusable credentials, or another PCMK_remote_port, it does not listen there',
          ),
        ];
      waiting.push(name);
      return [];
    }
    const lost = [...reached].filter(([, nodes]) => nodes?.has(name) === false);
    if (lost.length === 0) return [];
    const from = lost.map(([member]) => member).sort();
    return [
      bad(
        name,
        `${address} port ${port} cannot be reached from ${from.join(', ')}`,
        `open ${port}/tcp for every cluster node on the way there: a connection that moves to ${from[0] ?? 'it'} would fail, and the node be fenced`,
      ),
    ];
  });
  const unasked = [...reached].flatMap(([member, nodes]) =>
    nodes === undefined
      ? [attention(member, 'did not tell which hosts it reaches', 'run it again')]
      : [],
  );
  const tried = remoteHosts(facts).length - waiting.length;
  const told = [
    ...(tried > 0
      ? [`${of(tried - findings.length, tried)} reached from ${reached.size} cluster nodes`]
      : []),
    ...(waiting.length > 0 ? [`nothing listens yet on ${waiting.length}`] : []),
  ];
  const summary = reached.size === 0 ? undefined : told.join('; ');
  return { summary, findings: [...findings, ...unasked] };
}

/** Keys that differ, and what is not as written; whose key it is is told, never what it is. */
export function checkCredentialsInUse({ facts, plan }: Examination): Checked {
  const members = [...facts.clusterNodes.values()];
  const connected = facts.cluster === undefined ? [] : connectedNames(facts.cluster.cib);
  const isIn = (name: string): boolean => facts.clusterNodes.has(name) || connected.includes(name);
  const holders = all(facts).filter(({ authkey }) => authkey.digest !== undefined);
  const [first] = members.filter(({ authkey }) => authkey.digest !== undefined);
  const other = holders.filter(({ authkey }) => authkey.digest !== first?.authkey.digest);
  const keys = other
    .filter(({ name }) => isIn(name))
    .map(({ name }) =>
      (connected.length > 0 ? bad : attention)(
        name,
        `it holds another authkey than ${first?.name ?? ''}`,
        connected.length > 0
          ? 'see `plan`; until that is mended a connection that moves may fail, and its node be fenced'
          : 'apply gives it the same one',
      ),
    );
  const usesCertificates = members.some(({ daemonVariables = {} }) =>
    Boolean(daemonVariables['PCMK_ca_file']),
  );
  const holding = `${of(holders.length - other.length, holders.length)} hosts that have an authkey hold that of ${first?.name ?? 'the cluster'}`;
  const summary = usesCertificates ? 'certificates are in use' : holding;
  if (plan instanceof OutriggerError)
    return { summary: first === undefined ? undefined : summary, findings: keys };
  const changes = plan.plays
    .flatMap(({ changes: planned }) => planned)
    .filter(({ item, isConsequence }) => IN_USE.includes(item) && !isConsequence)
    .filter(({ host }) => isIn(host) && keys.every((found) => found.host !== host));
  const differ = [...groupBy(changes, ({ host }) => host)].map(([host, same]) => {
    const what = same.map(
      ({ item, attributes }) => `${item} (${attributes.map(({ name }) => name).join(', ')})`,
    );
    return attention(host, `not as the inventory says: ${what.join(', ')}`, 'see `plan`');
  });
  return { summary, findings: [...keys, ...differ] };
}

const IN_USE: readonly string[] = ['authkey', 'certificate', 'environment', 'pacemaker'];
