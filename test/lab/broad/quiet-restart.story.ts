/** A daemon that the cluster is connected to is restarted, and nothing that runs there notices; fencing on and off. */
import assert from 'node:assert/strict';
import { inOrder } from '../../support/in-order.ts';
import { labDown, labUp } from '../lab.ts';
import type { Lab } from '../lab.ts';
import { applied, assertQuiet, isStarted, settled, writeInventory } from '../outrigger.ts';
import {
  assertNothingLeft,
  assertNothingToDo,
  AS_SUDOER,
  detailedPlan,
  ownChanges,
  skipWithoutLab,
  startApply,
} from '../story-run.ts';
import { photograph, startWorkload } from '../workload.ts';

const KEY = '/etc/pacemaker/authkey';

/** Both labs do everything at the same time. */
const LABS = [
  { name: 'story-quiet', fencing: true },
  { name: 'story-quiet-off', fencing: false },
];

describe('the quiet restart', function () {
  inOrder(this); // each step stands on the one before
  const labs: Lab[] = [];

  before(async function () {
    skipWithoutLab(this);
    // One after the other: the first may have to build the images.
    for (const { name, fencing } of LABS) {
      labs.push(await labUp({ name, fencing, bareHosts: 2, replace: true }));
    }
    await each(async (lab) => {
      await applied(lab, 0, ['-i', inventoryOf(lab)]);
      await startWorkload(lab);
    });
  });

  after(async () => {
    for (const { name } of LABS) await labDown(name);
  });

  const each = async (work: (lab: Lab) => Promise<void>): Promise<void> => {
    const done = await Promise.allSettled(labs.map(work));
    const failed = done.flatMap((result, index) =>
      result.status === 'rejected'
        ? [`${labs[index]?.name ?? ''}: ${describeError(result.reason)}`]
        : [],
    );
    assert.equal(failed.length, 0, failed.join('\n\n'));
  };

  const inventoryOf = (lab: Lab, port = 3122, state = 'online'): string =>
    writeInventory(lab, {
      remoteNodes: [
        { name: 'h1', host: 'h1', reconnectInterval: '60s', state, ...AS_SUDOER },
        { name: 'h2', host: 'h2', reconnectInterval: '60s', port },
      ],
    });

  const pids = (lab: Lab): Promise<string[]> =>
    Promise.all(
      ['h1', 'h2'].map((host) => lab.sh(host, 'systemctl show -P MainPID pacemaker_remote')),
    );

  /** What an operator may have set, and what must be there again afterwards, to the letter. */
  const configuration = async (lab: Lab): Promise<string> =>
    (
      await lab.sh(
        'c1',
        'cibadmin -Q -o nodes; cibadmin -Q -o resources; cibadmin -Q -o crm_config',
      )
    )
      .split('\n')
      .filter((line) => !line.includes('-port"'))
      .join('\n');

  /** Runs `disturb`, and asserts that every resource is where and what it was, and that these daemons are new ones. */
  async function undisturbed(
    lab: Lab,
    restarted: readonly string[],
    disturb: () => Promise<void>,
  ): Promise<void> {
    const [resources, before, settings] = [
      await photograph(lab),
      await pids(lab),
      await configuration(lab),
    ];
    await disturb();
    await settled(lab);
    assert.deepEqual(await photograph(lab), resources);
    const after = await pids(lab);
    const changed = ['h1', 'h2'].filter((_, index) => before[index] !== after[index]);
    assert.deepEqual(changed, restarted, 'these daemons were restarted');
    assert.equal(await configuration(lab), settings);
    for (const host of restarted) assert.ok(await isStarted(lab, host), `${host} is not started`);
    await assertQuiet(lab);
  }

  it('takes up a key whose file changed, on one node', async () => {
    await each(async (lab) => {
      const inventory = inventoryOf(lab);
      await undisturbed(lab, ['h1'], async () => {
        await lab.sh('h1', `touch ${KEY}`);
        const { changes } = await detailedPlan(lab, inventory);
        assert.deepEqual(ownChanges(changes), ['h1 service started']);
        assert.deepEqual(
          changes.map(({ restart }) => restart),
          ['quiet-restart'],
        );
        await applied(lab, 0, ['-i', inventory]);
      });
      await assertNothingToDo(lab, inventory);
      await assertNothingLeft(lab);
    });
  });

  it('mends a wrong key on two nodes at once', async () => {
    await each(async (lab) => {
      const inventory = inventoryOf(lab);
      await undisturbed(lab, ['h1', 'h2'], async () => {
        for (const host of ['h1', 'h2']) await lab.sh(host, `head -c 64 /dev/urandom >${KEY}`);
        const { changes } = await detailedPlan(lab, inventory);
        assert.deepEqual(
          ownChanges(changes).filter((change) => !change.endsWith('service started')),
          ['h1 authkey content', 'h2 authkey content'],
        );
        await applied(lab, 0, ['-i', inventory]);
      });
      await assertNothingToDo(lab, inventory);
      await assertNothingLeft(lab);
    });
  });

  it('moves a daemon and its connection to another port', async () => {
    await each(async (lab) => {
      const inventory = inventoryOf(lab, 3130);
      await undisturbed(lab, ['h2'], async () => {
        const { changes } = await detailedPlan(lab, inventory);
        assert.deepEqual(
          changes.map(({ restart }) => restart).filter((kind) => kind !== 'none'),
          ['quiet-restart'],
        );
        await applied(lab, 0, [
          '-i',
          inventory,
          '--allow',
          'reconnects',
          '--allow',
          'stops-resources',
        ]);
      });
      await assertNothingToDo(lab, inventory);
      await assertNothingLeft(lab);
    });
  });

  it('leaves an operator’s own settings as they are', async () => {
    await each(async (lab) => {
      const inventory = inventoryOf(lab, 3130, 'maintenance');
      await lab.sh('c1', 'crm_resource --resource single --meta -p is-managed -v false');
      await lab.sh('c1', 'crm_resource --resource stack --meta -p is-managed -v true');
      await lab.sh('c1', 'crm_attribute --node h1 --name maintenance --update true');
      await settled(lab);
      await undisturbed(lab, ['h1', 'h2'], async () => {
        for (const host of ['h1', 'h2']) await lab.sh(host, `touch ${KEY}`);
        await applied(lab, 0, ['-i', inventory]);
      });
      await lab.sh('c1', 'crm_resource --resource single --meta -d is-managed');
      await lab.sh('c1', 'crm_resource --resource stack --meta -d is-managed');
      await lab.sh('c1', 'crm_attribute --node h1 --name maintenance --delete');
      await settled(lab);
    });
  });

  it('restarts nothing while the cluster is in maintenance mode', async () => {
    await each(async (lab) => {
      const inventory = inventoryOf(lab, 3130);
      await lab.sh('c1', 'crm_attribute --name maintenance-mode --update true');
      await settled(lab);
      await undisturbed(lab, [], async () => {
        await lab.sh('h1', `touch ${KEY}`);
        const { failures } = await applied(lab, 4, ['-i', inventory]);
        assert.match(failures['h1'] ?? '', /maintenance mode/);
      });
      await lab.sh('c1', 'crm_attribute --name maintenance-mode --delete');
      await settled(lab);
      await undisturbed(lab, ['h1'], async () => {
        await applied(lab, 0, ['-i', inventory]);
      });
    });
  });

  const CRASHES = [
    { when: 'before the restart', action: 'start-service', delayMs: 0 },
    { when: 'after the restart, before the release', action: 'unprotect', delayMs: 0 },
    { when: 'in the release', action: 'unprotect', delayMs: 2500 },
  ];

  for (const { when, action, delayMs } of CRASHES) {
    it(`is finished by the next apply when the tool is killed ${when}`, async () => {
      await each(async (lab) => {
        const inventory = inventoryOf(lab, 3130);
        await undisturbed(lab, ['h2'], async () => {
          await lab.sh('h2', `touch ${KEY}`);
          const { ended } = startApply(lab, inventory, (line, child) => {
            if (line.type !== 'action' || line.action !== action) return;
            setTimeout(() => child.kill('SIGKILL'), delayMs);
          });
          assert.equal((await ended).signal, 'SIGKILL');
          await applied(lab, 0, ['-i', inventory]);
        });
        await assertNothingToDo(lab, inventory);
        await assertNothingLeft(lab);
      });
    });
  }
});

const describeError = (reason: unknown): string =>
  reason instanceof Error ? reason.message : String(reason);
