import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describeError } from '../../src/cli/process/describe-error.ts';
import { loadInventory } from '../../src/flows/load-document.ts';
import { closeAll } from '../../src/flows/plan/gather-nodes.ts';
import { planCluster } from '../../src/flows/plan/plan-cluster.ts';
import { readStatus } from '../../src/flows/read-status.ts';
import { planAsJson } from '../../src/report/plan/plan-json.ts';
import { renderPlan } from '../../src/report/plan/plan-text.ts';
import { statusAsJson } from '../../src/report/status/status-json.ts';
import { renderStatus } from '../../src/report/status/status-text.ts';
import { OutriggerError } from '../../src/support/errors.ts';
import { FakeHost, fakeNetwork, type FakeNetwork } from '../support/fake-host.ts';
import { readReply, replyOf, replyTo, sectionsOf, unfoldReply } from '../support/replies.ts';
import { sitePlaybook } from '../support/specs.ts';
import { RAW } from './nasty.ts';
import { withoutPrompt } from '../support/secrets.ts';
import { cases } from '../support/cases.ts';

const SLOWEST_MS = 1000;
const LONGEST = 60_000;
const SECRET = 'FENCE-PASSWORD';

/** What somebody may have put between two characters of a reply. */
const INSERTED = [
  '\u001b]0;owned\u0007',
  '\u009b31m',
  '\u202e',
  '\0',
  '\ufffd\ufffd',
  '&#x9b;&#x202e;',
  '&amp;&lt;&#10;',
  "'; touch /tmp/outrigger-was-here; $(id)`id`",
  '"',
  '<',
  ']]>',
  '__proto__=x\n',
  '1e999',
  '-1',
  '\n\n\n',
  '=',
  '@NONCE end\n',
  '1a'.repeat(50_000),
  '\n'.repeat(50_000),
  '<a b="c">'.repeat(500),
] as const;

const STORIES = ['first-join', 'tampered', 'unmanaged'];

const storyUrl = (story: string): URL => new URL(`../golden/${story}/`, import.meta.url);

/** The recorded replies of a story, by `HOST.SCRIPT`. */
function repliesOf(story: string, hosts: readonly string[]): Map<string, string> {
  const found = hosts.flatMap((host) =>
    ['probe', 'simulate'].map((script) => [
      `${host}.${script}`,
      new URL(`replies/${host}.${script}.txt`, storyUrl(story)),
    ]),
  ) as [string, URL][];
  return new Map(
    found.filter(([, url]) => existsSync(url)).map(([key, url]) => [key, readReply(url)]),
  );
}

interface Story {
  readonly name: string;
  readonly spec: NonNullable<ReturnType<typeof loadInventory>['spec']>;
  readonly replies: ReadonlyMap<string, string>;
}

const stories = STORIES.map((name): Story => {
  const { spec } = loadInventory(fileURLToPath(new URL('inventory.yml', storyUrl(name))));
  assert.ok(spec);
  const hosts = [...spec.clusterNodes, ...spec.remoteNodes].map((node) => node.name);
  return { name, spec, replies: repliesOf(name, hosts) };
});

