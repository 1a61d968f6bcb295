/**
 * `npm run demo`: three bare hosts become remote nodes of a real cluster; then three things are broken by hand, found
 * and mended. It fails at the first thing that is not as it should be.
 */
import { join } from 'node:path';
import { Command } from 'commander';
import { demoLab, TAMPERS, writeDemoInventory } from './demo-lab.ts';
import { expect, progressOf, say, startStage, title, type Stage } from './demo-stage.ts';
import { labDown } from './lab.ts';
import { netnsOf } from './network.ts';
import { plan } from './outrigger.ts';
import { skipHere } from './supported.ts';

const INVENTORY = ['-i', 'inventory.yml'];

async function joinThree(stage: Stage): Promise<void> {
  title('An inventory: one cluster, three hosts that shall join it');
  await stage.onSeat('cat', 'inventory.yml');
  await stage.outrigger('validate', ...INVENTORY);

  title('What would change, and what the cluster itself would do about it');
  await stage.outrigger('plan', ...INVENTORY);

  title(
    'Do it: packages, one key, the firewall, the daemon, then one node, and the rest in batches',
  );
  await stage.outrigger('apply', ...INVENTORY, '--yes');
  await stage.onHost('c1', 'crm_mon -1');

  title('Once more: there is nothing left to do');
  await stage.outrigger('plan', ...INVENTORY, '--detailed-exitcode');
}

async function breakAndMend(stage: Stage): Promise<void> {
  title('Three things go wrong behind our back; none of them fences anybody at once');
  for (const { host, script } of TAMPERS) await stage.onHost(host, script);

  title('The plan names exactly these three');
  await stage.outrigger('plan', ...INVENTORY);
  const { changes } = await plan(stage.lab, stage.inventory);
  const named = changes
    .filter(({ isConsequence }) => !isConsequence)
    .map(
      ({ host, item, attributes }) =>
        `${host} ${item} ${attributes.map(({ name }) => name).join(' ')}`,
    );
  const broken = TAMPERS.map(({ finding }) => finding);
  expect(
    named.toSorted().join(', ') === broken.toSorted().join(', '),
    `the plan names these three changes and no other: ${broken.join(', ')}`,
    `it names ${named.join(', ')}`,
  );

  title(
    'Mend them: the daemon with the wrong key is restarted while the cluster looks the other way',
  );
  await stage.outrigger('apply', ...INVENTORY, '--yes');
  await stage.outrigger('plan', ...INVENTORY, '--detailed-exitcode');
  await stage.onHost('c1', 'crm_mon -1');
}

async function nobodyWasFenced(stage: Stage): Promise<void> {
  title('And nobody was fenced on the way');
  const history = await stage.onHost('c1', "stonith_admin -H '*' --verbose");
  expect(/^0 events found$/m.test(history), 'the fence history is empty', history.trim());
  const events = await stage.lab.powerLog();
  expect(events.length === 0, 'nobody touched the power of a host', JSON.stringify(events));
}

function farewell(stage: Stage): void {
  const { lab, env } = stage;
  const enter = `nsenter --net=/run/netns/${netnsOf(lab.name)}`;
  title('The lab is kept. Look around:');
  say(`  cd ${stage.dir}`);
  say(`  export XDG_STATE_HOME=${env['XDG_STATE_HOME'] ?? ''}`);
  say(`  ${enter} ${stage.argv.join(' ')} status ${INVENTORY.join(' ')}`);
  say(`  ${enter} ssh -F ${join(lab.sshDir, 'config')} c1`);
  say(`  npm run lab -- shell --name ${lab.name} h1`);
  say('and take it down:');
  say(`  npm run lab -- down --name ${lab.name}`);
}

interface Options {
  readonly name: string;
  readonly keep?: true;
  readonly replace?: true;
}

async function demo({ name, keep, replace }: Options): Promise<void> {
  const start = performance.now();
  title('A lab on this machine: two cluster nodes with fencing, three bare hosts');
  const lab = await demoLab(name, replace === true, progressOf);
  let isKept = false;
  try {
    const stage = startStage(lab, writeDemoInventory(lab));
    await joinThree(stage);
    await breakAndMend(stage);
    await nobodyWasFenced(stage);
    isKept = keep === true;
    if (isKept) farewell(stage);
  } finally {
    if (!isKept) {
      await labDown(name);
      say(`\nThe lab is down again, and nothing of it is left but its images.`);
    }
  }
  say(`All as expected, after ${Math.round((performance.now() - start) / 1000)} s.`);
}

const program = new Command('demo')
  .description('From bare hosts to remote nodes, and from broken to mended, on a lab of real hosts')
  .option('--keep', 'leave the lab up at the end')
  .option('--name <name>', 'what the lab is called', 'demo')
  .option('--replace', 'take down a lab of that name first')
  .action(demo);

let isInterrupted = false;

if (!skipHere()) {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      isInterrupted = true;
      const { name } = program.opts<Options>();
      say(`\n${signal}: taking the lab down`);
      void labDown(name).finally(() => process.exit(130));
    });
  }
  await program.parseAsync().catch((error: unknown) => {
    if (isInterrupted) return;
    console.error(`\nDEMO FAILED: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  });
}
