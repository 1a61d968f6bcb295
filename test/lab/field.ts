/** What operators do to hosts by hand, and how to look at what came of it. */
import assert from 'node:assert/strict';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Lab } from './handle.ts';
import { isStarted, outrigger, settled } from './outrigger.ts';
import { makePki } from './pki.ts';
import { waitFor } from './wait.ts';

export const ENVIRONMENT = '/etc/default/pacemaker';
export const KEY = '/etc/pacemaker/authkey';

/** Everybody could read it, were it not for its directory. */
export const OPEN_KEY = `chown root:root ${KEY} && chmod 644 ${KEY}`;

/** Certificates with names of an operator's own. */
const handFile = (of: string): string => `/etc/pacemaker/hand-${of}.pem`;
const VARIABLES = ['ca', 'cert', 'key'].map((of) => `PCMK_${of}_file=${handFile(of)}`);
export const ADD_BY_HAND = `printf '%s\\n' ${VARIABLES.join(' ')} >>${ENVIRONMENT}`;

type Finding = { level: string; host: string | null; message: string };

/** What doctor finds bad, as `check host: message`. */
export async function badIn(lab: Lab, inventory: string): Promise<string[]> {
  const { stdout, stderr } = await outrigger(lab, ['doctor', '--json', '-i', inventory]);
  assert.ok(stdout.startsWith('{'), stderr);
  const { checks } = JSON.parse(stdout) as { checks: { check: string; findings: Finding[] }[] };
  return checks.flatMap(({ check, findings }) =>
    findings.flatMap(({ level, host, message }) =>
      level === 'bad' ? [`${check} ${host ?? '-'}: ${message}`] : [],
    ),
  );
}

/** Does something while the cluster leaves everything alone, and fences nobody. */
export async function inMaintenance(lab: Lab, work: () => Promise<void>): Promise<void> {
  const option = 'crm_attribute --type crm_config -n maintenance-mode';
  await lab.sh('c1', `${option} -v true`);
  await settled(lab);
  await work();
  await lab.sh('c1', `${option} --delete`);
}

/** Waits until these nodes are in and nothing is under way. */
export async function allIn(lab: Lab, ...names: string[]): Promise<void> {
  for (const name of names)
    await waitFor(`${name} is in`, 90_000, async () => (await isStarted(lab, name)) || 'not yet');
  await settled(lab);
}

/** When pacemaker_remote was started there. */
export const startOf = (lab: Lab, host: string): Promise<string> =>
  lab.sh(host, 'systemctl show --property=ExecMainStartTimestampMonotonic pacemaker_remote');

/** The addresses on which something listens at the port of Pacemaker Remote. */
export const listensOn = (lab: Lab, host: string): Promise<string> =>
  lab.sh(host, "ss -Hltn 'sport = :3121' | awk '{ print $4 }'");

/** The DC, as a cluster node sees it. */
export const dcFrom = async (lab: Lab, node: string): Promise<string> =>
  (await lab.sh(node, "timeout 5 crmadmin -D -q | awk '{ print $NF }'")).trim();

/** Installs certificates of an authority under the names of an operator's own. */
export async function installByName(lab: Lab, host: string): Promise<void> {
  const { dir } = await makePki(lab, [host]);
  for (const [of, file] of [
    ['ca', 'ca.pem'],
    ['cert', `${host}.pem`],
    ['key', `${host}.key`],
  ] as const) {
    const path = handFile(of);
    const put = `umask 077; cat >${path}; chgrp haclient ${path}; chmod 640 ${path}`;
    await lab.sh(host, put, { stdin: readFileSync(join(dir, file), 'utf8') });
  }
}

/** Certificates for keys that are made on the hosts, signed by a program: what an inventory says of them. */
export async function signedRequests(lab: Lab): Promise<Record<string, unknown>> {
  const { dir, authority } = await makePki(lab, []);
  const [key, sign] = [join(dir, 'authority.key'), join(dir, 'sign')];
  writeFileSync(key, authority.key, { mode: 0o600 });
  const command = `openssl x509 -req -days 365 -copy_extensions copyall -CA ${dir}/ca.pem -CAkey ${key}`;
  writeFileSync(sign, `#!/bin/sh\nexec ${command}\n`);
  chmodSync(sign, 0o755);
  const [ca, certificate] = [join(dir, 'ca.pem'), join(dir, '{node}.pem')];
  return { method: 'x509', x509: { ca, certificate, sign: [sign] } };
}
