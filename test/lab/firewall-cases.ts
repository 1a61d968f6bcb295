/** Settings of firewalld on a host, who gets in then, and what the evaluation of its rules says of it. */
import assert from 'node:assert/strict';
import { verdictsOn } from '../../src/items/firewall/firewall-port.ts';
import { readHost } from '../../src/probe/readers/read-host.ts';
import { splitSections } from '../../src/probe/readers/sections.ts';
import { hostScript } from '../support/host-script.ts';
import type { Lab } from './lab.ts';

/** `unclear`: it is let in, or kept out, by what the evaluation cannot know. */
type Reported = 'open' | 'closed' | 'denied' | 'unclear';

interface Case {
  /** Options of firewall-cmd: permanent, then a reload. */
  readonly permanent?: readonly string[];
  /** Options without a reload after them. */
  readonly runtime?: readonly string[];
  readonly getsIn: readonly [c1: boolean, c2: boolean];
  /** What is said of c1 and c2, where that is not `open` for those that get in and not open for the others. */
  readonly reported?: readonly [Reported, Reported];
  /** What is said of them after a reload (default: as now). */
  readonly later?: readonly [Reported, Reported];
}

/** No settings of an operator any more. */
export const RESET =
  'rm -rf /etc/firewalld/zones/* /etc/firewalld/services/* /etc/firewalld/ipsets/* /etc/firewalld/policies/* /etc/firewalld/direct.xml; firewall-cmd --quiet --reload';

/** Each case, and then nothing of it any more. */
export async function firewallAsEvaluated(lab: Lab, host: string): Promise<void> {
  const addresses = [lab.addresses['c1'] ?? '', lab.addresses['c2'] ?? ''] as const;
  const server = lab.addresses[host] ?? '';
  const probe = `set -- NONCE remote\n${hostScript('probe/probe.sh')}`;
  // Nobody listens: who gets in is refused by the kernel.
  const getsIn = async (from: string): Promise<boolean> => {
    const connect = `LC_ALL=C timeout 1 bash -c 'exec 3<>/dev/tcp/${server}/3121'`;
    return (await lab.exec(from, connect)).stderr.includes('refused');
  };
  // What the cases begin from.
  await lab.sh(host, RESET);
  // firewalld writes direct rules with iptables, which Debian only recommends.
  const hasIptables = (await lab.exec(host, 'command -v iptables')).code === 0;
  const cases = {
    ...zoneCases(...addresses),
    ...policyCases(addresses[1]),
    ...reloadCases(...addresses),
    ...(hasIptables ? directCases(...addresses, await deviceOf(lab, host)) : {}),
  };
  for (const [what, expected] of Object.entries(cases)) {
    const { permanent = [], runtime = [], getsIn: expectedIn, reported, later } = expected;
    const commands = [
      ...permanent.map((option) => `firewall-cmd --quiet --permanent ${option}`),
      ...(permanent.length === 0 ? [] : ['firewall-cmd --quiet --reload']),
      ...runtime.map((option) => `firewall-cmd --quiet ${option}`),
    ];
    await lab.sh(host, ['true', ...commands].join(' && '));
    const sections = splitSections(await lab.sh(host, probe, { stdin: '' }), 'NONCE', host);
    const { firewall } = readHost(host, sections, Date.now() / 1000);
    assert.ok(firewall.kind === 'firewalld');
    const verdicts = addresses.map((source) =>
      verdictsOn(firewall, { source, server, port: 3121 }),
    );
    assert.deepEqual([await getsIn('c1'), await getsIn('c2')], expectedIn, `${what}: firewalld`);
    const now = verdicts.map((one) => one.runtime?.kind);
    const then = verdicts.map((one) => one.permanent?.kind);
    if (reported === undefined)
      assert.deepEqual(
        now.map((kind) => kind === 'open'),
        expectedIn,
        `${what}: evaluation`,
      );
    else assert.deepEqual(now, reported, `${what}: evaluation`);
    assert.deepEqual(then, later ?? now, `${what}: after a reload`);
    await lab.sh(host, RESET);
  }
}

