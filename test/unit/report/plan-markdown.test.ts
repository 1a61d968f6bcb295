import assert from 'node:assert/strict';
import type { NodeType } from 'commonmark';
import fc from 'fast-check';
import type { Plan } from '../../../src/model/plan.ts';
import { planAsGitlab } from '../../../src/report/plan/plan-gitlab.ts';
import { LONGEST_COMMENT, planAsMarkdown } from '../../../src/report/plan/plan-markdown.ts';
import { renderPlan } from '../../../src/report/plan/plan-text.ts';
import { assertGolden } from './golden.ts';
import { change, fleetPlan, quietPlan } from './plans.ts';
import { cases } from '../../support/cases.ts';
import { nodesIn } from '../../support/documents.ts';

/** The literals of a Markdown document's nodes of these types, by the reference implementation of CommonMark. */
const literals = (markdown: string, ...types: NodeType[]): string[] =>
  nodesIn(markdown)
    .filter(({ type }) => types.includes(type))
    .map(({ literal }) => literal ?? '');

const withHosts = (hosts: readonly string[]): Plan => ({
  ...quietPlan,
  plays: [
    {
      name: 'Prepare the hosts',
      changes: hosts.map((host, index) =>
        change(host, 'package', [{ name: `n${index}`, before: undefined, after: `${index * 7}` }]),
      ),
    },
  ],
});

const hostile = fc.string({
  minLength: 1,
  maxLength: 40,
  unit: fc.constantFrom(
    ...['`', '``', '```', '~~~', '@root', '</details>', '<img src=x>', '[a](http://x)', '\n'],
    ...['-->', '*', '_', '#1', '/close', ' ', '\t', '\\', '|', '$', 'a', '1', '\u001b', '\u202e'],
  ),
});

/** A plan in which everything that comes from elsewhere is one of these texts. */
const planOf = ([host = '', value = '', message = '']: readonly string[]): Plan => ({
  ...withHosts([host]),
  cluster: { ...quietPlan.cluster, name: value },
  problems: [{ host, kind: 'refused', code: 'HOST_UNREACHABLE', message, hint: value }],
  risks: [
    { code: 'fences-nodes', subjects: [value, host] },
    { code: 'host-is-off', subjects: [message] },
  ],
  notes: [message],
  unmanaged: [value],
});

describe('a plan as a comment', () => {
  it('begins with what matters', () => {
    assertGolden('fleet-plan.md.txt', planAsMarkdown(fleetPlan()));
  });

  it('says in its first line that nothing changes', () => {
    assert.match(
      planAsMarkdown(quietPlan),
      /^### Cluster `prod`: No changes\. 5 hosts in sync\.\n/,
    );
  });

  it('holds the whole plan', () => {
    const [block, ...others] = literals(planAsMarkdown(fleetPlan()), 'code_block');
    assert.deepEqual(others, []);
    assert.equal(block, renderPlan(fleetPlan()));
  });

  it('names every host that a risk has to be allowed for', () => {
    const risks = [{ code: 'host-is-off' as const, subjects: ['r1', 'r7'] }];
    assert.match(
      planAsMarkdown({ ...quietPlan, risks }),
      /^- `--allow host-is-off:r1 --allow host-is-off:r7` \(`r1, r7`\): a host is unreachable/m,
    );
  });

  it('lets nothing from elsewhere become markup', () => {
    // What stands outside of code in a plan of harmless names, hosts being told apart by nothing but those.
    const skeleton = (plan: Plan): string[] =>
      literals(planAsMarkdown(plan), 'text', 'html_block', 'html_inline', 'link', 'image');
    const harmless = skeleton(planOf(['a', 'b', 'c']));
    fc.assert(
      fc.property(hostile, hostile, hostile, (...names) => {
        const plan = planOf(names);
        assert.deepEqual(skeleton(plan), harmless);
        assert.deepEqual(literals(planAsMarkdown(plan), 'code_block'), [renderPlan(plan)]);
      }),
    );
  });

  it('is never longer than a comment may be, and says what is missing', () => {
    const long = Array.from({ length: 3000 }, (_, index) => `${index}-${'x'.repeat(index % 50)}`);
    const text = planAsMarkdown(withHosts(long));
    assert.ok(
      text.length > LONGEST_COMMENT * 0.95 && text.length <= LONGEST_COMMENT,
      `${text.length}`,
    );
    const lines = renderPlan(withHosts(long)).trimEnd().split('\n');
    const [shown = ''] = literals(text, 'code_block');
    assert.ok(renderPlan(withHosts(long)).startsWith(shown));
    const count = shown.trimEnd().split('\n').length;
    assert.ok(
      text.endsWith(
        `${count} of ${lines.length} lines are shown. The log of the job contains the whole plan.\n`,
      ),
      text.slice(-200),
    );
  });

  it('is never longer, whatever hosts say', () => {
    const flood = fc
      .constantFrom('`', 'x', '\u202e', 'name-', ' ')
      .map((unit) => unit.repeat(1200));
    fc.assert(
      fc.property(flood, flood, (name, message) => {
        const problems = Array.from({ length: 40 }, (_, index) => ({
          host: `${'abcdefghij'.charAt(index % 10).repeat(index + 1)}${name}`,
          kind: 'unreachable' as const,
          code: 'HOST_UNREACHABLE' as const,
          message: `${'a'.repeat(index)}${message}`,
          hint: message,
        }));
        const text = planAsMarkdown({ ...planOf([name, name, message]), problems });
        assert.ok(text.length <= LONGEST_COMMENT, `${text.length}`);
        assert.match(text, /and \d+ more/);
      }),
      { numRuns: cases(10) },
    );
  });
});

describe("a plan for GitLab's widget", () => {
  it('counts what would be made, changed and taken away, and no consequence', () => {
    const changes = [
      change('r1', 'package', []),
      change('r1', 'service', [], { action: 'update', isConsequence: true }),
      change('r2', 'service', [], { action: 'update' }),
      change('r3', 'service', [], { action: 'remove' }),
      change('r4', 'service', [], { action: 'remove' }),
    ];
    const plan = { ...quietPlan, plays: [{ name: 'one', changes }] };
    assert.equal(planAsGitlab(plan), '{"create":1,"update":1,"delete":2}\n');
    assert.equal(planAsGitlab(quietPlan), '{"create":0,"update":0,"delete":0}\n');
  });
});
