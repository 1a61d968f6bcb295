import type { DriftHost } from '../../plan/drift/drift-hosts.ts';
import { differencesOf, isOfFinding, kindsOf } from '../../plan/drift/drift.ts';
import { DRIFT_ITEMS } from '../../model/finding.ts';
import { groupBy } from '../../support/text/group-by.ts';
import { printable } from '../../support/text/printable.ts';
import { countStates, HOST_STATES } from './drift-counts.ts';
import type { ComparedRun, DriftReport } from './drift-report.ts';

type Labels = Readonly<Record<string, string>>;

/** One number, with the labels that distinguish it. */
interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly samples: readonly Sample[];
}

/**
 * Drift for the textfile collector of Prometheus' node_exporter. All are gauges, no sample has a time of its own (the
 * collector refuses those), and what does not occur is 0 rather than absent, so that alerts can be written.
 */
export function driftAsMetrics({ result, at, seconds }: DriftReport): string {
  const isCompared = result.kind === 'compared';
  const cluster = isCompared ? result.drift.cluster.name : (result.cluster ?? '');
  const metrics: readonly Metric[] = [
    {
      name: 'outrigger_drift_success',
      help: 'Whether the last run could compare the cluster with the inventory; unreachable hosts are counted separately.',
      samples: [{ labels: {}, value: Number(isCompared) }],
    },
    {
      name: 'outrigger_drift_last_run_timestamp_seconds',
      help: 'When the last run ended.',
      samples: [{ labels: {}, value: Math.floor(at.getTime() / 1000) }],
    },
    {
      name: 'outrigger_drift_duration_seconds',
      help: 'How long the last run took.',
      samples: [{ labels: {}, value: Number(seconds.toFixed(3)) }],
    },
    ...(isCompared ? metricsOf(result) : []),
  ];
  return metrics
    .filter(({ samples }) => samples.length > 0)
    .flatMap(({ name, help, samples }) => [
      `# HELP ${name} ${help}`,
      `# TYPE ${name} gauge`,
      ...samples.map(({ labels, value }) => `${name}${labelText({ cluster, ...labels })} ${value}`),
    ])
    .map((line) => `${line}\n`)
    .join('');
}

function metricsOf({ drift, hosts }: ComparedRun): readonly Metric[] {
  const states = countStates(hosts);
  return [
    {
      name: 'outrigger_drift_items',
      help: 'Drifted items, by item and kind of drift.',
      samples: itemSamples(drift),
    },
    {
      name: 'outrigger_drift_ignored_items',
      help: 'Drifted attributes that the inventory ignores.',
      samples: [{ labels: {}, value: drift.ignored.length }],
    },
    {
      name: 'outrigger_drift_hosts',
      help: 'Hosts by state; undeclared ones are in the cluster but not in the inventory.',
      samples: HOST_STATES.map((state) => ({
        labels: { state: state.replaceAll('-', '_') },
        value: states[state],
      })),
    },
    {
      name: 'outrigger_authkey_age_seconds',
      help: 'Time since the authkey of a host was written.',
      samples: perHost(hosts, ({ authkeySeconds }) => authkeySeconds),
    },
    {
      name: 'outrigger_certificate_expiry_timestamp_seconds',
      help: 'When the certificate of a host expires.',
      samples: perHost(hosts, ({ certificateEnds }) =>
        certificateEnds === undefined ? undefined : Math.floor(certificateEnds.getTime() / 1000),
      ),
    },
  ];
}

const perHost = (
  hosts: readonly DriftHost[],
  valueOf: (host: DriftHost) => number | undefined,
): readonly Sample[] =>
  hosts.flatMap((host) => {
    const value = valueOf(host);
    return value === undefined ? [] : [{ labels: { host: host.name }, value }];
  });

/** Each item of each host counts once for each kind, whatever the number of its attributes; each finding is one thing. */
function itemSamples(drift: ComparedRun['drift']): readonly Sample[] {
  const things = [
    ...groupBy(differencesOf(drift), (one) =>
      JSON.stringify([one.host, one.item, one.kind, isOfFinding(one) ? one.attribute : '']),
    ).values(),
  ].flatMap(([first]) => (first === undefined ? [] : [first]));
  return DRIFT_ITEMS.flatMap((item) =>
    kindsOf(item).map((kind) => ({
      labels: { item, kind },
      value: things.filter((thing) => thing.item === item && thing.kind === kind).length,
    })),
  );
}

const labelText = (labels: Labels): string =>
  `{${Object.entries(labels)
    .map(([name, value]) => `${name}="${printable(value).replace(/["\\]/g, '\\$&')}"`)
    .join(',')}}`;
