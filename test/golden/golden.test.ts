import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { load } from 'js-yaml';
import { closeAll } from '../../src/flows/plan/gather-nodes.ts';
import { planCluster } from '../../src/flows/plan/plan-cluster.ts';
import { loadInventory, loadPlaybook, loadSchema } from '../../src/flows/load-document.ts';
import type { Plan } from '../../src/model/plan.ts';
import { planAsJson } from '../../src/report/plan/plan-json.ts';
import { renderPlan } from '../../src/report/plan/plan-text.ts';
import { selectNodes } from '../../src/inventory/select.ts';
import { nodesOf } from '../../src/inventory/spec.ts';
import { findSchemaFaults } from '../../src/support/yaml/json-schema.ts';
import { FakeHost, fakeNetwork } from '../support/fake-host.ts';
import { readReply, recordedAt, replyTo, unfoldReply } from '../support/replies.ts';
import { assertSavable } from '../support/saved-plans.ts';
import { withoutPrompt } from '../support/secrets.ts';

/** What is unusual about a story. */
interface Settings {
  /** As `--limit`. */
  readonly limit?: string;
  /** Without the plan as JSON, where that would be large and tell nothing more. */
  readonly json?: false;
}

const here = new URL('./', import.meta.url);
const stories = readdirSync(here, { withFileTypes: true }).filter((entry) => entry.isDirectory());

/** What a host of the story printed; hosts that are counted (`compute017`) may share one reply (`compute`). */
function recorded(story: URL, host: string, what: string): string | undefined {
  const found = [host, host.replace(/\d+$/, '')]
    .map((name) => new URL(`replies/${name}.${what}.txt`, story))
    .find((url) => existsSync(url));
  return found && readReply(found);
}

/** A line that begins with NODE stands for one line of each node. */
const forEachNode = (probe: string, nodes: readonly string[]): string =>
  probe.replace(/^NODE .*$/gm, (line) =>
    nodes.map((node) => line.replace('NODE', node)).join('\n'),
  );

function hostOf(story: URL, name: string, nodes: readonly string[]): FakeHost | undefined {
  const probe = recorded(story, name, 'probe');
  if (probe === undefined) return undefined;
  const simulation = recorded(story, name, 'simulate');
  return new FakeHost(name, {
    probe: (request) => replyTo(request, forEachNode(probe, nodes)),
    ...(simulation && { simulate: (request) => replyTo(request, unfoldReply(simulation, nodes)) }),
  });
}

function settingsOf(story: URL): Settings {
  const file = new URL('story.yml', story);
  return existsSync(file) ? (load(readFileSync(file, 'utf8')) as Settings) : {};
}

/** Makes the plan of a story at the time at which its replies were recorded. */
async function planOf(story: URL): Promise<Plan> {
  const { spec, diagnostics } = loadInventory(fileURLToPath(new URL('inventory.yml', story)));
  const { playbook } = loadPlaybook(undefined);
  assert.ok(spec !== undefined && playbook !== undefined, JSON.stringify(diagnostics));
  const selected = selectNodes(spec, settingsOf(story).limit);
  const names = nodesOf(selected).map(({ name }) => name);
  const hosts = [...spec.clusterNodes, ...nodesOf(selected)].flatMap(
    ({ name }) => hostOf(story, name, names) ?? [],
  );
  const realNow = Date.now;
  const then = recordedAt(recorded(story, 'c1', 'probe') ?? '') * 1000;
  Date.now = () => then;
  try {
    const planned = await planCluster({
      spec,
      selected,
      playbook,
      forks: 10,
      fetchSecret: withoutPrompt,
      connect: fakeNetwork(hosts).connect,
      signal: new AbortController().signal,
    });
    await closeAll(planned.hosts);
    return planned.plan;
  } finally {
    Date.now = realNow;
  }
}

/** Compares with the file, byte for byte; with UPDATE_GOLDEN=1 writes it instead. */
function assertGolden(file: URL, actual: string): void {
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, actual);
  assert.equal(actual, readFileSync(file, 'utf8'));
}

describe('the plan of', () => {
  for (const { name } of stories) {
    it(name.replaceAll('-', ' '), async () => {
      const story = new URL(`${name}/`, here);
      const plan = await planOf(story);
      assertGolden(new URL('plan.txt', story), renderPlan(plan));
      if (settingsOf(story).json !== false) {
        assertGolden(new URL('plan.json', story), planAsJson(plan));
      }
      assert.deepEqual(findSchemaFaults(loadSchema('plan'), JSON.parse(planAsJson(plan))), []);
      assertSavable(plan);
    });
  }

  it('no story holds a secret', () => {
    const plans = readdirSync(here, { recursive: true, encoding: 'utf8' }).filter((file) =>
      /plan\.(txt|json)$/.test(file),
    );
    assert.ok(plans.length >= 2 * stories.length - 1);
    for (const file of plans) {
      assert.doesNotMatch(
        readFileSync(new URL(file, here), 'utf8'),
        /FENCE-PASSWORD|(\d)\1{15}/,
        file,
      );
    }
  });
});
