/** Twenty hosts, and some of them dead, cut off or silent: the others are done, in hardly more time, and nothing is hidden. */
import assert from 'node:assert/strict';
import { select } from '../../../src/inventory/select.ts';
import { labDown, labUp } from '../lab.ts';
import type { Lab } from '../lab.ts';
import {
  applied,
  assertInSync,
  assertQuiet,
  outrigger,
  plan,
  settled,
  writeInventory,
} from '../outrigger.ts';
import type { Applied } from '../outrigger.ts';
import { skipWithoutLab } from '../story-run.ts';

const NAME = 'story-fleet';

const CONNECT_TIMEOUT_S = 10;
/** h16 to h19 are waited for until that is over: one after the other they would cost four times as much. */
const ONE_BY_ONE_S = 4 * CONNECT_TIMEOUT_S;

const names = Array.from({ length: 20 }, (_, index) => `h${index + 1}`);

/** What is wrong with a host, and what the plan says of it. */
const BAD: Readonly<Record<string, RegExp>> = {
  h16: /the SSH handshake did not finish within 10 s/, // accepts and says nothing
  h17: /no route to the host|no response within 10 s|the host is down/, // off
  h18: /no route to the host|no response within 10 s|the host is down/,
  h19: /no response within 10 s/, // packets are dropped
  h20: /connection refused/,
};
const bad = Object.keys(BAD);
const good = names.filter((name) => !bad.includes(name));
/** Loses its power while its packages are being installed. */
const DIES = 'h15';

/** Takes connections, as the kernel does for whoever listens, and never says a word. */
const LISTEN =
  'socket(S, PF_INET, SOCK_STREAM, 0); setsockopt(S, SOL_SOCKET, SO_REUSEADDR, 1); bind(S, sockaddr_in(22, INADDR_ANY)) or die; listen(S, 9); sleep';
const SILENT = `systemctl stop ssh.socket ssh.service; systemd-run --quiet --unit=silent perl -MSocket -e '${LISTEN}'`;
const SPEAKING = 'systemctl stop silent; systemctl start ssh';

describe('a fleet in which some hosts do not answer', function () {
  let lab: Lab;
  let inventory: string;

  before(async function () {
    skipWithoutLab(this);
    lab = await labUp({ name: NAME, replace: true, bareHosts: names.length, firewalld: 0 });
    inventory = writeInventory(lab, {
      connectTimeout: `${CONNECT_TIMEOUT_S}s`,
      groups: { idle: {}, busy: {} },
      remoteNodes: names.map((name, index) => ({
        name,
        host: name,
        group: index % 2 === 0 ? 'idle' : 'busy',
      })),
    });
  });

  after(async () => {
    await labDown(NAME);
  });

  const timed = async (...args: string[]): Promise<number> => {
    const began = performance.now();
    await outrigger(lab, ['plan', '--json', '-i', inventory, ...args]);
    return (performance.now() - began) / 1000;
  };

  const changedIn = ({ lines }: Applied): string[] => {
    const hosts = lines.flatMap((line) =>
      line.type === 'verdict' && line.verdict.kind === 'changed' ? [line.host] : [],
    );
    return [...new Set(hosts)].sort();
  };

  it('plans for a group, and for what a pattern names', async () => {
    const { stdout } = await outrigger(lab, [
      'plan',
      '--json',
      '-i',
      inventory,
      '--limit',
      'busy,h[1-3]',
    ]);
    const { plays } = JSON.parse(stdout) as Awaited<ReturnType<typeof plan>>;
    const hosts = new Set(plays.flatMap(({ changes }) => changes.map(({ host }) => host)));
    hosts.delete('c2'); // its key
    assert.deepEqual(
      [...hosts].sort(),
      names.filter((_, index) => index % 2 === 1 || index < 3).sort(),
    );
    const slip = await outrigger(lab, ['plan', '-i', inventory, '--limit', 'bussy']);
    assert.deepEqual([slip.code, slip.stderr.includes('did you mean busy?')], [1, true]);
  });

  it('waits for all the silent ones at the same time', async () => {
    const whole = await timed();
    await Promise.all([
      ...['h17', 'h18'].map((host) => lab.power(host, 'off')),
      lab.block('control', 'h19', 22),
      lab.sh('h20', 'systemctl stop ssh.socket ssh.service'),
      lab.sh('h16', SILENT),
    ]);
    const without = await timed();
    console.log(`      20 hosts: ${whole.toFixed(1)} s; 5 of them silent: ${without.toFixed(1)} s`);
    assert.ok(without - whole < ONE_BY_ONE_S);
  });

  it('names each of them with its reason, in text and in JSON, and never as in sync', async () => {
    const { code, problems, changes, counts } = await plan(lab, inventory);
    assert.equal(code, 3);
    assert.deepEqual(problems.map(({ host }) => host).sort(), bad);
    for (const { host, code: why, message } of problems) {
      assert.equal(why, 'HOST_UNREACHABLE');
      assert.match(message, BAD[host] ?? /never/);
    }
    assert.ok(!changes.some(({ host }) => bad.includes(host)));
    assert.ok(counts.changes > 0);
    const text = await outrigger(lab, ['plan', '-i', inventory, '--detailed-exitcode']);
    assert.equal(text.code, 3);
    const all = names.map((name) => ({ name }));
    const reported = [...text.stdout.matchAll(/^ {2}(\S.*): cannot reach /gm)].flatMap(
      ([, folded]) => select({ all }, folded).map(({ name }) => name),
    );
    assert.deepEqual(reported.sort(), bad);
    assert.match(text.stdout, /, 5 unreachable$/m);
  });

  it('brings the others in, also when one more dies on the way', async () => {
    const result = await applied(lab, 4, ['-i', inventory, '--batch', '100%'], {
      when: (line) => line.type === 'action' && line.host === DIES,
      meddle: () => lab.power(DIES, 'off'),
    });
    assert.deepEqual(Object.keys(result.failures), [DIES]);
    assert.match(result.failures[DIES] ?? '', /connection lost to 10\.77\.1\.15/);
    const members = changedIn(result).filter((name) => name !== 'c2');
    assert.deepEqual(members, good.filter((name) => name !== DIES).sort());
    const again = await plan(lab, inventory);
    assert.deepEqual([again.code, again.changes], [3, []]);
    assert.deepEqual(again.problems.map(({ host }) => host).sort(), [DIES, ...bad].sort());
    await assertQuiet(lab);
  });

  it('brings them in once they are back, and touches nobody else', async () => {
    await Promise.all([
      ...[DIES, 'h17', 'h18'].map((host) => lab.power(host, 'on')),
      lab.unblock('control', 'h19', 22),
      lab.sh('h20', 'systemctl start ssh'),
      lab.sh('h16', SPEAKING),
    ]);
    await lab.ready(DIES, ...bad);
    const result = await applied(lab, 0, ['-i', inventory, '--batch', '100%']);
    assert.deepEqual(changedIn(result), [DIES, ...bad].sort());
    await settled(lab);
    await assertInSync(lab, inventory);
    await assertQuiet(lab);
  });
});
