import assert from 'node:assert/strict';
import { verdictOf } from '../../../src/items/firewall/verdict.ts';
import { zonesFor } from '../../../src/items/firewall/zones.ts';
import type { FirewallPolicy, FirewallState, ZoneRules } from '../../../src/model/firewall.ts';
import { NOTHING_OPEN } from '../../support/firewalld.ts';
import { FIREWALL, ipv4, kindOf, NODE, PORT, SUBNET, to, zoneWith } from './firewall.ts';

describe('the zone of firewalld that a cluster node belongs to', () => {
  const OPEN_ZONE = { ports: ['3121/tcp'] };
  const named = (name: string, sources: readonly string[], more: object = {}) =>
    zoneWith({}, { name, sources, isDefault: false, ...more });
  const names = (state: Partial<FirewallState>, source = NODE) =>
    zonesFor({ ...FIREWALL, ...state }, to(source)).map(({ zone: { name }, match }) =>
      match === 'yes' ? name : `${name}?`,
    );

  it('is that of a set that it is in', () => {
    const zones = [zoneWith({}), named('ha', ['ipset:nodes'])];
    assert.deepEqual(names({ zones }), ['ha']);
    assert.deepEqual(names({ zones }, '10.77.0.13'), ['public']);
  });

  it('is the first by name of those bound to it, before that of the interface', () => {
    const zones = [
      named('internal', []),
      named('work', ['10.77.0.12']),
      named('home', ['10.77.0.0/16']),
      zoneWith({}),
    ];
    assert.deepEqual(names({ zones, zoneOf: { '10.77.1.3': 'internal' } }), ['home']);
  });

  it('goes by priority first', () => {
    const zones = [
      named('internal', [], { priority: -10 }),
      named('home', ['10.77.0.0/16']),
      zoneWith({}),
    ];
    assert.deepEqual(names({ zones, zoneOf: { '10.77.1.3': 'internal' } }), ['internal']);
  });

  it('may be one that is bound to a hardware address, or to a set that is not known', () => {
    const zones = [
      named('lab', ['52:54:00:12:34:56']),
      named('other', ['ipset:timed']),
      zoneWith({}),
    ];
    assert.deepEqual(names({ zones }), ['lab?', 'other?', 'public']);
  });

  it('is not understood where such a zone says something else', () => {
    const open = zoneWith(OPEN_ZONE);
    const lab = (rules: Partial<ZoneRules>) =>
      zoneWith(rules, { name: 'lab', isDefault: false, sources: ['52:54:00:12:34:56'] });
    assert.equal(kindOf({ zones: [lab({}), open] }), 'unclear');
    assert.equal(kindOf({ zones: [lab(OPEN_ZONE), open] }), 'open');
    // A rule in the zone that is certain takes the doubt away.
    assert.equal(kindOf({ zones: [lab(OPEN_ZONE), zoneWith({})] }), 'closed');
    assert.deepEqual(verdictOf({ ...FIREWALL, zones: [lab({}), zoneWith({})] }, to()), {
      kind: 'closed',
      zone: 'public',
      doubt: 'zone lab (52:54:00:12:34:56)',
    });
  });

  it('bans it where it opens nothing and is bound to it', () => {
    const drop = (rules: Partial<ZoneRules> = {}) =>
      zoneWith({ target: 'DROP', ...rules }, { name: 'drop', isDefault: false, sources: [NODE] });
    assert.equal(kindOf({ zones: [drop(), zoneWith(OPEN_ZONE)] }), 'denied');
    assert.equal(kindOf({ zones: [drop({ services: ['ssh'] }), zoneWith(OPEN_ZONE)] }), 'closed');
    const whole = zoneWith({ target: 'DROP' });
    assert.equal(kindOf({ zones: [whole] }), 'closed');
  });
});

describe('policies of firewalld', () => {
  const policy = (
    priority: number,
    rules: Partial<ZoneRules>,
    more: Partial<FirewallPolicy> = {},
  ): FirewallPolicy => ({
    name: 'own',
    priority,
    ingressZones: ['ANY'],
    egressZones: ['HOST'],
    rules: { ...NOTHING_OPEN, target: 'CONTINUE', ...rules },
    ...more,
  });
  const open = [zoneWith({ ports: ['3121/tcp'] })];
  const of = (policies: readonly FirewallPolicy[], zones = open) => kindOf({ policies, zones });
  const drops = { richRules: [ipv4(`${SUBNET} drop`)] };
  const closed = [zoneWith({})];

  it('come before the zone with a priority below 0', () => {
    assert.equal(of([policy(-1, drops)]), 'denied');
    assert.equal(of([policy(-1, { target: 'DROP' })]), 'denied');
    assert.equal(of([policy(-1, { target: 'REJECT' })]), 'denied');
    assert.equal(of([policy(-1, {})]), 'open');
    assert.equal(of([policy(-1, { ports: ['3121/tcp'] })], closed), 'open');
    assert.equal(of([policy(-1, { target: 'ACCEPT' })], closed), 'open');
    assert.equal(of([policy(-1, { ports: ['3121/tcp'], target: 'DROP' })]), 'open');
  });

  it('come after the zone with a priority above 0', () => {
    assert.equal(of([policy(1, { target: 'DROP' })]), 'open');
    assert.equal(of([policy(1, { target: 'DROP' })], closed), 'closed');
    assert.equal(of([policy(1, drops)], closed), 'denied');
    assert.equal(
      of([policy(1, { richRules: [`rule priority="5" ${PORT} drop`] })], closed),
      'closed',
    );
    assert.equal(of([policy(1, { services: ['high-availability'] })], closed), 'open');
  });

  it('go by their priorities among each other', () => {
    const accepts = policy(-20, { ports: ['3121/tcp'] });
    assert.equal(of([policy(-10, { target: 'DROP' }), accepts]), 'open');
    assert.equal(of([policy(-30, { target: 'DROP' }), accepts]), 'denied');
  });

  it('are for the zones that they name, and for the host', () => {
    assert.equal(of([policy(-1, drops, { ingressZones: ['public'] })]), 'denied');
    assert.equal(of([policy(-1, drops, { ingressZones: ['dmz'] })]), 'open');
    assert.equal(of([policy(-1, drops, { egressZones: ['ANY'] })]), 'open');
    const forwards = { forwardPorts: ['3121/tcp to port 3121 of 192.0.2.9'] };
    assert.equal(of([policy(-1, forwards, { egressZones: ['ANY'] })]), 'denied');
  });

  it('are not understood where their settings were not printed', () => {
    assert.equal(of([policy(-1, { target: 'unknown' })]), 'unclear');
  });
});
