import { DEFAULT_PORT, REMOTE_UNIT } from '../../pacemaker/basics/names.ts';
import { OutriggerError } from '../../support/errors.ts';
import { groupBy } from '../../support/text/group-by.ts';
import { attention, bad, hostCount, of, ofThose, type Checked, type Found } from './checked.ts';
import type { Examination, HostExamination } from '../../model/diagnosis.ts';
import { allHosts, clusterOnlyNodes, remoteHosts } from '../../model/facts.ts';
import { isNewerMajor } from '../notes.ts';

/** Who gave an answer, as root. */
export function checkConnections({ facts }: Examination): Checked {
  const answered = allHosts(facts).length;
  const findings = [...facts.unreachable.values()].map(({ name, message, hint }) =>
    bad(name, message, hint ?? 'make sure that outrigger can log in by SSH and become root'),
  );
  return {
    summary: `${of(answered, answered + findings.length)} hosts reachable as root`,
    findings,
  };
}

/** What runs together, and what is there that must not be newer. */
export function checkVersions({ facts }: Examination): Checked {
  const clusterNodes = [...facts.clusterNodes.values()];
  const versions = [...groupBy(clusterNodes, ({ packages }) => packages['pacemaker'] ?? 'none')];
  const mixed =
    versions.length < 2
      ? []
      : [
          attention(
            '',
            `the cluster nodes have different versions of Pacemaker: ${versions
              .map(([version, same]) => `${version} on ${same.map(({ name }) => name).join(', ')}`)
              .join('; ')}`,
            'expected during a rolling upgrade; complete it first',
          ),
        ];
  const newer = remoteHosts(facts)
    .filter((host) => isNewerMajor(host, facts))
    .map(({ name, packages }) =>
      bad(
        name,
        `its pacemaker-remote ${packages['pacemaker-remote'] ?? ''} is newer by a major version than the cluster's Pacemaker`,
        'upgrade the cluster nodes first: a remote node may be older than the cluster, but not newer',
      ),
    );
  const summary =
    clusterNodes.length === 0
      ? undefined
      : `Pacemaker ${versions.map(([version]) => version).join(', ')}`;
  return { summary, findings: [...mixed, ...newer] };
}

/** The hosts that were examined, and what each reported. */
const examined = ({ hosts }: Examination): readonly (readonly [string, HostExamination])[] =>
  [...hosts].flatMap(([name, reported]) =>
    reported instanceof OutriggerError ? [] : [[name, reported] as const],
  );

const unreachable = ({ hosts }: Examination, what: string): readonly Found[] =>
  [...hosts].flatMap(([name, reported]) =>
    reported instanceof OutriggerError
      ? [attention(name, `${what}: ${reported.message}`, reported.hint ?? 'run it again')]
      : [],
  );

/** What to do where packages cannot be had, in the words of a package manager. */
interface PackageAdvice {
  readonly notOffered: string;
  readonly unmet: string;
}

const APT: PackageAdvice = {
  notOffered: 'refresh its package lists (`apt-get update`), or add the repository that has them',
  unmet:
    'look at packages that are held or pinned there (`apt-mark showhold`, `apt-cache policy`) and at its repositories; fresh package lists may help (`apt-get update`)',
};

const DNF: PackageAdvice = {
  notOffered:
    'refresh its package lists (`dnf makecache`), or enable the repository that has them (RHEL: HighAvailability)',
  unmet:
    'look at packages that are locked or excluded there (`dnf versionlock list`, `exclude` in dnf.conf) and at which repositories are enabled (`dnf repolist`); fresh package lists may help (`dnf makecache`)',
};

/** The message of a package manager as one line: the subject first, without its markup; its general remark last. */
function unmetText(lines: readonly string[]): string {
  const isRemark = (line: string): boolean => line.startsWith('E:') && !line.endsWith(':');
  return [...lines.filter((line) => !isRemark(line)), ...lines.filter(isRemark)]
    .map((line) => line.replace(/^(?:E:|Problem:|-|\d+\.) */, '').replace(/^(\S+) : /, '$1: '))
    .map((line) => line.replace(/[.]$/, ''))
    .reduce(
      (text, line) => (text === '' ? line : `${text}${text.endsWith(':') ? ' ' : '; '}${line}`),
      '',
    );
}

