/** Hosts on which something is wrong, made so by hand. */
import assert from 'node:assert/strict';
import type { Lab } from './handle.ts';
import { applied, assertQuiet, tracesOf } from './outrigger.ts';

const DROP_IN = '/etc/systemd/system/pacemaker_remote.service.d';
const PACKAGES = 'pacemaker-remote pacemaker-cli-utils resource-agents';

/** Debian's packages with a random key, the daemon running with it. */
export const installByHand = (lab: Lab, host: string, more = ''): Promise<string> =>
  lab.sh(
    host,
    `DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-remove --no-install-recommends ${PACKAGES} ${more}`,
    { timeoutMs: 900_000 },
  );

/** Puts another key in the place of the right one; who reads it keeps the old one for up to a minute. */
export const swapKey = (lab: Lab, host: string): Promise<string> =>
  lab.sh(host, 'head -c 256 /dev/urandom >/etc/pacemaker/authkey');

/** The daemon takes its key from a place that nobody looks at: files, unit and port are right, the handshake fails. */
export const forceFailure = (lab: Lab, host: string): Promise<string> =>
  lab.sh(
    host,
    `mkdir -p ${DROP_IN} && head -c 256 /dev/urandom >/root/other-key &&
     printf '[Service]\\nEnvironment=PCMK_authkey_location=/root/other-key\\n' >${DROP_IN}/key.conf &&
     systemctl daemon-reload && systemctl restart pacemaker_remote`,
  );

export const unforce = (lab: Lab, host: string): Promise<string> =>
  lab.sh(
    host,
    `rm ${DROP_IN}/key.conf && systemctl daemon-reload && systemctl restart pacemaker_remote`,
  );

/** The daemon does not come up any more. */
export const breakDaemon = (lab: Lab, host: string): Promise<string> =>
  lab.sh(
    host,
    `mkdir -p ${DROP_IN} && printf '[Service]\\nExecStart=\\nExecStart=/bin/false\\n' >${DROP_IN}/dead.conf &&
     systemctl daemon-reload`,
  );

export const mendDaemon = (lab: Lab, host: string): Promise<string> =>
  lab.sh(host, `rm ${DROP_IN}/dead.conf && systemctl daemon-reload`);

/** Applies, and asserts that these joins fail, are told in the cluster's own words, and leave nothing behind. */
export async function failForced(
  lab: Lab,
  inventory: string,
  names: readonly string[],
): Promise<void> {
  const { failures, lines, stdout } = await applied(lab, 4, ['-i', inventory, '--batch', '100%']);
  assert.ok(lines.some((line) => line.type === 'cib-written' && line.purpose === 'undo-delete'));
  const status = await lab.crmMon();
  for (const name of names) {
    assert.match(
      failures[name] ?? stdout,
      /^node-online: .*start on c[12]: Key was rejected by service.*; the join was rolled back$/,
    );
    assert.deepEqual(await tracesOf(lab, name), []);
    assert.doesNotMatch(status, new RegExp(`"${name}"`));
  }
  await assertQuiet(lab);
}
