/** Running programs inside a host: without going through its network, unless it is a domain. */
import { join } from 'node:path';
import { findHost, leaderOf } from './hosts.ts';
import { inNetwork } from './network.ts';
import { run } from './run.ts';
import type { Result } from './run.ts';
import { sshDirOf } from './ssh.ts';
import type { LabRecord } from './types.ts';

export type ExecOptions = { stdin?: string | Uint8Array; timeoutMs?: number };

/** A clean environment, so that nothing of the machine's own leaks into a host. */
const ENVIRONMENT = [
  'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  'HOME=/root',
  'LANG=C.UTF-8',
  'TERM=dumb',
];

/** Argv that runs `argv` in the host's namespaces; a domain has a kernel of its own, so there it is by SSH. */
export function inHost(lab: LabRecord, host: string, argv: readonly string[]): string[] {
  if (findHost(lab, host).kind === 'domain') return overSsh(lab, host, argv);
  const leader = leaderOf(lab.settings.name, host);
  if (leader === undefined) throw new Error(`lab: ${host} is off`);
  return [
    '/usr/bin/nsenter',
    '-t',
    String(leader),
    '-m',
    '-u',
    '-i',
    '-n',
    '-p',
    '--',
    '/usr/bin/env',
    '-i',
    ...ENVIRONMENT,
    ...argv,
  ];
}

/** The socket of the one connection to a domain that all our programs share: a handshake takes seconds there. */
export const controlSocket = (lab: LabRecord, domain: string): string =>
  join(sshDirOf(lab.dir), `control-${domain}`);

function overSsh(lab: LabRecord, domain: string, argv: readonly string[]): string[] {
  const options = {
    LogLevel: 'ERROR',
    BatchMode: 'yes',
    ConnectTimeout: '60',
    ControlMaster: 'auto',
    ControlPersist: 'yes',
    ControlPath: controlSocket(lab, domain),
  };
  const command = ['/usr/bin/env', '-i', ...ENVIRONMENT, ...argv].map(quoted).join(' ');
  return inNetwork(lab.settings.name, [
    'ssh',
    '-F',
    join(sshDirOf(lab.dir), 'config'),
    ...Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]),
    domain,
    command,
  ]);
}

/** A word for the shell at the other end. */
const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

/** Runs a script in a host's own /bin/sh. */
export function execIn(
  lab: LabRecord,
  host: string,
  script: string,
  options: ExecOptions = {},
): Promise<Result> {
  return run(inHost(lab, host, ['/bin/sh', '-c', script]), options);
}
