import { differencesOf, type Difference, type Drift } from '../../plan/drift/drift.ts';
import type { DriftIgnoreSpec } from '../../inventory/spec.ts';
import {
  clusterObject,
  pendingObject,
  problemObject,
  stoppedGuestObject,
} from '../plan/plan-json.ts';
import { jsonText } from '../text/json.ts';

/**
 * Drift as the document of `schemas/drift.schema.json`: one entry for each attribute, keys in a fixed order, `null`
 * where something is absent, a line break at the end.
 */
export function driftAsJson(drift: Drift): string {
  const { drifted, findings, ignored, problems, stoppedGuests, pending, inSync } = drift;
  const of = (desired: Drift['problems'][number]['kind']) =>
    problems.filter(({ kind }) => kind === desired).map(problemObject);
  const [unreachable, refused] = [of('unreachable'), of('refused')];
  const document = {
    formatVersion: '1.0',
    cluster: clusterObject(drift.cluster),
    counts: {
      drifted: drifted.length + findings.length,
      hosts: new Set([...drifted, ...findings].map(({ host }) => host)).size,
      ignored: ignored.length,
      inSync: inSync.length,
      unreachable: unreachable.length,
      refused: refused.length,
      stoppedGuests: stoppedGuests.length,
      pending: pending.length,
    },
    drifted: differencesOf(drift).map(differenceObject),
    ignored: ignored.map(({ ignore, ...difference }) => ({
      ...differenceObject(difference),
      ignore: { reason: ignore.reason, until: ignore.until },
    })),
    expiredIgnores: drift.expiredIgnores.map(ignoreObject),
    unreachable,
    refused,
    stoppedGuests: stoppedGuests.map(stoppedGuestObject),
    pending: pending.map(pendingObject),
    notes: drift.notes,
    unmanaged: drift.unmanaged,
    inSync,
  };
  return jsonText(document, 2);
}

const differenceObject = (difference: Difference) => ({
  host: difference.host,
  item: difference.item,
  attribute: difference.attribute,
  kind: difference.kind,
  expected: difference.expected ?? null,
  actual: difference.actual ?? null,
  reason: difference.reason ?? null,
  hint: difference.hint ?? null,
});

const ignoreObject = ({ host, item, attribute, reason, until }: DriftIgnoreSpec) => ({
  host,
  item,
  attribute: attribute ?? null,
  reason,
  until,
});
