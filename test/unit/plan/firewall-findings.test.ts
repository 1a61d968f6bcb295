import assert from 'node:assert/strict';
import type { Facts } from '../../../src/model/facts.ts';
import type { ZoneRules } from '../../../src/model/firewall.ts';
import { firewallFindings } from '../../../src/plan/firewall-findings.ts';
import { firewalld, NOTHING_OPEN, type ReportedFirewalld } from '../../support/firewalld.ts';
import { hostFacts } from '../../support/specs.ts';

const DROP = 'rule family="ipv4" source address="192.0.2.12" drop';
const OPEN = { ...NOTHING_OPEN, ports: ['3122/tcp'] };

const zone = (runtime: ZoneRules, permanent = runtime) => ({
  name: 'public',
  isDefault: true,
  sources: [],
  runtime,
  permanent,
});

const findings = (reported: ReportedFirewalld) =>
  firewallFindings({
    clusterNodes: new Map(
      ['c1', 'c2'].map((name, index) => [
        name,
        {
          ...hostFacts(name),
          uname: name,
          membership: undefined,
          fencers: new Map(),
          routes: [{ server: '192.0.2.1', source: `192.0.2.1${index + 1}` }],
        },
      ]),
    ),
    remoteNodes: new Map([['r1', hostFacts('r1', { firewall: firewalld(reported) })]]),
    guestNodes: new Map(),
    vms: new Map(),
    unreachable: new Map(),
    servers: new Map([['r1', { address: '192.0.2.1', port: 3122 }]]),
    cluster: undefined,
  } satisfies Facts);

const reported = (firewall: ReportedFirewalld) =>
  findings(firewall).map(({ host, item, attribute, expected, actual }) =>
    [host, item, attribute, expected, actual].join(' | '),
  );

describe('what a firewall has against cluster nodes', () => {
  it('is a rule of the operator that keeps one out', () => {
    const denies = { ...OPEN, richRules: [DROP] };
    const [finding, ...more] = findings({ zones: [zone(denies)] });
    assert.deepEqual(more, []);
    assert.deepEqual(finding, {
      host: 'r1',
      item: 'firewall-port',
      attribute: '3122/tcp from 192.0.2.12',
      expected: 'open',
      actual: 'kept out',
      message: `firewalld keeps 192.0.2.12 away from port 3122/tcp, by a rule that is not outrigger's: ${DROP}`,
      hint: 'change that rule on the host if 192.0.2.12 is meant to get in: no apply overrides it',
    });
    const one = 'r1 | firewall-port | 3122/tcp from 192.0.2.12 | open |';
    assert.deepEqual(reported({ zones: [zone(denies, OPEN)] }), [
      `${one} kept out until the next reload`,
    ]);
    assert.deepEqual(reported({ zones: [zone(OPEN, denies)] }), [
      `${one} kept out from the next reload on`,
    ]);
  });

  it('is what cannot be evaluated, however open the port is', () => {
    const mac = { ...OPEN, richRules: ['rule source mac="00:11:22:33:44:55" drop'] };
    const both = ['11', '12'].map(
      (end) => `r1 | firewall-port | 3122/tcp from 192.0.2.${end} | open | not understood`,
    );
    assert.deepEqual(reported({ zones: [zone(mac)] }), both);
    assert.match(
      findings({ zones: [zone(mac)] })[0]?.message ?? '',
      /is not understood: that depends on rule source mac="00:11:22:33:44:55" drop$/,
    );
    const args = '-m set --match-set blacklist src -j DROP'.split(' ');
    const direct = [
      { ipv: 'ipv4', table: 'filter', chain: 'INPUT', args, text: 'direct rule ...' },
    ];
    assert.deepEqual(reported({ zones: [zone(OPEN)], direct }), both);
    assert.deepEqual(reported({ zones: [zone(OPEN)], later: { direct } }), [
      `${both[0] ?? ''} from the next reload on`,
      `${both[1] ?? ''} from the next reload on`,
    ]);
  });

  it('is told besides what an apply opens, where that may not be all', () => {
    const lab = { ...zone(NOTHING_OPEN), name: 'lab', isDefault: false };
    const zones = [{ ...lab, sources: ['00:11:22:33:44:55'] }, zone(NOTHING_OPEN)];
    assert.equal(reported({ zones }).length, 2);
  });

  it('is panic mode', () => {
    assert.deepEqual(reported({ zones: [zone(OPEN)], isPanicking: true }), [
      'r1 | firewall-port | 3122/tcp | open | panic mode',
    ]);
  });

  it('is nothing where they get in, where an apply lets them in, and where no zone is told', () => {
    for (const zones of [[zone(OPEN)], [zone(NOTHING_OPEN)], []])
      assert.deepEqual(reported({ zones }), []);
  });
});
