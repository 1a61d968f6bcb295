import type { Drift } from '../plan/drift.ts';
import { isOfRunningDaemon } from '../plan/running-daemon.ts';
import { clusterObject, problemObject, stoppedGuestObject } from './plan-json.ts';
import { jsonText } from './json.ts';

/**
 * Drift as the document of `schemas/drift.schema.json`: one entry for each attribute, keys in a fixed order, `null`
 * where something is absent, a line break at the end.
 */
export function driftAsJson(drift: Drift): string {
  const { drifted, problems, stoppedGuests, inSync } = drift;
  const of = (wanted: Drift['problems'][number]['kind']) =>
    problems.filter(({ kind }) => kind === wanted).map(problemObject);
  const [unreachable, refused] = [of('unreachable'), of('refused')];
  const document = {
    formatVersion: '1.0',
    cluster: clusterObject(drift.cluster),
    counts: {
      drifted: drifted.length,
      hosts: new Set(drifted.map(({ host }) => host)).size,
      inSync: inSync.length,
      unreachable: unreachable.length,
      refused: refused.length,
      stoppedGuests: stoppedGuests.length,
    },
    drifted: drifted.flatMap(({ host, item, attributes }) =>
      attributes.map(({ name, before, after, reason }) => ({
        ...{ host, item, attribute: name },
        kind: isOfRunningDaemon(item, name) ? 'running-daemon' : 'configuration',
        expected: after ?? null,
        actual: before ?? null,
        reason: reason ?? null,
      })),
    ),
    unreachable,
    refused,
    stoppedGuests: stoppedGuests.map(stoppedGuestObject),
    notes: drift.notes,
    unmanaged: drift.unmanaged,
    inSync,
  };
  return jsonText(document, 2);
}
