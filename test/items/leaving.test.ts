import assert from 'node:assert/strict';
import {
  authkeyGone,
  certificateGone,
  environmentGone,
  firewallClosed,
  serviceGone,
} from '../../src/items/removed/removed-host.ts';
import { REMOTE_UNIT, WAITING_PAIR } from '../../src/pacemaker/basics/names.ts';
import type { FirewallFacts, ZoneRules } from '../../src/model/firewall.ts';
import { firewalld } from '../support/firewalld.ts';
import type { HostItem } from '../../src/model/item.ts';
import { hostFacts, type HostFactsPatch } from '../support/specs.ts';

const HOST = 'r1';

/** What becomes of each attribute, and what is done for it. */
function reported(item: HostItem, facts: HostFactsPatch): unknown {
  const difference = item.compare(hostFacts(HOST, facts));
  if (difference === undefined) return 'in sync';
  return [
    ...difference.attributes.map(
      ({ name, before = 'absent', after = 'absent' }) => `${name}: ${before} -> ${after}`,
    ),
    ...difference.actions.map((action) =>
      action.kind === 'script' ? [action.script, ...action.params].join(' ') : action.kind,
    ),
  ];
}

const unit = (unitFileState: string, activeState: string) => ({
  units: {
    [REMOTE_UNIT]: { loadState: 'loaded', unitFileState, activeState, startedAt: undefined },
  },
});

const file = { digest: 'd', owner: 'root', group: 'haclient', mode: '640', modifiedAt: 0 };

const ruleFor = (source: string, port = 3121): string =>
  `rule family="ipv4" source address="${source}" port port="${port}" protocol="tcp" accept`;

const rules = (...richRules: string[]): ZoneRules => ({
  target: 'default',
  ports: ['3121/tcp'],
  services: ['high-availability'],
  richRules,
});

const zone = (runtime: ZoneRules, permanent: ZoneRules): FirewallFacts =>
  firewalld({ zones: [{ name: 'public', isDefault: true, sources: [], runtime, permanent }] });

describe('on a host that leaves', () => {
  it('the service is stopped and disabled, whatever of it is needed', () => {
    const stop = `stop-service ${REMOTE_UNIT}`;
    const item = serviceGone(HOST);
    assert.deepEqual(reported(item, unit('enabled', 'active')), [
      'enabled at boot: yes -> no',
      'state: active -> inactive',
      stop,
    ]);
    assert.deepEqual(reported(item, unit('disabled', 'activating')), [
      'state: activating -> inactive',
      stop,
    ]);
    for (const facts of [unit('disabled', 'inactive'), unit('masked', 'failed'), {}])
      assert.equal(reported(item, facts), 'in sync');
  });

  it('the cluster’s key goes, and no other', () => {
    const item = authkeyGone(HOST, new Set(['ours']));
    assert.deepEqual(reported(item, { authkey: { digest: 'ours' } }), [
      'content: matches the cluster -> absent',
      'remove-files /etc/pacemaker/authkey',
    ]);
    assert.equal(reported(item, { authkey: { digest: 'the package’s own' } }), 'in sync');
    assert.equal(reported(item, {}), 'in sync');
  });

  it('the certificates that outrigger brought go, and a key that waits; the host’s own stay', () => {
    const item = certificateGone(HOST);
    assert.deepEqual(
      reported(item, {
        certificates: { ca: file, key: file },
        waitingPair: Object.values(WAITING_PAIR),
      }),
      [
        'authority: there -> absent',
        'key: there -> absent',
        'staged key: there -> absent',
        'remove-files /etc/pacemaker/x509-ca.pem /etc/pacemaker/x509-key.pem /etc/pacemaker/x509-cert-new.pem /etc/pacemaker/x509-key-new.pem',
      ],
    );
    const own = { files: {}, key: { count: 1, isEncrypted: false }, hasOpenssl: true };
    assert.equal(reported(item, { certificates: { key: file }, ownCertificates: own }), 'in sync');
    assert.equal(reported(item, {}), 'in sync');
  });

  it('lines of the environment file with just the values that outrigger gives go', () => {
    const environmentFile = '/etc/default/pacemaker';
    const environment = {
      PCMK_remote_port: '3122',
      PCMK_ca_file: '/etc/pacemaker/x509-ca.pem',
      PCMK_key_file: '/etc/pki/mine.key',
      PCMK_debug: 'yes',
    };
    assert.deepEqual(
      reported(environmentGone(HOST, { port: 3122, own: undefined }), {
        environment,
        environmentFile,
      }),
      [
        'PCMK_remote_port: 3122 -> absent',
        'PCMK_ca_file: /etc/pacemaker/x509-ca.pem -> absent',
        'set-environment /etc/default/pacemaker PCMK_remote_port  PCMK_ca_file ',
      ],
    );
    const own = { ca: '/etc/pki/ca.pem', certificate: '/etc/pki/c', key: '/etc/pki/mine.key' };
    assert.deepEqual(
      reported(environmentGone(HOST, { port: 3121, own: { ...own, crl: undefined } }), {
        environment,
        environmentFile,
      }),
      [
        'PCMK_key_file: /etc/pki/mine.key -> absent',
        'set-environment /etc/default/pacemaker PCMK_key_file ',
      ],
    );
    assert.equal(reported(environmentGone(HOST, { port: 3121, own: undefined }), {}), 'in sync');
  });

  it('the rules for its port go that outrigger could have made, for whichever cluster node', () => {
    const item = firewallClosed(HOST, 3121);
    const network = ruleFor('10.0.0.0/8');
    assert.deepEqual(
      reported(item, {
        firewall: zone(
          rules(ruleFor('10.77.0.12'), network, ruleFor('10.77.0.11', 22)),
          rules(ruleFor('10.77.0.11')),
        ),
      }),
      [
        'public 3121/tcp from 10.77.0.11: open -> closed',
        'public 3121/tcp from 10.77.0.12: open -> closed',
        `close-firewalld public ${ruleFor('10.77.0.11')} permanent`,
        `close-firewalld public ${ruleFor('10.77.0.12')} runtime`,
      ],
    );
    const both = rules(ruleFor('10.77.0.11'));
    assert.deepEqual(reported(item, { firewall: zone(both, both) }), [
      'public 3121/tcp from 10.77.0.11: open -> closed',
      `close-firewalld public ${ruleFor('10.77.0.11')} runtime permanent`,
    ]);
    assert.equal(reported(item, { firewall: zone(rules(network), rules()) }), 'in sync');
    assert.equal(reported(item, {}), 'in sync');
  });
});
