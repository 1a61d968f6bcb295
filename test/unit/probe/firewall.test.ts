import assert from 'node:assert/strict';
import { readFirewall } from '../../../src/probe/readers/read-firewall.ts';

describe('the firewall of a host', () => {
  it('tells what firewalld does after a reload from what it does now', () => {
    const settings = (entries: object) =>
      JSON.stringify({
        data: [
          Object.fromEntries(
            Object.entries(entries).map(([key, data]: [string, unknown]) => [key, { data }]),
          ),
        ],
      });
    const rule = ['ipv4', 'filter', 'INPUT', 1, ['-j', 'DROP']];
    const first = ['ipv4', 'filter', 'INPUT', 0, ['-s', '192.0.2.9', '-j', 'ACCEPT']];
    const policy = (disable: boolean) =>
      settings({
        disable,
        priority: -5,
        target: 'DROP',
        ingress_zones: ['ANY'],
        egress_zones: ['HOST'],
      });
    const reported = [
      'active',
      'default {"type":"s","data":["public"]}',
      'next-default {"type":"s","data":"work"}',
      'backend {"type":"s","data":"iptables"}',
      'flushes {"type":"s","data":"yes"}',
      'panic {"type":"b","data":[true]}',
      'zones {"data":[{"internal":{"interfaces":["eth0"],"sources":["ipset:now"]}}]}',
      'address eth0 192.0.2.21/24',
      'address vlan7 192.0.2.22/24',
      `runtime public ${settings({ ports: [['3121', 'tcp']] })}`,
      `runtime internal ${settings({ ingress_priority: -3, source_ports: [['9', 'tcp']] })}`,
      `permanent internal ${settings({
        sources: ['192.0.2.8'],
        forward_ports: [
          ['3121', 'tcp', '22', ''],
          ['80', 'tcp', '80', ''],
        ],
      })}`,
      `permanent work ${settings({ interfaces: ['vlan+'], services: ['own'] })}`,
      `policy off ${policy(true)}`,
      `policy on ${policy(false)}`,
      'permanent-policy lost Call failed',
      `service own ${settings({ ports: [['3121', 'tcp']], destination: {} })}`,
      `permanent-service own ${settings({ ports: [['22', 'tcp']], source_ports: [['1', 'tcp']] })}`,
      'ipset now {"data":[["","","","hash:ip",{},["192.0.2.11"]]]}',
      'ipset timed {"data":[["","","","hash:ip",{"timeout":"60"},[]]]}',
      'ipset macs {"data":[["","","","hash:mac",{},["00:11:22:33:44:55"]]]}',
      `direct ${JSON.stringify({ data: [[rule, first]] })}`,
      'passthroughs {"data":[[["ipv4",["-I","INPUT","-j","DROP"]]]]}',
      `permanent-direct ${JSON.stringify({ data: [[[], [rule], []]] })}`,
    ];
    const read = (lines: readonly string[]) => {
      const firewall = readFirewall('h1', lines);
      assert.ok(firewall.kind === 'firewalld');
      return firewall;
    };
    const { runtime, permanent, isPanicking } = read(reported);
    assert.equal(isPanicking, true);
    assert.deepEqual(
      runtime.zones.map(({ name, isDefault, sources, priority }) => [
        name,
        isDefault,
        sources,
        priority,
      ]),
      [
        ['internal', false, ['ipset:now'], -3],
        ['public', true, [], undefined],
      ],
    );
    assert.deepEqual(
      permanent.zones.map(({ name, isDefault, sources }) => [name, isDefault, sources]),
      [
        ['internal', false, ['192.0.2.8']],
        ['work', true, []],
      ],
    );
    assert.deepEqual(permanent.zones[0]?.rules.forwardPorts, ['3121/tcp to port 22']);
    assert.deepEqual(runtime.zoneOf, { '192.0.2.21': 'internal' });
    assert.deepEqual(permanent.zoneOf, { '192.0.2.22': 'work' });
    assert.deepEqual(read([...reported, 'networkmanager yes']).permanent.zoneOf, {
      '192.0.2.21': 'internal',
      '192.0.2.22': 'work',
    });
    assert.deepEqual(
      [runtime, permanent].map(({ services }) => services?.['own']?.ports),
      [['3121/tcp'], ['22/tcp']],
    );
    assert.deepEqual(runtime.ipsets, { now: ['192.0.2.11'] });
    assert.deepEqual(
      [runtime, permanent].map(({ policies = [] }) =>
        policies.map(({ name, rules }) => `${name} ${rules.target}`),
      ),
      [['on DROP'], ['lost unknown']],
    );
    assert.deepEqual(
      [runtime, permanent].map(({ direct = [] }) => direct.map(({ text }) => text)),
      [
        [
          'direct rule ipv4 filter INPUT 0 -s 192.0.2.9 -j ACCEPT',
          'direct rule ipv4 filter INPUT 1 -j DROP',
          'direct passthrough ipv4 -I INPUT -j DROP',
        ],
        ['direct rule ipv4 filter INPUT 1 -j DROP'],
      ],
    );
    assert.deepEqual([runtime.isIptables, permanent.isIptables], [true, true]);
  });
});
