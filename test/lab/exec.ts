/** Running programs inside a host without going through its network. */
import { findHost, leaderOf } from './hosts.ts';
import { run } from './run.ts';
import type { Result } from './run.ts';
import type { LabRecord } from './types.ts';

export type ExecOptions = { stdin?: string | Uint8Array; timeoutMs?: number };

/** A clean environment, so that nothing of the machine's own leaks into a host. */
const ENVIRONMENT = [
  'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  'HOME=/root',
  'LANG=C.UTF-8',
  'TERM=dumb',
];

/** Argv that runs `argv` in the host's namespaces. */
export function inHost(lab: LabRecord, host: string, argv: readonly string[]): string[] {
  const leader = leaderOf(lab.settings.name, findHost(lab, host).name);
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

/** Runs a script in a host's own /bin/sh. */
export function execIn(
  lab: LabRecord,
  host: string,
  script: string,
  options: ExecOptions = {},
): Promise<Result> {
  return run(inHost(lab, host, ['/bin/sh', '-c', script]), options);
}
