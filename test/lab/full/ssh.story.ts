/**
 * SSH as it is in the wild: one bastion before everything, sudo that asks, strange login shells in another language,
 * servers that allow little at a time, and IPv6 behind a firewall. Fencing is on.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { labDown, labUp } from '../lab.ts';
import type { Lab } from '../lab.ts';
import { address6Of } from '../network.ts';
import {
  applied,
  assertInSync,
  assertQuiet,
  isStarted,
  outrigger,
  type PlanDocument,
} from '../outrigger.ts';
import { assertNothingLeft, skipWithoutLab } from '../story-run.ts';

const NAME = 'story-ssh';
const BASTION = 'h4';
const BEHIND = ['c1', 'c2', 'h1', 'h2', 'h3'];
const TCSH = '/bin/tcsh';
const PASSWORD = 'lab password';

/** Little at a time: two sessions in a connection, three logins under way. */
const FRUGAL = 'MaxSessions 2\nMaxStartups 3:30:10\nBanner /etc/issue.net\n';

/** What a login shell of these prints before it does what it is told to. */
const TALK = `echo 'Willkommen auf dieser Maschine!'
printf '\\033]0;alpha\\007Letzte Anmeldung: nie, ohne Zeilenende'
`;

describe('SSH in the wild', function () {
  let lab: Lab;
  let folder: string;

  before(async function () {
    skipWithoutLab(this);
    lab = await labUp({ name: NAME, replace: true, bareHosts: 4, firewalld: 2, fencing: true });
    folder = join(lab.dir, 'seat');
    mkdirSync(folder);
    for (const host of BEHIND) await lab.block('control', host, 22);
    await Promise.all([makeStrange('h1', 'csh'), makeStrange('h2', 'bash'), beFrugal(BASTION)]);
    await beFrugal('h2');
    writeFileSync(join(folder, 'sudo'), `${PASSWORD}\n`, { mode: 0o600 });
    const askpass = `#!/bin/sh\n[ "$2" = 'sudo password of asker:' ] && cat "$1"\n`;
    writeFileSync(join(folder, 'askpass'), askpass, { mode: 0o700 });
  });

  after(async () => {
    await labDown(NAME);
  });

  afterEach(async function () {
    if (this.currentTest?.state === 'passed') await assertQuiet(lab);
  });

  const beFrugal = (host: string): Promise<string> =>
    lab.sh(host, 'cat >/etc/ssh/sshd_config.d/frugal.conf && systemctl reload ssh', {
      stdin: FRUGAL,
    });

  /** Gives `asker` a login shell that talks, on a host that speaks German. */
  async function makeStrange(host: string, shell: 'csh' | 'bash'): Promise<void> {
    await lab.sh(host, 'echo LANG=de_DE.UTF-8 >/etc/default/locale; cat >/etc/environment', {
      stdin: 'LANG=de_DE.UTF-8\nLC_ALL=de_DE.UTF-8\nLANGUAGE=de\n',
    });
    if (shell === 'bash') {
      const rc = `${TALK}ls /nirgends\n`;
      await lab.sh(host, 'cat - /home/asker/.bashrc >/tmp/rc && mv /tmp/rc /home/asker/.bashrc', {
        stdin: rc,
      });
      return;
    }
    // There is no csh in the images; this one needs nothing that they have not.
    assert.ok(existsSync(TCSH), `the story needs ${TCSH} on this machine`);
    await lab.sh(host, 'cat >/bin/tcsh && chmod 755 /bin/tcsh && usermod -s /bin/tcsh asker', {
      stdin: readFileSync(TCSH),
    });
    await lab.sh(host, 'cat >/home/asker/.cshrc', { stdin: `${TALK}ls /nirgends\n` });
  }

  /** The operator's ssh_config: aliases, and everything behind the bastion. */
  const sshConfig = (): string => {
    const known = join(lab.sshDir, 'known_hosts');
    const aliases = BEHIND.map((host) => {
      const address = lab.addresses[host] ?? '';
      return `Host ${host}-ssh\n  HostName ${host === 'h3' ? address6Of(address) : address}\n`;
    });
    writeFileSync(join(folder, 'aliases'), aliases.join(''));
    const path = join(folder, 'ssh_config');
    writeFileSync(
      path,
      `Include ${folder}/alias*
Host bastion
  HostName ${lab.addresses[BASTION] ?? ''}
  User sudoer
Match originalhost *-ssh
  ProxyJump bastion
Host *
  IdentityFile ${join(lab.sshDir, 'id_ed25519')}
  IdentitiesOnly yes
  UserKnownHostsFile ${known}
`,
    );
    return path;
  };

  const inventory = (connection: object = {}): string => {
    const asker = { user: 'asker', become: 'sudo' };
    const [h1 = '', h2 = '', h3 = ''] = ['h1', 'h2', 'h3'].map((host) => lab.addresses[host]);
    const passwordFile = { file: join(folder, 'sudo') };
    const askpass = { askpass: [join(folder, 'askpass'), join(folder, 'sudo')] };
    const document = {
      apiVersion: 'outrigger/v1',
      cluster: { name: lab.name },
      connection: { sshConfig: sshConfig(), ...connection },
      clusterNodes: ['c1', 'c2'].map((name) => ({ name, address: `${name}-ssh` })),
      remoteNodes: [
        {
          name: 'r1',
          address: 'h1-ssh',
          server: h1,
          connection: { ...asker, becomePassword: passwordFile },
        },
        {
          name: 'r2',
          address: 'h2-ssh',
          server: h2,
          connection: { ...asker, becomePassword: askpass },
        },
        {
          name: 'r3',
          address: 'h3-ssh',
          server: address6Of(h3),
          connection: { user: 'sudoer', become: 'sudo' },
        },
      ],
    };
    const path = join(folder, 'inventory.yml');
    writeFileSync(path, JSON.stringify(document, undefined, 2));
    return path;
  };

  const logins = async (host: string): Promise<string[]> =>
    (await lab.sh(host, 'journalctl -b -o cat -t sshd -t sshd-session | grep ^Accepted || true'))
      .split('\n')
      .filter(Boolean);
  const failedPasswords = async (host: string): Promise<number> =>
    Number(
      await lab.sh(host, 'journalctl -b -o cat -t sudo | grep -c "authentication failure" || true'),
    );
  const planned = async (path: string): Promise<PlanDocument & { code: number }> => {
    const { code, stdout, stderr } = await outrigger(lab, ['plan', '--json', '-i', path]);
    assert.ok(stdout.startsWith('{'), `plan: exit ${code}\n${stderr}${stdout}`);
    return { ...(JSON.parse(stdout) as PlanDocument), code };
  };

  it('plans for all through one login at the bastion', async () => {
    const { code, problems } = await planned(inventory());
    assert.deepEqual([problems, code], [[], 0]);
    assert.equal((await logins(BASTION)).length, 1);
    for (const host of BEHIND) {
      const [only, ...more] = await logins(host);
      assert.match(only ?? '', new RegExp(`from (${lab.addresses[BASTION] ?? ''}|fd00:77::1:4) `));
      assert.deepEqual(more, []);
    }
  });

  it('joins them, and opens the firewall for the IPv6 addresses of the cluster nodes', async () => {
    await applied(lab, 0, ['-i', inventory(), '--batch', '100%']);
    assert.equal((await logins(BASTION)).length, 2);
    for (const name of ['r1', 'r2', 'r3']) assert.ok(await isStarted(lab, name), name);
    const cib = await lab.sh('c1', 'cibadmin -Q');
    assert.match(cib, /name="server" value="fd00:77::1:3"/);
    const rules = await lab.sh('h3', 'firewall-cmd --permanent --list-rich-rules');
    for (const address of ['fd00:77::0:11', 'fd00:77::0:12'].map(shortened)) {
      assert.ok(rules.includes(`rule family="ipv6" source address="${address}"`), rules);
    }
    assert.match(
      await lab.sh('h3', "ss -Htn state established '( sport = :3121 )'"),
      /\[fd00:77::1:3\]:3121/,
    );
    await assertInSync(lab, inventory());
    await assertNothingLeft(lab);
  });

  it('tries a wrong sudo password once, on one host', async () => {
    const before = (await failedPasswords('h1')) + (await failedPasswords('h2'));
    const shared = JSON.parse(readFileSync(inventory(), 'utf8')) as {
      remoteNodes: { connection: object }[];
    };
    const wrong = join(folder, 'wrong');
    writeFileSync(wrong, 'not the password\n', { mode: 0o600 });
    for (const node of shared.remoteNodes.slice(0, 2)) {
      node.connection = { ...node.connection, becomePassword: { file: wrong } };
    }
    const path = join(folder, 'wrong.yml');
    writeFileSync(path, JSON.stringify(shared));
    const { code, problems } = await planned(path);
    assert.equal(code, 3);
    assert.deepEqual(problems.map(({ host }) => host).sort(), ['r1', 'r2']);
    const messages = problems.map(({ message }) => message).sort();
    assert.match(messages[0] ?? '', /^sudo rejected the password of asker/);
    assert.match(
      messages[1] ?? '',
      /^the sudo password of asker was not tried on this host, because r\d/,
    );
    const after = (await failedPasswords('h1')) + (await failedPasswords('h2'));
    assert.equal(after - before, 1);
  });

  it('refuses one changed host key, and does the others', async () => {
    const path = inventory();
    const known = join(lab.sshDir, 'known_hosts');
    const lines = readFileSync(known, 'utf8').trimEnd().split('\n');
    const keyOf = (host: string): string =>
      lines.find((line) => line.startsWith(`${host},`))?.split(' ')[2] ?? '';
    const changed = lines.map((line) =>
      line.startsWith('h2,') ? line.replace(keyOf('h2'), keyOf('h1')) : line,
    );
    writeFileSync(known, `${changed.join('\n')}\n`);
    try {
      const { code, problems } = await planned(path);
      assert.equal(code, 3);
      assert.deepEqual(
        problems.map(({ host, code: why }) => [host, why]),
        [['r2', 'HOST_KEY_CHANGED']],
      );
      const line = changed.findIndex((text) => text.startsWith('h2,')) + 1;
      assert.ok(problems[0]?.message.includes(`${known}:${line}`), problems[0]?.message);
    } finally {
      writeFileSync(known, `${lines.join('\n')}\n`);
    }
    await assertInSync(lab, path);
  });
});

/** As the kernel prints it. */
const shortened = (address: string): string => new URL(`http://[${address}]`).hostname.slice(1, -1);