/** The interface that it is reached by. */
const deviceOf = async (lab: Lab, host: string): Promise<string> =>
  (await lab.sh(host, "ip -o route get 10.77.0.11 | sed 's/.* dev //; s/ .*//'")).trim();

const rule = (text: string): string => `--add-rich-rule='rule ${text}'`;
const port = 'port port="3121" protocol="tcp"';

function zoneCases(c1: string, c2: string): Readonly<Record<string, Case>> {
  const subnet = c1.replace(/\.\d+$/, '.0/24');
  return {
    nothing: { getsIn: [false, false] },
    'a subnet': {
      permanent: [rule(`family="ipv4" source address="${subnet}" ${port} accept`)],
      getsIn: [true, true],
    },
    'an own service': {
      permanent: [
        '--new-service=own-remote',
        '--service=own-remote --add-port=3121/tcp',
        '--add-service=own-remote',
      ],
      getsIn: [true, true],
    },
    'a rule for a service': {
      permanent: [rule('service name="high-availability" accept')],
      getsIn: [true, true],
    },
    'a drop': {
      permanent: ['--add-port=3121/tcp', rule(`family="ipv4" source address="${c2}" drop`)],
      getsIn: [true, false],
      reported: ['open', 'denied'],
    },
    priorities: {
      permanent: [
        rule(`priority="-5" family="ipv4" source address="${c1}" ${port} accept`),
        rule(`${port} drop`),
        '--add-port=3121/tcp',
      ],
      getsIn: [true, false],
    },
    'what is left': {
      permanent: [rule('priority="99" protocol value="tcp" drop'), '--add-port=3121/tcp'],
      getsIn: [true, true],
    },
    'a set': {
      permanent: [
        '--new-ipset=own-nodes --type=hash:net',
        `--ipset=own-nodes --add-entry=${c1}`,
        rule(`source ipset="own-nodes" ${port} accept`),
      ],
      getsIn: [true, false],
    },
    'a zone by source': {
      permanent: [`--zone=internal --add-source=${c2}`, '--zone=internal --add-port=3121/tcp'],
      getsIn: [false, true],
    },
    'two zones by source, the first by name': {
      permanent: [
        `--zone=home --add-source=${c2}`,
        `--zone=work --add-source=${subnet}`,
        '--zone=work --add-port=3121/tcp',
      ],
      getsIn: [true, false],
    },
    'a ban by the zone drop': {
      permanent: ['--add-port=3121/tcp', `--zone=drop --add-source=${c2}`],
      getsIn: [true, false],
      reported: ['open', 'denied'],
    },
    'a redirection': {
      permanent: [
        '--add-port=3121/tcp',
        '--add-forward-port=port=3121:proto=tcp:toport=3121:toaddr=192.0.2.9',
      ],
      getsIn: [false, false],
      reported: ['denied', 'denied'],
    },
    'a zone by hardware address': {
      permanent: ['--add-port=3121/tcp', '--zone=drop --add-source=02:00:00:00:00:01'],
      getsIn: [true, true],
      reported: ['unclear', 'unclear'],
    },
  };
}

function policyCases(c2: string): Readonly<Record<string, Case>> {
  const policy = (priority: number, ...more: string[]): string[] => [
    '--new-policy=own',
    ...[
      '--add-ingress-zone=ANY',
      '--add-egress-zone=HOST',
      `--set-priority=${priority}`,
      ...more,
    ].map((option) => `--policy=own ${option}`),
  ];
  const drop = rule(`family="ipv4" source address="${c2}" drop`);
  return {
    'a policy before the zone': {
      permanent: ['--add-port=3121/tcp', ...policy(-10, drop)],
      getsIn: [true, false],
      reported: ['open', 'denied'],
    },
    'a policy after the zone': {
      permanent: ['--add-port=3121/tcp', ...policy(10, drop, '--set-target=DROP')],
      getsIn: [true, true],
    },
    'a policy that opens after the zone': {
      permanent: policy(10, '--add-service=high-availability'),
      getsIn: [true, true],
    },
    'a target before the zone': {
      permanent: [
        '--add-port=3121/tcp',
        ...policy(-10, '--add-service=ssh', '--set-target=REJECT'),
      ],
      getsIn: [false, false],
      reported: ['denied', 'denied'],
    },
    'a policy for another zone': {
      permanent: [
        '--add-port=3121/tcp',
        ...policy(-10, '--set-target=DROP').map((option) => option.replace('=ANY', '=dmz')),
      ],
      getsIn: [true, true],
    },
  };
}

