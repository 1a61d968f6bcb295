import assert from 'node:assert/strict';
import { readCib } from '../../../src/pacemaker/cib/cib.ts';
import { readCrmMon } from '../../../src/pacemaker/status/crm-mon.ts';
import type { ClusterFacts, Facts, LocalFacts } from '../../../src/model/facts.ts';
import { runningRisks, runsThere } from '../../../src/plan/problems/already-active.ts';
import { crmMonXml } from '../../support/crm-mon.ts';
import { hostFacts } from '../../support/specs.ts';
import { changed, factsOf } from '../probe/fixtures.ts';

const unit = (id: string, type = id, standard = 'systemd'): string =>
  `<primitive id="${id}" class="${standard}" type="${type}"/>`;

const agent = (id: string, type: string, ...blocks: Readonly<Record<string, string>>[]): string =>
  `<primitive id="${id}" class="ocf" provider="heartbeat" type="${type}">${blocks
    .map(
      (parameters, index) =>
        `<instance_attributes id="${id}-i${index}">${Object.entries(parameters)
          .map(
            ([name, value]) =>
              `<nvpair id="${id}-${index}-${name}" name="${name}" value="${value}"/>`,
          )
          .join('')}</instance_attributes>`,
    )
    .join('')}</primitive>`;

function clusterWith(resources: string, constraints = '', active = {}): ClusterFacts {
  const cibText = `<cib admin_epoch="0" epoch="1" num_updates="0"><configuration><nodes/>
    <resources>${resources}</resources><constraints>${constraints}</constraints></configuration><status/></cib>`;
  return {
    readFrom: 'c1',
    cib: readCib(cibText),
    cibText,
    mon: readCrmMon(crmMonXml({ resources: active })),
    dcState: 'S_IDLE',
  };
}

const connectionOf = (inside: string): string =>
  `<primitive id="r1" class="ocf" provider="pacemaker" type="remote">${inside}</primitive>`;

interface There {
  readonly active?: readonly string[];
  readonly enabled?: readonly string[];
  readonly mounted?: readonly string[];
  readonly addresses?: readonly string[];
}

const localOf = ({ active, enabled, mounted, addresses }: There): LocalFacts => ({
  activeUnits: new Set(active),
  enabledUnits: new Set(enabled),
  mountPoints: new Set(mounted),
  addresses: new Set(addresses),
});

/** What the plan says of the host r1: why it is left out, or the risks of its join. */
function said(cluster: ClusterFacts, there: There): unknown {
  const host = hostFacts('r1', { local: localOf(there) });
  const refusal = runsThere(host, cluster);
  if (refusal !== undefined) return refusal.message.replace(/^.*already active on it: /, '');
  const facts: Facts = {
    clusterNodes: new Map(),
    remoteNodes: new Map([['r1', host]]),
    guestNodes: new Map(),
    vms: new Map(),
    unreachable: new Map(),
    servers: new Map(),
    cluster,
  };
  return runningRisks(facts, cluster, new Set(['r1']))
    .filter(({ subjects }) => subjects.length > 0)
    .map(({ code, subjects }) => `${code}: ${subjects.join()}`)
    .join('; ');
}

const CONSTRAINT = (more: string): string => `<rsc_location id="l" rsc="web" score="0" ${more}/>`;

