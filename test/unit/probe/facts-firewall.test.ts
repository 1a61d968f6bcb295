import assert from 'node:assert/strict';
import { changed, factsOf, recorded } from './fixtures.ts';

describe('the facts of firewalld', () => {
  it('a bare host with firewalld', () => {
    const rules = {
      target: 'default',
      ports: [],
      services: ['ssh', 'dhcpv6-client'],
      richRules: [],
    };
    const zones = [{ name: 'public', isDefault: true, sources: [], rules }];
    const { firewall } = factsOf(recorded('bare-host-firewalld'));
    assert.ok(firewall.kind === 'firewalld');
    const { services, policies, ...runtime } = firewall.runtime;
    assert.deepEqual(runtime, { zones, zoneOf: {} });
    assert.deepEqual(firewall.permanent, firewall.runtime);
    assert.deepEqual(services?.['ssh'], {
      ports: ['22/tcp'],
      protocols: [],
      includes: [],
      isBound: false,
    });
    assert.deepEqual(
      policies?.map(({ name, priority, ingressZones, egressZones }) => [
        name,
        priority,
        ingressZones,
        egressZones,
      ]),
      [['allow-host-ipv6', -15000, ['ANY'], ['HOST']]],
    );
  });

  it('knows the zone of each address by its interface', () => {
    const firewalld = [
      'active',
      'default {"type":"s","data":["public"]}',
      'zones {"data":[{"public":{"interfaces":["eth0"]},"internal":{"interfaces":["eth1","br0"]}}]}',
      'address lo 127.0.0.1/8',
      'address eth0 192.0.2.21/24',
      'address br0 2001:DB8:0::21/64',
    ].join('\n');
    const { firewall } = factsOf(changed('bare-host', { firewalld }));
    assert.ok(firewall.kind === 'firewalld');
    assert.deepEqual(firewall.runtime.zoneOf, {
      '192.0.2.21': 'public',
      '2001:db8::21': 'internal',
    });
  });

  it('tells rules of firewalld only where it got them', () => {
    const firewalld = [
      'active',
      'default {"type":"s","data":["public"]}',
      'zones {"type":"a{sa{sas}}","data":[{"public":{"sources":["192.0.2.0/24",7]},"dmz":null}]}',
      'runtime public {"data":[{"ports":{"data":[["3121","tcp"]]},"target":{"data":"ACCEPT"}}]}',
      'permanent public Call failed',
    ].join('\n');
    const unknown = { target: 'unknown', ports: [], services: [], richRules: [] };
    const rules = { target: 'ACCEPT', ports: ['3121/tcp'], services: [], richRules: [] };
    const named = { name: 'public', isDefault: true };
    assert.deepEqual(factsOf(changed('bare-host', { firewalld })).firewall, {
      kind: 'firewalld',
      runtime: {
        zones: [
          { ...named, sources: ['192.0.2.0/24'], rules },
          { name: 'dmz', isDefault: false, sources: [], rules: unknown },
        ],
        zoneOf: {},
      },
      permanent: { zones: [{ ...named, sources: [], rules: unknown }], zoneOf: {} },
    });
  });
});