function directCases(c1: string, c2: string, device: string): Readonly<Record<string, Case>> {
  const add = '--direct --add-rule ipv4';
  return {
    'a direct rule that drops': {
      permanent: ['--add-port=3121/tcp', `${add} filter INPUT 0 -s ${c2} -j DROP`],
      getsIn: [true, false],
      reported: ['open', 'denied'],
    },
    'a direct rule that accepts': {
      permanent: [`${add} filter INPUT 0 -p tcp --dport 3121 -j ACCEPT`],
      getsIn: [false, false],
      reported: ['closed', 'closed'],
    },
    'direct rules in their order, and in a chain of their own': {
      permanent: [
        '--add-port=3121/tcp',
        '--direct --add-chain ipv4 raw own',
        `${add} raw PREROUTING 1 -p tcp --dport 3121 -j own`,
        `${add} raw own 0 -s ${c1} -j RETURN`,
        `${add} raw own 1 -j DROP`,
      ],
      getsIn: [true, false],
      reported: ['open', 'denied'],
    },
    'a direct rule for VRRP, as keepalived needs one': {
      permanent: [
        '--add-port=3121/tcp',
        `${add} filter INPUT 0 -i ${device} -d 224.0.0.18 -p vrrp -j ACCEPT`,
      ],
      getsIn: [true, true],
    },
    'a passthrough, and an interface that is not known': {
      permanent: ['--add-port=3121/tcp'],
      runtime: [
        `--direct --add-passthrough ipv4 -I INPUT -s ${c2} -j DROP`,
        `${add} filter INPUT 5 -i ${device} -s ${c1} -p tcp --dport 3121 -j DROP`,
      ],
      getsIn: [false, false],
      reported: ['unclear', 'denied'],
      later: ['open', 'open'],
    },
  };
}

function reloadCases(c1: string, c2: string): Readonly<Record<string, Case>> {
  return {
    'a port that is open at runtime only': {
      runtime: ['--add-port=3121/tcp'],
      getsIn: [true, true],
      later: ['closed', 'closed'],
    },
    'a port that is open only in the permanent configuration': {
      runtime: ['--permanent --add-port=3121/tcp'],
      getsIn: [false, false],
      later: ['open', 'open'],
    },
    'a zone bound at runtime only, another only in the permanent configuration': {
      runtime: [
        '--zone=trusted --add-source=' + c1,
        '--permanent --zone=trusted --add-source=' + c2,
      ],
      getsIn: [true, false],
      reported: ['open', 'closed'],
      later: ['closed', 'open'],
    },
    'a service that is changed in the permanent configuration': {
      permanent: [
        '--new-service=own-remote',
        '--service=own-remote --add-port=3121/tcp',
        '--add-service=own-remote',
      ],
      runtime: ['--permanent --service=own-remote --remove-port=3121/tcp'],
      getsIn: [true, true],
      later: ['closed', 'closed'],
    },
    'a set that is changed at runtime': {
      permanent: [
        '--new-ipset=own-nodes --type=hash:ip',
        `--ipset=own-nodes --add-entry=${c1}`,
        rule(`source ipset="own-nodes" ${port} accept`),
      ],
      runtime: [`--ipset=own-nodes --add-entry=${c2}`],
      getsIn: [true, true],
      later: ['open', 'closed'],
    },
    'a policy only in the permanent configuration': {
      permanent: ['--add-port=3121/tcp'],
      runtime: [
        '--permanent --new-policy=own',
        '--permanent --policy=own --add-ingress-zone=ANY',
        '--permanent --policy=own --add-egress-zone=HOST',
        '--permanent --policy=own --set-target=DROP',
      ],
      getsIn: [true, true],
      later: ['denied', 'denied'],
    },
  };
}
