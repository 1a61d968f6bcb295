import { differencesOf, type Difference, type IgnoredDifference } from '../../plan/drift/drift.ts';
import { DRIFT_ITEMS } from '../../model/finding.ts';
import type { Problem } from '../../model/plan.ts';
import { printable } from '../../support/text/printable.ts';
import { differenceText } from './difference-text.ts';
import type { ComparedRun, DriftReport } from './drift-report.ts';
import { driftWords } from './drift-words.ts';
import { jsonText } from '../text/json.ts';

const RULES = DRIFT_ITEMS.map((item) => [item, driftWords(item)] as const);

/**
 * Drift as SARIF 2.1.0, for code scanning: each difference is a result at the inventory, what is ignored is suppressed with
 * its reason, and hosts about which nothing is known are notifications of a run that was not successful.
 */
export function driftAsSarif({ inventory, version, at, result }: DriftReport): string {
  const isCompared = result.kind === 'compared';
  const problems = isCompared ? result.drift.problems : [];
  const notifications = isCompared
    ? [
        ...problems.map(notificationOf),
        ...result.drift.pending.map(({ host, message }) =>
          notification('pending', [host, message]),
        ),
      ]
    : [notification('not-compared', [result.message, result.hint])];
  const document = {
    $schema:
      'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'outrigger',
            version,
            rules: RULES.map(([id, { title, meaning, remedy }]) => ({
              id,
              shortDescription: { text: title },
              fullDescription: { text: meaning },
              help: { text: remedy },
            })),
          },
        },
        automationDetails: { id: `outrigger drift/${isCompared ? result.drift.cluster.name : ''}` },
        invocations: [
          {
            executionSuccessful: notifications.length === 0,
            endTimeUtc: at.toISOString(),
            toolExecutionNotifications: notifications,
          },
        ],
        results: isCompared ? resultsOf(result, inventory) : [],
      },
    ],
  };
  return jsonText(document, 2);
}

const notification = (id: string, lines: readonly (string | undefined)[]) => ({
  level: 'error',
  descriptor: { id },
  message: { text: lines.filter((line) => line !== undefined).join(': ') },
});

const notificationOf = ({ host, code, message, hint }: Problem) =>
  notification(code, [host, message, hint]);

const resultsOf = ({ drift }: ComparedRun, inventory: string) => [
  ...differencesOf(drift).map((difference) => resultOf(difference, inventory)),
  ...drift.ignored.map((ignored) => ({
    ...resultOf(ignored, inventory),
    suppressions: [{ kind: 'external', justification: justificationOf(ignored) }],
  })),
];

const justificationOf = ({ ignore: { reason, until } }: IgnoredDifference): string =>
  `${reason} (until ${until})`;

const resultOf = (difference: Difference, inventory: string) => {
  const { host, item, attribute, kind } = difference;
  return {
    ruleId: item,
    ruleIndex: RULES.findIndex(([id]) => id === item),
    level: 'error',
    message: { text: `${printable(host)}: ${differenceText(difference)}` },
    locations: [
      {
        physicalLocation: { artifactLocation: { uri: uriOf(inventory) } },
        logicalLocations: [{ name: host, kind: 'resource', fullyQualifiedName: `${host}/${item}` }],
      },
    ],
    partialFingerprints: { 'outrigger/v1': JSON.stringify([host, item, attribute]) },
    properties: { kind },
  };
};

/** A path as a reference that a URI may be: absolute ones as `file:`. */
const uriOf = (path: string): string => {
  const encoded = printable(path).split('/').map(encodeURIComponent).join('/');
  return path.startsWith('/') ? `file://${encoded}` : encoded.replace(/^(?:\.\/)+/, '');
};
