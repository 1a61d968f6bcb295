import assert from 'node:assert/strict';
import { planCluster } from '../../src/flows/plan/plan-cluster.ts';
import { FakeLab } from '../support/fake-lab.ts';
import { withoutPrompt } from '../support/secrets.ts';
import { sitePlaybook } from '../support/specs.ts';

const SECTIONS = ['now', 'final', 'settled'];

describe('a simulation that cannot be read', () => {
  for (const [what, text] of [
    ['nothing', ''],
    ['another document', '<html/>'],
    ['an error', '<pacemaker-result><status code="102" message="Not found"/></pacemaker-result>'],
  ] as const)
    it(`is an error of the cluster node that was asked: ${what}`, async () => {
      const lab = new FakeLab(['h1']);
      const [queryNode] = lab.hosts;
      assert.ok(queryNode);
      const reply = [...SECTIONS, 'end'].map((name) => `@NONCE ${name}\n${text}\n`).join('');
      const connect: typeof lab.network.connect = async (...peer) => {
        const host = await lab.network.connect(...peer);
        const exec: typeof host.exec = (request) =>
          request.script.includes('crm_simulate')
            ? Promise.resolve({
                code: 0,
                stdout: reply.replaceAll('NONCE', request.params?.[0] ?? ''),
                stderr: '',
              })
            : host.exec(request);
        return { ...host, name: host.name, exec, close: () => host.close() };
      };
      await assert.rejects(
        planCluster({
          spec: lab.spec,
          connect,
          playbook: sitePlaybook,
          selected: lab.spec,
          forks: 10,
          fetchSecret: withoutPrompt,
          signal: new AbortController().signal,
        }),
        { code: 'REPLY_INVALID', host: 'c1' },
      );
    });
});
