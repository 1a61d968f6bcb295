import {
  AUTHKEY_FILE,
  CERTIFICATE_ROLES,
  CLUSTER_UNIT,
  REMOTE_UNIT,
  WAITING_PAIR,
  type CertificateRole,
} from '../../pacemaker/basics/names.ts';
import type {
  AuthkeyFacts,
  CertificateFileFacts,
  HostFacts,
  UnitFacts,
} from '../../model/facts.ts';
import { printable, shorten } from '../../support/text/printable.ts';
import { OutriggerError } from '../../support/errors.ts';
import { readEnvironment } from './read-environment.ts';
import { readFirewall } from './read-firewall.ts';
import { readLocal } from './read-local.ts';
import { readUpgrades } from './read-upgrades.ts';
import {
  asCertificateFiles,
  readMadeKeys,
  readOwnCertificates,
  textOf,
} from './read-own-certificates.ts';
import { readReach } from './read-reach.ts';
import { readSeconds, readTime } from './read-time.ts';
import { linesOf, pairs, type Sections } from './sections.ts';

/** Turns the probe's sections into facts. `now` is the clock of this machine in seconds when the reply arrived. */
export function readHost(name: string, sections: Sections, now: number): HostFacts {
  const platform = pairs(linesOf(sections, 'platform'));
  const environment = linesOf(sections, 'environment');
  const clock = readClock(name, linesOf(sections, 'clock'));
  const ownCertificates = readOwnCertificates(sections, clock);
  const madeKeys = readMadeKeys(sections);
  const packages = readPackages(linesOf(sections, 'packages'));
  return {
    name,
    osId: platform['id'] ?? '',
    osIdLike: platform['idLike'] ?? '',
    osVersion: platform['version'] ?? '',
    architecture: platform['architecture'] ?? '',
    selinux: readSelinux(platform['selinux']),
    packageManager: platform['packageManager'] ?? '',
    serviceManager: platform['serviceManager'] ?? '',
    hasCorosyncConf: platform['corosyncConf'] === 'yes',
    packages,
    upgrades: readUpgrades(sections, packages),
    clockAhead: clock - now,
    environmentFile: pairs(environment)['file'],
    ...readEnvironment(environment),
    authkey: {
      ...readAuthkey(linesOf(sections, 'authkey'), clock),
      ...readReach(sections, 'authkey'),
    },
    certificates:
      ownCertificates === undefined
        ? withPublicHalf(
            withReach(
              readCertificates(
                linesOf(sections, 'certificates'),
                linesOf(sections, 'certificate_texts'),
                clock,
              ),
              sections,
            ),
            madeKeys,
          )
        : asCertificateFiles(ownCertificates),
    ownCertificates,
    madeKeys,
    waitingPair: readWaitingPair(linesOf(sections, 'waiting_pair')),
    ...readLeftFiles(linesOf(sections, 'left_files')),
    ...readUnsafeDirectories(linesOf(sections, 'unsafe_directories')),
    knowsCertificates: { yes: true, no: false }[linesOf(sections, 'capability')[0] ?? ''],
    keepsAuthkey: { life: true, minute: false }[linesOf(sections, 'key_cache')[0] ?? ''],
    daemonVariables: readDaemon(linesOf(sections, 'daemon')),
    isDaemonReplaced: linesOf(sections, 'daemon_program').includes('replaced'),
    units: readUnits(sections.get('units') ?? [], {
      [REMOTE_UNIT]: readStart(linesOf(sections, 'started')),
      [CLUSTER_UNIT]: readStart(linesOf(sections, 'cluster_started')),
    }),
    listening: readListening(linesOf(sections, 'listening')),
    isConnected: linesOf(sections, 'connected').length > 0,
    local: readLocal(sections),
    firewall: readFirewall(name, linesOf(sections, 'firewalld')),
  };
}

const readSelinux = (mode: string | undefined): HostFacts['selinux'] =>
  mode === 'enforcing' || mode === 'permissive' ? mode : 'off';

function readClock(host: string, lines: readonly string[]): number {
  const now = readSeconds(lines[0]);
  if (now !== undefined) return now;
  throw new OutriggerError('REPLY_INVALID', 'the host did not report its time', { host });
}

function readPackages(lines: readonly string[]): Readonly<Record<string, string>> {
  const versions: Record<string, string> = {};
  for (const line of lines) {
    const [name, status, version] = line.split(' ');
    if (name !== undefined && version !== undefined && status === 'installed')
      versions[name] = version;
  }
  return versions;
}

