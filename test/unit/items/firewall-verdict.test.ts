import assert from 'node:assert/strict';
import type { ZoneRules } from '../../../src/model/firewall.ts';
import { ipv4, kindOf, NODE, PORT, SUBNET, to, zoneWith } from './firewall.ts';

interface Case extends Partial<ZoneRules> {
  readonly is: string;
  readonly source?: string;
  readonly server?: string;
}

const CASES: Readonly<Record<string, Case>> = {
  'nothing that opens': { is: 'closed' },
  'a rule for a subnet': { richRules: [ipv4(`${SUBNET} ${PORT} accept`)], is: 'open' },
  'a rule for another subnet': {
    richRules: [ipv4(`source address="10.78.0.0/24" ${PORT} accept`)],
    is: 'closed',
  },
  'a rule for all but another subnet': {
    richRules: [ipv4(`source NOT address="10.78.0.0/24" ${PORT} accept`)],
    is: 'open',
  },
  'a rule for all but this subnet': {
    richRules: [ipv4(`source address="10.77.0.0/24" invert="True" ${PORT} accept`)],
    is: 'closed',
  },
  'a service of the operator': { services: ['pacemaker-remote'], is: 'open' },
  'a service that includes others, in a circle': { services: ['cluster'], is: 'open' },
  'a service for a destination': { services: ['group'], is: 'closed' },
  'a rule for the service high-availability': {
    richRules: ['rule service name="high-availability" accept'],
    is: 'open',
  },
  'a rule for a subnet and whatever is in it': {
    richRules: [ipv4(`${SUBNET} accept`)],
    is: 'open',
  },
  'a rule of the other family': { richRules: [`rule family="ipv6" ${PORT} accept`], is: 'closed' },
  'a rule for a range of ports with a log': {
    richRules: [
      'rule port port="3000-4000" protocol="tcp" log prefix="drop it" level="info" accept',
    ],
    is: 'open',
  },
  'a rule for udp': { richRules: ['rule port port="3121" protocol="udp" accept'], is: 'closed' },
  'a rule for the protocol': { richRules: ['rule protocol value="tcp" accept'], is: 'open' },
  'the protocol': { protocols: ['tcp'], is: 'open' },
  'a rule that only logs': { richRules: [`rule ${PORT} log prefix="x"`], is: 'closed' },
  'a rule that forwards': {
    richRules: [ipv4('forward-port port="3121" protocol="tcp" to-port="1"')],
    is: 'denied',
  },
  'a set': { richRules: [`rule source ipset="nodes" ${PORT} accept`], is: 'open' },
  'a set with a range': { richRules: [`rule source ipset="range" ${PORT} accept`], is: 'open' },
  'a set that is not told': { richRules: [`rule source ipset="other" drop`], is: 'closed' },
  'a hardware address': { richRules: ['rule source mac="00:11:22:33:44:55" accept'], is: 'closed' },
  'another destination': {
    richRules: [ipv4(`destination address="10.77.1.4" ${PORT} accept`)],
    is: 'closed',
  },
  'an open port and a rule that drops': {
    ports: ['3121/tcp'],
    richRules: [ipv4(`source address="${NODE}" drop`)],
    is: 'denied',
  },
  'an open port and a rule that drops another one': {
    ports: ['3121/tcp'],
    richRules: [ipv4('source address="10.77.0.11" drop')],
    is: 'open',
  },
  'rules that accept and reject': {
    richRules: [`rule ${PORT} accept`, `rule ${PORT} reject type="tcp-reset"`],
    is: 'denied',
  },
  'a rule that accepts before one that drops': {
    richRules: [`rule ${PORT} drop`, `rule priority="-5" ${PORT} accept`],
    is: 'open',
  },
  'a rule that drops before an open port': {
    ports: ['3121/tcp'],
    richRules: [`rule priority="-5" ${PORT} drop`],
    is: 'denied',
  },
  'a rule that drops what is left': {
    ports: ['3121/tcp'],
    richRules: ['rule priority="32767" protocol value="tcp" drop'],
    is: 'open',
  },
  'a rule that drops what is left, and nothing that opens': {
    richRules: ['rule priority="32767" protocol value="tcp" drop'],
    is: 'closed',
  },
  'a late rule that drops this one, and nothing that opens': {
    richRules: [`rule priority="9" family="ipv4" source address="${NODE}" drop`],
    is: 'denied',
  },
  'a target that accepts': { target: 'ACCEPT', is: 'open' },
  'a target that accepts, and a rule that drops': {
    target: 'ACCEPT',
    richRules: [ipv4(`${SUBNET} drop`)],
    is: 'denied',
  },
  'a target that drops, and an open port': { target: 'DROP', ports: ['3121/tcp'], is: 'open' },
  'a rule for a network of IPv6': {
    richRules: [`rule family="ipv6" source address="2001:db8::/64" ${PORT} accept`],
    source: '2001:db8::5',
    is: 'open',
  },
};

