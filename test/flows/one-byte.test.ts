import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { loadInventory } from '../../src/flows/load-document.ts';
import { closeAll } from '../../src/flows/plan/gather-nodes.ts';
import { planCluster } from '../../src/flows/plan/plan-cluster.ts';
import type { Plan } from '../../src/model/plan.ts';
import { planAsJson } from '../../src/report/plan/plan-json.ts';
import { renderPlan } from '../../src/report/plan/plan-text.ts';
import { OutriggerError } from '../../src/support/errors.ts';
import { FakeHost, fakeNetwork } from '../support/fake-host.ts';
import { readReply, recordedAt, replyTo, unfoldReply } from '../support/replies.ts';
import { withoutPrompt } from '../support/secrets.ts';
import { sitePlaybook } from '../support/specs.ts';
import { cases, TIMES_AS_MANY } from '../support/cases.ts';

const STORIES = ['first-join', 'tampered', 'in-sync', 'own-certificates', 'mixed-families'];
const golden = new URL('../golden/', import.meta.url);

type Replies = ReadonlyMap<string, string>;

const stories = STORIES.map((name) => {
  const at = new URL(`${name}/`, golden);
  const { spec } = loadInventory(fileURLToPath(new URL('inventory.yml', at)));
  assert.ok(spec);
  const replies: Replies = new Map(
    readdirSync(new URL('replies/', at)).map((file) => [
      file.replace(/\.txt$/, ''),
      readReply(new URL(`replies/${file}`, at)),
    ]),
  );
  return { name, spec, replies };
});
type Story = (typeof stories)[number];

/** The plan with these replies, at the time when they were recorded. */
async function planned({ spec, replies }: Story, changed: Replies): Promise<Plan> {
  const names = spec.remoteNodes.map(({ name }) => name);
  const hosts = [...spec.clusterNodes, ...spec.remoteNodes, ...spec.guestNodes].map(({ name }) => {
    const [probe = '', simulation = ''] = ['probe', 'simulate'].map(
      (script) => changed.get(`${name}.${script}`) ?? replies.get(`${name}.${script}`),
    );
    return new FakeHost(name, {
      probe: (request) => replyTo(request, probe),
      'read-cluster': (request) => replyTo(request, probe),
      simulate: (request) =>
        replyTo(
          request,
          simulation.includes('NODE"') ? unfoldReply(simulation, names) : simulation,
        ),
    });
  });
  const realNow = Date.now;
  const then = recordedAt(replies.get('c1.probe') ?? '') * 1000;
  Date.now = () => then;
  try {
    const made = await planCluster({
      spec,
      selected: spec,
      playbook: sitePlaybook,
      forks: 10,
      fetchSecret: withoutPrompt,
      connect: fakeNetwork(hosts).connect,
      signal: new AbortController().signal,
    });
    await closeAll(made.hosts);
    return made.plan;
  } finally {
    Date.now = realNow;
  }
}

/** What a plan does on, for and about all hosts but one. */
const withoutHost = (plan: Plan, without: string) => ({
  changes: plan.plays.flatMap(({ changes }) => changes).filter(({ host }) => host !== without),
  problems: plan.problems.filter(({ host }) => host !== without),
  inSync: plan.inSync.filter((host) => host !== without),
});

/** A place in a reply, and the byte that is there instead; in about half of all cases the least change of that byte. */
const mutation = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  by: fc.oneof(
    fc.integer({ min: 0, max: 255 }).map((byte) => () => byte),
    fc.constantFrom(1, 2, 4, 8, 16, 32, 64, 128).map((bit) => (byte: number) => byte ^ bit),
    fc.constantFrom(...Buffer.from('\n "\'<>=-e9')).map((byte) => () => byte),
  ),
});

function mutated(text: string, { at, by }: { at: number; by: (byte: number) => number }): string {
  const bytes = Buffer.from(text);
  const place = Math.floor(at * bytes.length);
  bytes[place] = by(bytes[place] ?? 0);
  return bytes.toString();
}

const replyOf = (isRequested: (host: string, story: Story) => boolean) =>
  fc.constantFrom(...stories).chain((story) => {
    const keys = [...story.replies.keys()].filter((key) =>
      isRequested(key.split('.')[0] ?? '', story),
    );
    return fc.record({ story: fc.constant(story), key: fc.constantFrom(...keys), mutation });
  });

const isRemote = (host: string, { spec }: Story): boolean =>
  spec.remoteNodes.some(({ name }) => name === host);

describe('any byte changed in a reply', function () {
  this.timeout(60_000 * TIMES_AS_MANY);

  it('of a remote node leaves what is planned for all others as it was', async () => {
    const known = new Map<Story, Plan>();
    for (const story of stories) known.set(story, await planned(story, new Map()));
    await fc.assert(
      fc.asyncProperty(replyOf(isRemote), async ({ story, key, mutation: how }) => {
        const [host = ''] = key.split('.');
        const reply = mutated(story.replies.get(key) ?? '', how);
        const before = known.get(story);
        const plan = await planned(story, new Map([[key, reply]]));
        assert.ok(before !== undefined);
        assert.deepEqual(withoutHost(plan, host), withoutHost(before, host));
      }),
      { numRuns: cases(60), endOnFailure: true },
    );
  });

  it('of a cluster node gives a plan, or one clear error', async () => {
    await fc.assert(
      fc.asyncProperty(
        replyOf((host, story) => !isRemote(host, story)),
        async ({ story, key, mutation: how }) => {
          const reply = mutated(story.replies.get(key) ?? '', how);
          try {
            const plan = await planned(story, new Map([[key, reply]]));
            assert.notEqual(renderPlan(plan), '');
            planAsJson(plan);
          } catch (thrown) {
            assert.ok(
              thrown instanceof OutriggerError,
              thrown instanceof Error ? thrown.stack : '',
            );
            assert.notEqual(thrown.message, '');
          }
        },
      ),
      { numRuns: cases(60), endOnFailure: true },
    );
  });
});
