import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readPlaybook } from '../../../src/playbook/read-playbook.ts';
import { hasErrors } from '../../../src/support/yaml/diagnostic.ts';
import { readYaml } from '../../../src/support/yaml/yaml.ts';
import { anyDamage, describeGoldens, readProjectFile, readSchema } from '../inventory/golden.ts';
import { cases } from '../../support/cases.ts';

const schema = readSchema('playbook');
const read = (text: string, file = 'playbook.yml') => readPlaybook({ file, text, schema });

describe('readPlaybook', () => {
  describe('tells everything that is wrong', () => {
    describeGoldens('test/unit/playbook/invalid', (file, text) => {
      const { playbook, diagnostics } = read(text, file);
      assert.equal(playbook, undefined);
      return diagnostics;
    });
  });

  it('reads playbooks/site.yml', () => {
    const { playbook, diagnostics } = read(readProjectFile('playbooks/site.yml'));
    assert.deepEqual(diagnostics, []);
    assert.deepEqual(
      playbook?.plays.map(({ hosts, items, checks }) => [hosts, ...items, ...checks].join(' ')),
      [
        'clusterNodes authkey',
        'clusterNodes certificate',
        'remoteNodes package authkey certificate environment firewall-port service',
        'guestNodes package authkey certificate environment firewall-port service',
        'all authkey certificate environment pacemaker service',
        'cluster fence-device',
        'clusterNodes port-reachable same-credentials',
        'cluster connection-resource',
        'cluster node-online',
        'cluster node-state',
        'clusterNodes port-reachable same-credentials',
        'cluster guest-node',
        'cluster node-online',
        'cluster node-state',
        'all connection-resource guest-node constraint node-state service authkey certificate environment firewall-port node-record',
        'remoteNodes authkey-removed certificate-removed',
        'guestNodes authkey-removed certificate-removed',
        'clusterNodes authkey-removed certificate-removed',
      ],
    );
  });

  it('reads playbooks/node-by-node.yml, which differs in one play only', () => {
    const playsIn = (name: string) => {
      const { playbook, diagnostics } = read(readProjectFile(`playbooks/${name}.yml`));
      assert.deepEqual(diagnostics, []);
      return playbook?.plays ?? [];
    };
    const site = playsIn('site');
    const plays = playsIn('node-by-node');
    const other = site.findIndex(({ procedure }) => procedure === 'credential-change');
    assert.equal(plays[other]?.procedure, 'node-by-node-credential-change');
    const without = (all: typeof plays) =>
      all.map((play, index) =>
        index === other ? { ...play, name: undefined, procedure: undefined } : play,
      );
    assert.deepEqual(without(plays), without(site));
  });

  it('tells what is wrong with a playbook damaged anywhere, or makes something of it', () => {
    const whole = readYaml('', readProjectFile('playbooks/site.yml')).document?.value;
    fc.assert(
      fc.property(anyDamage(whole), (text) => {
        const { playbook, diagnostics } = read(text);
        assert.equal(playbook === undefined, hasErrors(diagnostics));
      }),
      { numRuns: cases(300) },
    );
  });

  it('fills in what a play leaves out', () => {
    const { playbook } = read(`
apiVersion: outrigger/v1
plays: [{ name: Keys, hosts: clusterNodes, items: [authkey] }]
`);
    assert.deepEqual(playbook?.plays, [
      {
        name: 'Keys',
        hosts: 'clusterNodes',
        for: 'remoteNodes',
        gates: [],
        items: ['authkey'],
        checks: [],
        procedure: undefined,
        batch: [],
      },
    ]);
  });

  for (const [written, batch] of [
    ['5', [5]],
    ['20%', ['20%']],
    ['[1, 10%, 100%]', [1, '10%', '100%']],
  ] as const) {
    it(`takes batch: ${written}`, () => {
      const { playbook } = read(`
apiVersion: outrigger/v1
plays: [{ name: Keys, hosts: remoteNodes, batch: ${written}, items: [authkey] }]
`);
      assert.deepEqual(playbook?.plays[0]?.batch, batch);
    });
  }
});
