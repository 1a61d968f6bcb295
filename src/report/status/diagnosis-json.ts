import type { Diagnosis } from '../../model/diagnosis.ts';
import { jsonText } from '../text/json.ts';
import { clusterObject } from '../plan/plan-json.ts';

/** A diagnosis as the document of `schemas/doctor.schema.json`; `null` where something is not known. */
export const diagnosisAsJson = ({ cluster, checks, unreachable }: Diagnosis): string =>
  jsonText(
    {
      formatVersion: '1.0',
      cluster: cluster === undefined ? null : clusterObject(cluster),
      checks: checks.map(({ check, outcome, summary, findings }) => ({
        check,
        outcome,
        summary,
        findings: findings.map(({ level, host, message, hint }) => ({
          level,
          host: host === '' ? null : host,
          message,
          hint,
        })),
      })),
      unreachable,
    },
    2,
  );