function readAuthkey(lines: readonly string[], clock: number): AuthkeyFacts {
  const found = pairs(lines);
  const [owner = '', group = '', mode = '', time = '0'] = (found['rights'] ?? '').split(' ');
  return {
    path: found['path'] ?? AUTHKEY_FILE,
    digest: /^[0-9a-f]{64}$/.exec(found['digest'] ?? '')?.[0],
    owner,
    group,
    mode,
    modifiedAt: readTime(time, clock),
  };
}

function readCertificates(
  lines: readonly string[],
  texts: readonly string[],
  clock: number,
): HostFacts['certificates'] {
  const files: Partial<Record<CertificateRole, CertificateFileFacts>> = {};
  for (const line of lines) {
    const [name, digest = '', owner = '', group = '', mode = '', time = '0'] = line.split(' ');
    const role = CERTIFICATE_ROLES.find((each) => each === name);
    if (role !== undefined && /^[0-9a-f]{64}$/.test(digest))
      files[role] = {
        digest,
        owner,
        group,
        mode,
        modifiedAt: readTime(time, clock),
        pem: textOf(texts, role),
      };
  }
  return files;
}

const withReach = (
  files: HostFacts['certificates'],
  sections: Sections,
): HostFacts['certificates'] =>
  Object.fromEntries(
    CERTIFICATE_ROLES.flatMap((role) => {
      const file = files[role];
      return file === undefined ? [] : [[role, { ...file, ...readReach(sections, role) }]];
    }),
  );

const readWaitingPair = (lines: readonly string[]): HostFacts['waitingPair'] =>
  Object.values(WAITING_PAIR).filter((path) => lines.includes(path));

/** More than a few are of no use to anybody. */
function readLeftFiles(lines: readonly string[]): Pick<HostFacts, 'leftFiles'> {
  const leftFiles = lines.filter((path) => /^\/[\w./-]{1,500}$/.test(path)).slice(0, 50);
  return leftFiles.length === 0 ? {} : { leftFiles };
}

function readUnsafeDirectories(lines: readonly string[]): Pick<HostFacts, 'unsafeDirectories'> {
  const unsafeDirectories = lines.slice(0, 3).map((line) => shorten(printable(line), 400));
  return unsafeDirectories.length === 0 ? {} : { unsafeDirectories };
}

/** A key that was made there is known by its public half alone. */
const withPublicHalf = (
  files: HostFacts['certificates'],
  madeKeys: HostFacts['madeKeys'],
): HostFacts['certificates'] =>
  madeKeys === undefined || files.key === undefined
    ? files
    : { ...files, key: { ...files.key, digest: madeKeys.inUse?.publicDigest ?? '' } };

function readDaemon([state, ...lines]: readonly string[]): HostFacts['daemonVariables'] {
  return state === 'running' ? pairs(lines) : undefined;
}

/** D-Bus prints the type before the value: `t 1795354772747382`; 0 means never. */
function readStart(lines: readonly string[]): number | undefined {
  const microseconds = /^t ([1-9]\d{0,16})$/.exec(lines[0] ?? '')?.[1];
  return microseconds === undefined ? undefined : Number(microseconds) / 1e6;
}

function readUnits(
  lines: readonly string[],
  startedAt: Readonly<Record<string, number | undefined>>,
): Readonly<Record<string, UnitFacts>> {
  const units: Record<string, UnitFacts> = {};
  for (const block of lines.join('\n').split('\n\n')) {
    const shown = pairs(block.split('\n'));
    const id = shown['Id'];
    if (id === undefined) continue;
    units[id] = {
      loadState: shown['LoadState'] ?? '',
      activeState: shown['ActiveState'] ?? '',
      unitFileState: shown['UnitFileState'] ?? '',
      startedAt: startedAt[id],
    };
  }
  return units;
}

// The kernel prints addresses as hexadecimal words in the host's byte order (proc(5), /proc/net/tcp).
const LOOPBACK = /^(?:(?:0000000000000000FFFF0000)?[0-9A-F]{6}7F|0{24}01000000)$/;

function readListening(lines: readonly string[]): readonly number[] {
  const ports = new Set<number>();
  for (const line of lines) {
    const [address = '', port = ''] = line.split(':');
    if (/^[0-9A-F]{4}$/.test(port) && !LOOPBACK.test(address)) ports.add(Number.parseInt(port, 16));
  }
  return [...ports].sort((a, b) => a - b);
}