function networkOf({ spec, replies }: Story): FakeNetwork {
  const names = spec.remoteNodes.map(({ name }) => name);
  const hosts = [...spec.clusterNodes, ...spec.remoteNodes].map(({ name }) => {
    const probe = replies.get(`${name}.probe`) ?? '';
    const simulation = replies.get(`${name}.simulate`) ?? '';
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
  return fakeNetwork(hosts);
}

/** Plans and asks for the status; gives all that would be printed. */
async function printedBy(story: Story): Promise<readonly string[]> {
  const { connect } = networkOf(story);
  const { signal } = new AbortController();
  const reported = async (work: () => Promise<readonly string[]>): Promise<readonly string[]> => {
    try {
      return await work();
    } catch (thrown) {
      assert.ok(thrown instanceof OutriggerError, thrown instanceof Error ? thrown.stack : '');
      return [describeError(thrown)];
    }
  };
  const planned = await reported(async () => {
    const { spec } = story;
    const { plan, hosts } = await planCluster({
      spec,
      selected: spec,
      playbook: sitePlaybook,
      forks: 10,
      connect,
      signal,
      fetchSecret: withoutPrompt,
    });
    await closeAll(hosts);
    const json = planAsJson(plan);
    JSON.parse(json);
    return [renderPlan(plan), json];
  });
  const status = await reported(async () => {
    const { cluster } = await readStatus(story.spec, networkOf(story).connect, signal);
    const json = statusAsJson(cluster, story.spec);
    JSON.parse(json);
    return [renderStatus(cluster, story.spec), json];
  });
  return [...planned, ...status];
}

/** With this reply of one host in place of its own. */
async function holds(story: Story, key: string, reply: string): Promise<void> {
  const began = process.cpuUsage();
  const printed = await printedBy({ ...story, replies: new Map(story.replies).set(key, reply) });
  const { user, system } = process.cpuUsage(began);
  assert.ok(user + system < SLOWEST_MS * 1000, `${story.name} ${key}: ${user + system} µs`);
  for (const text of printed) {
    assert.doesNotMatch(text, RAW);
    assert.ok(text.length < LONGEST, `${story.name} ${key}: ${text.length} characters`);
    assert.ok(!text.includes(SECRET), text);
    assert.ok(text.trim() !== '');
  }
}

const anyReply = fc
  .constantFrom(...stories)
  .chain((story) =>
    fc
      .constantFrom(...story.replies.keys())
      .map((key) => ({ story, key, reply: story.replies.get(key) ?? '' })),
  );
/** One value of each kind: an attribute of an element, what stands behind `key=`, the last word of a line. */
function valuesIn(reply: string): { from: number; to: number }[] {
  const seen = new Set<string>();
  const values = reply.matchAll(/(?<= ([\w-]+)=")[^"]*(?=")|(?<=^([a-zA-Z]+)=).*|(?<= )\S+$/gm);
  return [...values].flatMap(({ 0: { length }, 1: attribute, 2: word, index }) => {
    const opened = reply.lastIndexOf('<', index);
    const element = reply.slice(opened, reply.indexOf(' ', opened));
    const section = reply.lastIndexOf('@NONCE', index);
    const name = /(?<=name=")[^"]*(?=" value="[^"]*$)/.exec(reply.slice(opened, index))?.[0] ?? '';
    const kind = [attribute === undefined ? section : element, attribute, word, name].join(' ');
    const isFirst = !seen.has(kind);
    seen.add(kind);
    return isFirst ? [{ from: index, to: index + length }] : [];
  });
}

const somewhere = fc.double({ min: 0, max: 1, noNaN: true });
const runs = { numRuns: cases(60), seed: 20261122, endOnFailure: true };

describe('whatever a host replies, a plan and a status are made or say in one word why not', function () {
  this.timeout(120_000);

  it('as it was recorded', async () => {
    for (const story of stories) await holds(story, '', '');
  });

  it('cut at each section', async () => {
    for (const story of stories) {
      for (const [key, reply] of story.replies) {
        // Hosts of one kind reply alike.
        if (/^[a-z]+[2-9]\./.test(key) || story.name !== 'first-join') continue;
        for (const found of reply.matchAll(/@NONCE \S+\n?/g)) {
          await holds(story, key, reply.slice(0, found.index));
          await holds(story, key, reply.slice(0, found.index + found[0].length));
        }
      }
    }
  });

  it('with a section left out, given twice, empty or of garbage', async () => {
    for (const story of stories) {
      for (const [key, reply] of story.replies) {
        if (/^[a-z]+[2-9]\./.test(key) || story.name !== 'first-join') continue;
        const sections = [...sectionsOf(reply)];
        for (const [index, [name, text]] of sections.entries()) {
          const others = sections.toSpliced(index, 1);
          const replaced = (by: string): string =>
            replyOf(new Map(sections.with(index, [name, by])));
          await holds(story, key, replyOf(new Map(others)));
          await holds(
            story,
            key,
            replyOf(new Map(sections)).replace('@NONCE end', `@NONCE ${name}\n${text}\n@NONCE end`),
          );
          await holds(story, key, replaced(''));
          await holds(story, key, replaced('\u001b[2J\u009b garbage: \ufffd \0\n'));
        }
      }
    }
  });

  it('cut anywhere', async () => {
    await fc.assert(
      fc.asyncProperty(anyReply, somewhere, ({ story, key, reply }, at) =>
        holds(story, key, reply.slice(0, Math.floor(at * reply.length))),
      ),
      runs,
    );
  });

  it('with something inserted anywhere', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyReply,
        somewhere,
        fc.constantFrom(...INSERTED),
        ({ story, key, reply }, at, by) => {
          const place = Math.floor(at * reply.length);
          return holds(story, key, reply.slice(0, place) + by + reply.slice(place));
        },
      ),
      { ...runs, numRuns: cases(200) },
    );
  });

  for (const [what, by] of Object.entries({
    'a long text': 'x'.repeat(200_000),
    'a long list of numbers': '1a'.repeat(100_000),
    'terminal escapes': '\u009b31m\u202e\u007f\ufffd',
    'shell and XML': "'; $(id)`id`; &amp;&lt;&quot;]]&gt;",
  })) {
    it(`with ${what} for each kind of value`, async () => {
      for (const story of stories.filter(({ name }) => name === 'tampered')) {
        for (const [key, reply] of story.replies) {
          if (/^[a-z]+[2-9]\./.test(key)) continue;
          for (const { from, to } of valuesIn(reply))
            await holds(story, key, reply.slice(0, from) + by + reply.slice(to));
        }
      }
    });
  }

  for (const [what, reply] of Object.entries({
    'nothing at all': '',
    'another nonce': '@0123456789abcdef end\n',
    'the end alone': '@NONCE end\n',
    'a document type':
      '@NONCE crm_mon\n<!DOCTYPE a [<!ENTITY b "cc"><!ENTITY d "&b;&b;">]><a>&d;</a>\n@NONCE cib\n<!DOCTYPE a SYSTEM "/etc/shadow"><cib/>\n@NONCE end\n',
    'XML a million deep': `@NONCE crm_mon\n${'<a>'.repeat(1_000_000)}\n@NONCE cib\n${'<a>'.repeat(1_000_000)}\n@NONCE end\n`,
    'XML with one attribute of ten megabytes': `@NONCE crm_mon\n<pacemaker-result a="${'x'.repeat(5_000_000)}"/>\n@NONCE cib\n<cib admin_epoch="${'1'.repeat(5_000_000)}"/>\n@NONCE end\n`,
    'XML with an attribute twice':
      '@NONCE crm_mon\n<a b="" b=""/>\n@NONCE cib\n<cib epoch="1" epoch="2"/>\n@NONCE end\n',
    HTML: '@NONCE crm_mon\n<html><body><br></body></html>\n@NONCE cib\n<html/>\n@NONCE end\n',
  })) {
    it(`with ${what}`, async () => {
      for (const story of stories) {
        for (const key of ['c1.probe', 'h1.probe', 'c1.simulate']) await holds(story, key, reply);
      }
    });
  }
});
