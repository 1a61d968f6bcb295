import assert from 'node:assert/strict';
import type { DirectRule, FirewallState } from '../../../src/model/firewall.ts';
import { kindOf, zoneWith } from './firewall.ts';

describe('direct rules of firewalld', () => {
  const rule = (text: string, chain = 'INPUT', table = 'filter', ipv = 'ipv4'): DirectRule => ({
    ipv,
    table,
    chain,
    args: text.split(' '),
    text: `direct rule ${text}`,
  });
  const passed = (text: string, ipv = 'ipv4'): DirectRule => ({
    ipv,
    table: '',
    chain: '',
    args: text.split(' '),
    text: `direct passthrough ${text}`,
  });
  const open = [zoneWith({ ports: ['3121/tcp'] })];
  const of = (direct: readonly DirectRule[], more: Partial<FirewallState> = {}) =>
    kindOf({ direct, zones: open, ...more });
  const iptables = { isIptables: true };
  const closed = { zones: [zoneWith({})] };

  const AGAINST: Readonly<Record<string, string>> = {
    '-s 10.77.0.12 -j DROP': 'denied',
    '-s 10.77.0.0/24 -p tcp -m tcp --dport 3121 -j REJECT --reject-with tcp-reset': 'denied',
    '-p tcp -m multiport --dports 22,3000:4000 -j DROP': 'denied',
    '! -s 10.78.0.0/24 -j DROP': 'denied',
    '-m state --state NEW -j DROP': 'denied',
    '-p tcp --dport=3121 -m comment --comment x -j DROP': 'denied',
    '-p tcp --syn --dport 3121 -j NFQUEUE --queue-num 1': 'unclear',
    '-s 10.78.0.0/24 -j DROP': 'open',
    '! -s 10.77.0.0/24 -j DROP': 'open',
    '-s ! 10.77.0.0/24 -j DROP': 'open',
    '-p udp --dport 3121 -j DROP': 'open',
    '-p tcp --dport 22 -j DROP': 'open',
    '-m conntrack --ctstate ESTABLISHED,RELATED -j DROP': 'open',
    '-i lo -j DROP': 'open',
    '-i eth0 -j DROP': 'unclear',
    '-i eth0 -p tcp --dport 22 -j DROP': 'open',
    '-m set --match-set blacklist src -j DROP': 'unclear',
    '-p tcp --dport 3121 -m connlimit --connlimit-above 10 -j REJECT': 'unclear',
    '-m mac --mac-source 00:11:22:33:44:55 -j DROP': 'unclear',
    '-s bad.example.com -j DROP': 'unclear',
    '-j LOG --log-prefix x': 'open',
    '-p tcp --dport 3121': 'open',
    '-i eth0 -d 224.0.0.18 -p vrrp -j ACCEPT': 'open',
  };
  for (const [text, is] of Object.entries(AGAINST))
    it(`${text}: ${is}`, () => {
      assert.equal(of([rule(text)]), is);
      assert.equal(of([passed(`-I INPUT 1 ${text}`)]), is);
      assert.equal(of([passed(`-t filter -A INPUT ${text}`)]), is);
    });

  it('are for one family', () => {
    assert.equal(of([rule('-j DROP', 'INPUT', 'filter', 'ipv6')]), 'open');
    assert.equal(of([rule('-j DROP', 'INPUT', 'filter', 'eb')]), 'unclear');
  });

  it('stand in the chains that a packet to the host passes', () => {
    for (const table of ['raw', 'mangle', 'nat'])
      assert.equal(of([rule('-s 10.77.0.12 -j DROP', 'PREROUTING', table)]), 'denied');
    assert.equal(
      of([rule('-p tcp --dport 3121 -j REDIRECT --to-ports 22', 'PREROUTING', 'nat')]),
      'unclear',
    );
    for (const [table, chain] of [
      ['filter', 'FORWARD'],
      ['filter', 'OUTPUT'],
      ['nat', 'POSTROUTING'],
    ] as const)
      assert.equal(of([rule('-j DROP', chain, table)]), 'open');
    assert.equal(of([rule('-s 10.77.0.12 -j DROP', 'INPUT_direct')]), 'denied');
  });

  it('that accept are final with iptables, and not with nftables', () => {
    const accepts = rule('-p tcp --dport 3121 -j ACCEPT');
    assert.equal(of([accepts], closed), 'closed');
    assert.equal(of([accepts], { ...closed, ...iptables }), 'open');
    assert.equal(of([accepts, rule('-j DROP')]), 'open');
    assert.equal(of([rule('-i eth0 -j ACCEPT'), rule('-j DROP')]), 'unclear');
    assert.equal(of([rule('-i eth0 -j ACCEPT'), rule('-j DROP')], iptables), 'unclear');
    assert.equal(of([rule('-i eth0 -j ACCEPT')], { ...closed, ...iptables }), 'closed');
  });

  it('go on in chains of the operator’s, as in the example of firewalld.direct(5)', () => {
    const denylist = [
      rule('-s 10.77.0.0/24 -j denylist', 'PREROUTING', 'raw'),
      rule('-m limit --limit 1/min -j LOG --log-prefix denylisted', 'denylist', 'raw'),
      rule('-j DROP', 'denylist', 'raw'),
    ];
    assert.equal(of(denylist), 'denied');
    const spared = rule('-s 10.77.0.12 -j RETURN', 'denylist', 'raw');
    assert.equal(of([spared, ...denylist]), 'open');
    assert.equal(of([rule('-i eth0 -j RETURN', 'denylist', 'raw'), ...denylist]), 'unclear');
  });

  it('do not hold up the evaluation where they go round in circles or are many', () => {
    assert.equal(of([rule('-j a'), rule('-j a', 'a')]), 'unclear');
    const doubled = Array.from({ length: 40 }, (_, at) => [
      rule(`-j c${at + 1}`, at === 0 ? 'INPUT' : `c${at}`),
      rule(`-j c${at + 1}`, at === 0 ? 'INPUT' : `c${at}`),
    ]).flat();
    assert.equal(of(doubled), 'unclear');
    assert.equal(of(Array.from({ length: 20_000 }, () => rule('-p udp -j DROP'))), 'unclear');
  });

  it('may be policies of a chain, or changes of others', () => {
    assert.equal(of([passed('-P INPUT DROP')]), 'denied');
    assert.equal(
      of([passed('-P INPUT DROP'), passed('-A INPUT -p tcp --dport 3121 -j ACCEPT')]),
      'open',
    );
    assert.equal(of([passed('-N own')]), 'open');
    assert.equal(of([passed('-F INPUT')]), 'unclear');
  });
});
