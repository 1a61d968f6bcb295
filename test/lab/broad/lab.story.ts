/** Proves the lab itself: what later stories rely on without looking. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { environmentFilesAsSystemd } from '../host-readers.ts';
import { remnants } from '../down.ts';
import { labDown, labOpen, labUp } from '../lab.ts';
import type { Lab } from '../lab.ts';
import { tsxLoader } from '../power.ts';
import { skipWithoutLab } from '../story-run.ts';
import { waitFor } from '../wait.ts';

const NAME = 'story-lab';
const MAIN = join(import.meta.dirname, '..', 'main.ts');

/** Processes (dead ones that wait for their parent aside) and mounts that still name a lab. */
function traces(name: string): string[] {
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  const commands = readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(commandLine);
  const mark = new RegExp(`(lab-|outrigger-lab/|machine=|outrigger-)${name}\\b`);
  return [...mounts, ...commands].filter((line) => mark.test(line));
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

describe('the lab', function () {
  let lab: Lab;

  before(async function () {
    skipWithoutLab(this);
    lab = await labUp({ name: NAME, replace: true, remoteNames: { storage1: 'h2' } });
  });

  after(async () => {
    await labDown(NAME);
  });

  /** When the host's systemd was started; the boot id is this machine's own. */
  const bornAt = (host: string) => lab.sh(host, "awk '{print $22}' /proc/1/stat");
  const ssh = (user: string, host: string, ...command: string[]) =>
    lab.control([
      'ssh',
      '-F',
      join(lab.sshDir, 'config'),
      '-o',
      'BatchMode=yes',
      `${user}@${host}`,
      ...command,
    ]);

  it('answers ssh on every host, with strict host keys, for root and for a sudoer', async () => {
    for (const host of lab.hosts) {
      assert.deepEqual(await ssh('root', host.name, 'hostname'), ok(`${host.name}\n`));
      assert.deepEqual(await ssh('sudoer', host.name, 'sudo', '-n', 'id', '-un'), ok('root\n'));
    }
    const asker = await ssh('asker', 'h1', 'sudo', '-n', 'true');
    assert.notEqual(asker.code, 0, 'asker must be asked for a password');
  });

  it('has a healthy cluster that knows every host by its fence device', async () => {
    assert.match(await lab.crmMon(), /<current_dc present="true"/);
    for (const host of lab.hosts) {
      assert.equal(
        (await lab.sh(host.name, 'systemctl is-system-running --wait')).trim(),
        'running',
      );
    }
    for (const node of ['h1', 'r1', 'storage1', 'c2']) {
      assert.match(await lab.sh('c1', `stonith_admin -l ${node}`), /^fencing$/m);
    }
    assert.match(await lab.fenceHistory(), /^0 events found$/m);
    assert.deepEqual(await lab.powerLog(), []);
  });

  it('gives cluster nodes keys of their own, as Debian does', async () => {
    const key = async (host: string) =>
      await lab.sh(
        host,
        'stat -c %a:%U:%G:%s /etc/pacemaker/authkey; sha256sum </etc/pacemaker/authkey',
      );
    assert.match(await key('c1'), /^640:root:haclient:4096\n/);
    assert.notEqual(await key('c1'), await key('c2'));
  });

  it('has bare hosts without Pacemaker, and firewalld on the last of them only', async () => {
    for (const host of ['h1', 'h2', 'h3']) {
      const { stdout } = await lab.exec(
        host,
        'ls -d /etc/pacemaker /usr/sbin/pacemaker* 2>/dev/null',
      );
      assert.equal(stdout, '');
    }
    assert.equal((await lab.exec('h1', 'command -v firewall-cmd')).stdout, '');
    assert.equal(await lab.sh('h3', 'firewall-cmd --state'), 'running\n');
  });

  it('passes input, output, exit codes, time limits and signals', async () => {
    const result = await lab.exec('h1', 'cat; echo bad >&2; exit 7', { stdin: 'grüße\n' });
    assert.deepEqual(result, { code: 7, stdout: 'grüße\n', stderr: 'bad\n' });
    await assert.rejects(
      lab.exec('h1', 'sleep 61.5', { timeoutMs: 200 }),
      /not done within 200 ms/,
    );
    assert.equal((await lab.exec('h1', 'pgrep -f "^sleep 61.5"')).stdout, '');
    const child = lab.controlSpawn(['sleep', '62.5'], { stdio: 'ignore' });
    await waitFor(
      'the program runs',
      5000,
      () => commandLine(String(child.pid)).startsWith('sleep') || 'not yet',
      5,
    );
    const ended = new Promise((resolve) =>
      child.once('exit', (_, signal) => {
        resolve(signal);
      }),
    );
    child.kill('SIGINT');
    assert.equal(await ended, 'SIGINT');
  });

  it('installs pacemaker-remote on a bare host without any network', async () => {
    await lab.sh('h1', 'apt-get update');
    const packages = 'pacemaker-remote pacemaker-cli-utils resource-agents';
    await lab.sh('h1', `DEBIAN_FRONTEND=noninteractive apt-get install -y --no-remove ${packages}`);
    assert.equal(await lab.sh('h1', 'systemctl is-active pacemaker_remote'), 'active\n');
    assert.notEqual(
      (await lab.exec('c1', 'apt-get install -y --no-remove pacemaker-remote')).code,
      0,
    );
  });

  it('has a systemd that reads environment files as the reader on hosts does', () =>
    environmentFilesAsSystemd(lab));

  it('closes one cluster node’s path to a port, and opens it again', async () => {
    const connect = (from: string) =>
      lab.exec(from, `timeout 1 bash -c 'exec 3<>/dev/tcp/${lab.addresses['h1'] ?? ''}/3121'`);
    // systemd calls the daemon active before it listens (pacemaker_remote.service: Type=simple).
    await waitFor(
      'the daemon listens',
      30_000,
      async () => (await connect('c1')).code === 0 || 'the connection is refused',
    );
    await lab.block('c1', 'h1', 3121);
    assert.notEqual((await connect('c1')).code, 0);
    assert.equal((await connect('c2')).code, 0);
    await lab.unblock('c1', 'h1', 3121);
    assert.equal((await connect('c1')).code, 0);
  });

  it('keeps a unit killed on one host apart from the same unit on others', async () => {
    const pid = (host: string) => lab.sh(host, 'systemctl show -P MainPID ssh');
    const [one, two] = [await pid('h1'), await pid('h2')];
    await lab.sh(
      'h1',
      'systemctl kill --signal=KILL ssh && systemctl reset-failed ssh; systemctl restart ssh',
    );
    assert.notEqual(await pid('h1'), one);
    assert.equal(await pid('h2'), two);
  });

  it('really cuts the power of a fenced host, keeps its disk, and logs it', async () => {
    await lab.sh('h1', 'echo kept >/root/kept');
    const [born, neighbour] = [await bornAt('h1'), await bornAt('h2')];
    await lab.sh('c1', 'stonith_admin --reboot r1');
    await lab.ready('h1');
    assert.notEqual(await bornAt('h1'), born);
    assert.equal(await bornAt('h2'), neighbour);
    assert.equal(lab.boots('h1'), 2);
    assert.equal(await lab.sh('h1', 'cat /root/kept'), 'kept\n');
    const events = (await lab.powerLog()).map(({ action, target, by }) => ({ action, target, by }));
    assert.deepEqual(events, [{ action: 'reboot', target: 'h1', by: 'fencing' }]);
    assert.match(await lab.fenceHistory(), /^1 event found$/m);
  });

  it('fences a cluster node whose cluster stack was killed, and it rejoins', async () => {
    await lab.clearPowerLog();
    await lab.sh('c2', 'systemctl kill --signal=KILL corosync');
    await waitFor(
      'c2 is fenced',
      60_000,
      async () => (await lab.powerLog()).length > 0 || 'not yet',
    );
    await lab.ready('c2');
    await lab.clusterReady();
    const [event] = await lab.powerLog();
    assert.deepEqual([event?.target, event?.by, event?.from], ['c2', 'fencing', 'c1']);
  });

  it('lets the operator switch power, and says that it was the operator', async () => {
    await lab.clearPowerLog();
    await lab.power('h2', 'off');
    assert.equal(lab.isOn('h2'), false);
    await assert.rejects(async () => lab.exec('h2', 'true'), /h2 is off/);
    await lab.power('h2', 'on');
    await lab.ready('h2');
    assert.deepEqual(
      (await lab.powerLog()).map(({ action, by }) => [action, by]),
      [
        ['off', 'operator'],
        ['on', 'operator'],
      ],
    );
  });

  it('gives clean hosts after a reset', async () => {
    await lab.block('c1', 'h1', 22);
    await lab.reset();
    assert.notEqual((await lab.exec('h1', 'test -e /root/kept || test -e /etc/pacemaker')).code, 0);
    assert.deepEqual([lab.boots('h1'), await lab.powerLog()], [1, []]);
    assert.equal(
      (await lab.exec('c1', `timeout 2 bash -c '</dev/tcp/${lab.addresses['h1'] ?? ''}/22'`)).code,
      0,
    );
    assert.deepEqual(await ssh('root', 'h1', 'true'), ok(''));
  });

  it('can be used by another process, and stands beside another lab', async () => {
    const other = await labUp({ name: `${NAME}-b`, clusterNodes: 0, bareHosts: 1, replace: true });
    try {
      assert.equal(await labOpen(NAME).sh('h1', 'hostname'), 'h1\n');
      await other.down();
      assert.equal(lab.isOn('h1'), true);
    } finally {
      await labDown(other.name);
    }
  });

  it('leaves nothing behind when taken down', async () => {
    assert.notDeepEqual(traces(NAME), []);
    await lab.down();
    assert.deepEqual([...remnants(NAME), ...traces(NAME)], []);
    assert.equal(existsSync(lab.dir), false);
  });

  it('leaves nothing behind when the tool was killed half-way', async () => {
    const name = `${NAME}-crash`;
    await labDown(name);
    const args = ['--import', tsxLoader(), MAIN, 'up', '--name', name, '--cluster-nodes', '1'];
    const tool = spawn(process.execPath, args, { stdio: 'ignore' });
    await waitFor(
      'the hosts are booting',
      30_000,
      () => traces(name).some((line) => line.includes('--boot')) || 'not yet',
      20,
    );
    tool.kill('SIGKILL');
    assert.notDeepEqual(remnants(name), []);
    await labDown(name);
    assert.deepEqual([...remnants(name), ...traces(name)], []);
  });
});

function ok(stdout: string) {
  return { code: 0, stdout, stderr: '' };
}
