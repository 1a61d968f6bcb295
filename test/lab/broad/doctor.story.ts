/** What doctor finds on a real cluster: nothing where all is well, and everything at once where much is broken. */
import assert from 'node:assert/strict';
import { labDown, labUp } from '../lab.ts';
import type { Lab } from '../lab.ts';
import { applied, epochOf, outrigger, settled, writeInventory } from '../outrigger.ts';
import { swapKey } from '../sabotage.ts';
import { skipWithoutLab } from '../story-run.ts';

const NAME = 'story-doctor';

type Document = {
  checks: {
    check: string;
    outcome: string;
    findings: { level: string; host: string | null; message: string; hint: string }[];
  }[];
  unreachable: string[];
};

describe('doctor', function () {
  let lab: Lab;
  let inventory = '';

  before(async function () {
    skipWithoutLab(this);
    lab = await labUp({ name: NAME, replace: true, bareHosts: 3, firewalld: 0, fencing: true });
    inventory = writeInventory(lab, {
      remoteNodes: ['h1', 'h2', 'h3'].map((host) => ({ name: host, host })),
    });
  });

  after(async () => {
    await labDown(NAME);
  });

  /** What it tells: each finding as `check host: message`, what is bad and what is merely worth a look. */
  async function doctor(): Promise<{
    code: number;
    bad: string[];
    attention: string[];
    unreachable: string[];
  }> {
    const { code, stdout, stderr } = await outrigger(lab, ['doctor', '--json', '-i', inventory]);
    assert.ok(stdout.startsWith('{'), `exit ${code}\n${stderr}`);
    const { checks, unreachable } = JSON.parse(stdout) as Document;
    const of = (desired: string): string[] =>
      checks
        .flatMap(({ check, findings }) =>
          findings
            .filter(({ level }) => level === desired)
            .map(({ host, message, hint }) => {
              assert.notEqual(hint, '');
              return `${check} ${host ?? '-'}: ${message}`;
            }),
        )
        // Nobody sets the clocks of a lab.
        .filter((line) => !line.endsWith(': its clock is not synchronized'));
    return { code, bad: of('bad'), attention: of('attention'), unreachable };
  }

  it('finds nothing bad before a host has joined, nor after it', async () => {
    const before = await doctor();
    assert.deepEqual([before.code, before.bad], [0, []]);
    assert.deepEqual(before.attention, ['credentials c2: its authkey differs from that of c1']);
    await applied(lab, 0, ['-i', inventory, '--limit', 'h1']);
    await settled(lab);
    const epoch = await epochOf(lab);
    assert.deepEqual(await doctor(), { code: 0, bad: [], attention: [], unreachable: [] });
    assert.equal(await epochOf(lab), epoch, 'it changed something');
  });

  it('finds everything at once', async () => {
    await lab.block('c2', 'h1', 3121);
    await swapKey(lab, 'c2');
    await lab.sh('c1', 'crm_attribute --type crm_config -n maintenance-mode -v true');
    await lab.sh(
      'h2',
      'rm -rf /var/lib/apt/lists/* /etc/apt/sources.list.d/* /etc/apt/sources.list',
    );
    await lab.power('h3', 'off');
    const { code, bad, attention, unreachable } = await doctor();
    assert.equal(code, 3);
    assert.deepEqual(unreachable, ['h3']);
    assert.match(bad.shift() ?? '', /^connection h3: cannot reach 10\.77\.1\.3:22/);
    assert.deepEqual(bad, [
      'packages h2: its package repositories do not offer pacemaker-remote, pacemaker-cli-utils, resource-agents',
      `port h1: ${lab.addresses['h1'] ?? ''} port 3121 cannot be reached from c2`,
      'credentials c2: its authkey differs from that of c1',
    ]);
    assert.ok(attention.includes('cluster -: the cluster is in maintenance mode'));
    assert.ok(attention.some((line) => line.startsWith('plan -: cluster-keys-differ (c2)')));
  });
});