const MORE_CASES: Readonly<Record<string, Case>> = {
  'a hardware address that is dropped, and an open port': {
    ports: ['3121/tcp'],
    richRules: ['rule source mac="00:11:22:33:44:55" drop'],
    is: 'unclear',
  },
  'a hardware address that is let in before all others are dropped': {
    richRules: [
      'rule priority="-9" source mac="00:11:22:33:44:55" accept',
      `rule family="ipv4" ${SUBNET} drop`,
    ],
    is: 'unclear',
  },
  'a set that is not told and is dropped, and an open port': {
    ports: ['3121/tcp'],
    richRules: ['rule source ipset="other" drop'],
    is: 'unclear',
  },
  'a set that is not told, accepted after an open port': {
    ports: ['3121/tcp'],
    richRules: ['rule source ipset="other" accept'],
    is: 'open',
  },
  'an action for some connections in a time only': {
    richRules: [`rule ${PORT} accept limit value="3/m"`],
    is: 'closed',
  },
  'a drop for some connections in a time only': {
    ports: ['3121/tcp'],
    richRules: [`rule ${PORT} drop limit value="3/m"`],
    is: 'unclear',
  },
  'a log with a limit': {
    richRules: [`rule ${PORT} log prefix="x" limit value="3/m" accept`],
    is: 'open',
  },
  'a port that is redirected': {
    ports: ['3121/tcp'],
    forwardPorts: ['3000-4000/tcp to port 22'],
    is: 'denied',
  },
  'another port that is redirected': {
    ports: ['3121/tcp'],
    forwardPorts: ['80/tcp to port 3121'],
    is: 'open',
  },
  'a rule that redirects the subnet': {
    ports: ['3121/tcp'],
    richRules: [ipv4(`${SUBNET} forward-port port="3121" protocol="tcp" to-addr="192.0.2.9"`)],
    is: 'denied',
  },
  'all source ports': { sourcePorts: ['1024-65535/tcp'], is: 'open' },
  'some source ports': { sourcePorts: ['40000/tcp'], is: 'closed' },
  'a service that is not told, and is dropped': {
    ports: ['3121/tcp'],
    richRules: ['rule service name="whatever" drop'],
    is: 'unclear',
  },
  'a name as server, and a rule that drops what goes to an address': {
    server: 'h3.example.com',
    ports: ['3121/tcp'],
    richRules: [ipv4('destination address="10.77.1.4" drop')],
    is: 'unclear',
  },
  'names of what every object has': {
    services: ['constructor', '__proto__'],
    richRules: ['rule constructor toString', 'rule service name="valueOf" accept'],
    is: 'closed',
  },
  'settings that were not printed': { target: 'unknown', is: 'unclear' },
};

describe('what a zone of firewalld does with a cluster node', () => {
  for (const [what, { is, source, server, ...rules }] of Object.entries({
    ...CASES,
    ...MORE_CASES,
  }))
    it(`with ${what}: ${is}`, () => {
      const connection = { ...to(source), ...(server === undefined ? {} : { server }) };
      assert.equal(kindOf({ zones: [zoneWith(rules)] }, connection), is);
    });

  it('is not known where no zone is told', () => {
    assert.equal(kindOf({ zones: [] }), undefined);
  });
});
