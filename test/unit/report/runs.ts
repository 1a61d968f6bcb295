import type { RunEvent, StepName, Verdict } from '../../../src/model/run-event.ts';
import type { FinishedRun } from '../../../src/report/run/run-summary.ts';

export const verdict = (host: string, item: StepName['item'], reported: Verdict): RunEvent => ({
  type: 'verdict',
  play: 'Prepare the hosts',
  host,
  item,
  verdict: reported,
});

export const action = (host: string, item: 'package' | 'authkey'): RunEvent => ({
  type: 'action',
  play: 'Prepare the hosts',
  host,
  item,
  action: 'install-apt',
});

/** One event of each kind. */
export const everyEvent: readonly RunEvent[] = [
  { type: 'play-started', play: 'Prepare the hosts', hosts: ['h2', 'h1'], batch: '' },
  { type: 'play-started', play: 'Connect', hosts: ['h1', 'h2', 'h3'], batch: '1 of 3' },
  action('h1', 'package'),
  verdict('h1', 'package', { kind: 'changed' }),
  verdict('h2', 'package', { kind: 'in-sync' }),
  verdict('h3', 'package', {
    kind: 'failed',
    because: 'no space left on device',
    hint: 'make room in /var',
  }),
  verdict('h4', 'package', { kind: 'skipped', because: 'interrupted' }),
  {
    type: 'waiting',
    play: 'Verify',
    message: 'waiting for r[1-2] to come online, up to 150 s without progress',
    limitSeconds: 150,
  },
  {
    type: 'cib-written',
    play: 'Connect',
    purpose: 'connection-resource',
    copy: '/var/log/cib-1.xml',
  },
  { type: 'notice', play: 'Verify', message: 'the DC has changed' },
];

const failed = (host: string): RunEvent =>
  verdict(host, 'package', {
    kind: 'failed',
    because: 'no space left on device',
    hint: 'make room in /var',
  });

export const failedRun: FinishedRun = {
  result: {
    failed: new Map([
      ['h7', 'no space left on device'],
      ['h9', 'cannot reach 192.0.2.9:22: connection refused'],
    ]),
    wasInterrupted: false,
  },
  events: [
    ...['h1', 'h2', 'h3'].map((host) => verdict(host, 'package', { kind: 'changed' })),
    ...['h7', 'h6', 'h5'].map(failed),
    verdict('h4', 'package', { kind: 'in-sync' }),
    verdict('h5', 'node-state', { kind: 'skipped', because: 'no space left on device' }),
  ],
  seconds: 185.4,
};

export const interruptedRun: FinishedRun = {
  result: { failed: new Map(), wasInterrupted: true },
  events: [
    verdict('h1', 'connection-resource', { kind: 'changed' }),
    verdict('h2', 'connection-resource', { kind: 'changed' }),
    verdict('h2', 'node-state', { kind: 'changed' }),
    action('h4', 'package'),
    action('h3', 'package'),
    verdict('h5', 'package', { kind: 'skipped', because: 'interrupted' }),
  ],
  seconds: 12,
};