/** Whether what an apply would install can be had. */
export function checkOffered(examination: Examination): Checked {
  const { facts } = examination;
  // Nothing is installed on cluster nodes, so that nothing was requested from them.
  const remote = new Map(remoteHosts(facts).map((host) => [host.name, host]));
  const lost = [...facts.unreachable.keys()].filter((name) => !isClusterNode(examination, name));
  const reported = examined(examination).filter(([name]) => remote.has(name));
  const adviceFor = (name: string): PackageAdvice =>
    remote.get(name)?.packageManager === 'apt-get' ? APT : DNF;
  const missing = reported.flatMap(([name, { notOffered }]) =>
    notOffered.length === 0
      ? []
      : [
          bad(
            name,
            `its package repositories do not offer ${notOffered.join(', ')}`,
            adviceFor(name).notOffered,
          ),
        ],
  );
  const unmet = reported.flatMap(([name, { unmet: lines }]) =>
    lines.length === 0
      ? []
      : [
          bad(
            name,
            `missing packages cannot be installed: ${unmetText(lines)}`,
            adviceFor(name).unmet,
          ),
        ],
  );
  return {
    summary: ofThose(
      reported.length,
      remote.size + lost.length,
      'missing packages can be installed',
    ),
    findings: [
      ...missing,
      ...unmet,
      ...unreachable(examination, 'packages, clock and disk space could not be read'),
    ],
  };
}

const isClusterNode = ({ clusterNodes }: Examination, name: string): boolean =>
  clusterNodes.includes(name);

const LEAST_FREE_KIB = 200 * 1024;

/** An installation, and every file that is written beside its target, need room. */
export function checkSpace(examination: Examination): Checked {
  const reported = examined(examination).filter(([, { freeKiB }]) => freeKiB.length > 0);
  const findings = reported.flatMap(([name, { freeKiB }]) => {
    const short = freeKiB.filter(({ free }) => free < LEAST_FREE_KIB);
    if (short.length === 0) return [];
    const where = short.map(
      ({ directory, free }) => `${Math.floor(free / 1024)} MiB at ${directory}`,
    );
    return [
      attention(
        name,
        `little free space: ${where.join(', ')}`,
        `free disk space: an installation needs up to ${LEAST_FREE_KIB / 1024} MiB`,
      ),
    ];
  });
  const summary = ofThose(reported.length, hostCount(examination), 'sufficient on all hosts');
  return { summary, findings };
}

// Certificates are judged by each host's own clock, and clocks that jump harm a cluster.
const CLOCK_TOLERANCE_SECONDS = 60;

/** Clocks that are wrong against each other, and clocks that are not synchronized. */
export function checkClocks(examination: Examination): Checked {
  const hosts = allHosts(examination.facts);
  const ahead = hosts.map(({ clockAhead }) => clockAhead).toSorted((a, b) => a - b);
  const middle = ahead[Math.floor(ahead.length / 2)] ?? 0;
  const wrong = hosts
    .filter(({ clockAhead }) => Math.abs(clockAhead - middle) > CLOCK_TOLERANCE_SECONDS)
    .map(({ name, clockAhead }) => {
      const seconds = Math.round(Math.abs(clockAhead - middle));
      return bad(
        name,
        `its clock is ${seconds} s ${clockAhead > middle ? 'ahead of' : 'behind'} the others'`,
        'correct it first (chrony): certificates and failure times depend on it',
      );
    });
  const here =
    hosts.length > 0 && Math.abs(middle) > CLOCK_TOLERANCE_SECONDS
      ? [
          attention(
            '',
            `the hosts' clocks are ${Math.round(Math.abs(middle))} s ${middle > 0 ? 'ahead of' : 'behind'} this machine's`,
            'one of the two is wrong: the validity of certificates is also checked on this machine',
          ),
        ]
      : [];
  const unset = examined(examination)
    .filter(([, { isClockSynchronized }]) => isClockSynchronized === false)
    .map(([name]) =>
      attention(name, 'its clock is not synchronized', 'run chrony or systemd-timesyncd there'),
    );
  return {
    summary: ofThose(
      hosts.length,
      hostCount(examination),
      `within ${CLOCK_TOLERANCE_SECONDS} s of each other`,
    ),
    findings: [...wrong, ...here, ...unset],
  };
}