const CASES: readonly (readonly [string, ClusterFacts, There, string])[] = [
  ['nothing', clusterWith(unit('web')), { active: ['ssh.service'], enabled: ['ssh.service'] }, ''],
  [
    'an active unit',
    clusterWith(unit('web', 'nginx')),
    { active: ['nginx.service'], enabled: ['nginx.service'] },
    'web (systemd:nginx): nginx.service is active',
  ],
  [
    'a unit that is no service',
    clusterWith(unit('web', 'web.socket')),
    { active: ['web.service', 'web.socket'] },
    'web (systemd:web.socket): web.socket is active',
  ],
  [
    'an instance of a template unit with a dot in it',
    clusterWith(unit('vpn', 'openvpn@a.b')),
    { active: ['openvpn@a.b.service'] },
    'vpn (systemd:openvpn@a.b): openvpn@a.b.service is active',
  ],
  [
    'an init script',
    clusterWith(unit('old', 'old', 'lsb')),
    { active: ['old.service'] },
    'old (lsb:old): old.service is active',
  ],
  [
    'a service of whatever kind',
    clusterWith(unit('any', 'any', 'service')),
    { active: ['any.service'] },
    'any (service:any): any.service is active',
  ],
  [
    'a unit of the same name that another agent looks after',
    clusterWith(agent('nginx', 'nginx')),
    { active: ['nginx.service'] },
    '',
  ],
  [
    'a unit that is only enabled',
    clusterWith(unit('web')),
    { enabled: ['web.service'] },
    'enabled-at-boot: web on r1',
  ],
  [
    'a mount',
    clusterWith(agent('data', 'Filesystem', { device: 'tmpfs', directory: '/srv//data/' })),
    { mounted: ['/', '/srv/data'] },
    'data (ocf:heartbeat:Filesystem): /srv/data is mounted',
  ],
  [
    'a mount below it',
    clusterWith(agent('data', 'Filesystem', { directory: '/srv' })),
    { mounted: ['/', '/srv/data'] },
    '',
  ],
  [
    'addresses in another spelling, and in several blocks',
    clusterWith(
      agent('vip', 'IPaddr2', { ip: '192.0.2.9' }, { ip: '2001:DB8:0::9' }) +
        agent('old', 'IPaddr', { ip: '192.0.2.8' }),
    ),
    { addresses: ['2001:db8::9', '192.0.2.8'] },
    'vip (ocf:heartbeat:IPaddr2): it has the address 2001:DB8:0::9; old (ocf:heartbeat:IPaddr): it has the address 192.0.2.8',
  ],
  [
    'a resource in a group, with its agent in a template',
    clusterWith(
      `<template id="t" class="systemd" type="web"/><group id="g"><primitive id="one" template="t"/>${unit('two')}</group>`,
    ),
    { active: ['web.service'] },
    'one (systemd:web): web.service is active',
  ],
  [
    'a parameter in a template',
    clusterWith(
      '<template id="t" class="ocf" provider="heartbeat" type="IPaddr2"><instance_attributes id="i"><nvpair id="n" name="ip" value="192.0.2.9"/></instance_attributes></template><primitive id="vip" template="t"/>',
    ),
    { addresses: ['192.0.2.9'] },
    'vip (ocf:heartbeat:IPaddr2): it has the address 192.0.2.9',
  ],
  [
    'an instance of a clone of a group',
    clusterWith(`<clone id="c"><group id="g">${unit('web')}</group></clone>`),
    { active: ['web.service'], enabled: ['web.service'] },
    'clone-already-active: web on r1',
  ],
  [
    'a unit of a clone that is only enabled',
    clusterWith(`<clone id="c">${unit('web')}</clone>`),
    { enabled: ['web.service'] },
    '',
  ],
  [
    'a unit inside a container',
    clusterWith(`<bundle id="b">${unit('web')}</bundle>`),
    { active: ['web.service'] },
    '',
  ],
  [
    'a resource that is never looked for there',
    clusterWith(unit('web'), CONSTRAINT('node="r1" resource-discovery="never"')),
    { active: ['web.service'] },
    '',
  ],
  [
    'a resource that is never looked for on another node',
    clusterWith(unit('web'), CONSTRAINT('node="r2" resource-discovery="never"')),
    { active: ['web.service'] },
    'web (systemd:web): web.service is active',
  ],
  [
    'a resource that is looked for on other nodes only',
    clusterWith(unit('web'), CONSTRAINT('node="r2" resource-discovery="exclusive"')),
    { active: ['web.service'] },
    '',
  ],
  [
    'a resource that is looked for only there',
    clusterWith(unit('web'), CONSTRAINT('node="R1" resource-discovery="exclusive"')),
    { active: ['web.service'] },
    'web (systemd:web): web.service is active',
  ],
  [
    'a node that is in the cluster already',
    clusterWith(unit('web') + connectionOf('')),
    { active: ['web.service'], enabled: ['web.service'] },
    '',
  ],
  [
    'a node that is in the cluster already, and its resource runs elsewhere by now',
    clusterWith(unit('web') + connectionOf(''), '', { web: 'c1' }),
    { active: ['web.service'] },
    'web (systemd:web): web.service is active',
  ],
  [
    'a node whose resource runs nowhere else',
    clusterWith(unit('web') + connectionOf(''), '', { web: 'r1' }),
    { active: ['web.service'] },
    '',
  ],
  [
    'a node whose connection an operator holds',
    clusterWith(
      unit('web') +
        connectionOf(
          '<meta_attributes id="r1-m"><nvpair id="r1-m-i" name="is-managed" value="false"/></meta_attributes>',
        ),
      '',
      { web: 'c1' },
    ),
    { active: ['web.service'] },
    '',
  ],
];

describe('what runs already on a host that joins', () => {
  for (const [name, cluster, there, expected] of CASES) {
    it(name, () => {
      assert.equal(said(cluster, there), expected);
    });
  }

  it('comes with what to do about it', () => {
    const cluster = clusterWith(
      unit('web') +
        agent('data', 'Filesystem', { directory: '/srv/data' }) +
        agent('vip', 'IPaddr2', { ip: '192.0.2.9' }),
    );
    const local = localOf({
      active: ['web.service'],
      mounted: ['/srv/data'],
      addresses: ['192.0.2.9'],
    });
    const refusal = runsThere(hostFacts('r1', { local }), cluster);
    assert.equal(refusal?.code, 'RESOURCE_ALREADY_ACTIVE');
    for (const remedy of [
      'systemctl disable --now web.service',
      'umount /srv/data',
      'ip address delete 192.0.2.9',
    ])
      assert.ok(refusal.hint?.includes(remedy), remedy);
  });

  it('is read from what the host prints', () => {
    const { local } = factsOf(
      changed('bare-host', {
        local_units: 'active mysql.service mariadb.service\nactive tmp.mount\nenabled web.service',
        mounts: '/\n/srv/with\\040blank\n/srv/back\\134slash',
        addresses: '127.0.0.1\n10.77.1.1\n2001:DB8::0:1',
      }),
    );
    assert.deepEqual([...local.activeUnits], ['mysql.service', 'mariadb.service', 'tmp.mount']);
    assert.deepEqual([...local.enabledUnits], ['web.service']);
    assert.deepEqual([...local.mountPoints], ['/', '/srv/with blank', '/srv/back\\slash']);
    assert.deepEqual([...local.addresses], ['127.0.0.1', '10.77.1.1', '2001:db8::1']);
  });
});