/** Hosts that a plan leaves out, and why. */
export function checkHosts(examination: Examination): Checked {
  const { plan, facts } = examination;
  if (plan instanceof OutriggerError) return { summary: undefined, findings: [] };
  const findings = plan.problems
    .filter(({ kind }) => kind === 'refused')
    .map(({ host, message, hint }) => bad(host, message, hint ?? 'fix this, then plan again'));
  const names = [...remoteHosts(facts).map(({ name }) => name), ...clusterOnlyNodes(facts)];
  const count = names.length;
  const refused = new Set(findings.map(({ host }) => host));
  const good = names.filter((name) => !refused.has(name)).length;
  const lost = [...facts.unreachable.keys()].filter((name) => !isClusterNode(examination, name));
  return {
    summary: ofThose(count, count + lost.length, `${of(good, count)} can be nodes of this cluster`),
    findings,
  };
}

/** Whether every cluster node reaches the daemon of every host: a connection may run on any of them. */
export function checkPortsOf(examination: Examination): Checked {
  const { facts, reached } = examination;
  const waiting: string[] = [];
  const findings = remoteHosts(facts).flatMap(({ name, listening, units }): readonly Found[] => {
    const { port } = facts.servers.get(name) ?? { port: DEFAULT_PORT };
    if (listening.includes(port)) return closedPort(name, examination);
    if (units[REMOTE_UNIT]?.activeState === 'active')
      return [
        bad(
          name,
          `pacemaker_remote is active, but nothing listens on port ${port}`,
          'check /var/log/pacemaker/pacemaker.log there: it does not listen with unusable credentials or a different PCMK_remote_port',
        ),
      ];
    waiting.push(name);
    return [];
  });
  const clusterOnly = [...clusterOnlyNodes(facts)];
  findings.push(...clusterOnly.flatMap((name) => closedPort(name, examination)));
  const unread = [...reached].flatMap(([clusterNode, nodes]) =>
    nodes === undefined
      ? [attention(clusterNode, 'did not report which hosts it reaches', 'run it again')]
      : [],
  );
  const tried = remoteHosts(facts).length + clusterOnly.length - waiting.length;
  const checked = [...reached.values()].filter((nodes) => nodes !== undefined).length;
  const reported = [
    ...(tried > 0
      ? [`${of(tried - findings.length, tried)} reachable from ${checked} cluster nodes`]
      : []),
    ...(waiting.length > 0 ? [`nothing listens yet on ${waiting.length}`] : []),
  ];
  const summary = checked === 0 || reported.length === 0 ? undefined : reported.join('; ');
  return { summary, findings: [...findings, ...unread] };
}

/** From which cluster nodes a port that should be open is not reached. */
function closedPort(name: string, { facts, reached }: Examination): readonly Found[] {
  const { address, port } = facts.servers.get(name) ?? { address: name, port: DEFAULT_PORT };
  const lost = [...reached].filter(([, nodes]) => nodes?.has(name) === false);
  if (lost.length === 0) return [];
  const from = lost.map(([clusterNode]) => clusterNode).sort();
  return [
    bad(
      name,
      `${address} port ${port} cannot be reached from ${from.join(', ')}`,
      `open ${port}/tcp for all cluster nodes: a connection that moves to ${from[0] ?? 'it'} would fail, and the node would be fenced`,
    ),
  ];
}
