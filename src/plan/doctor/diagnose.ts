import type { Checked } from './checked.ts';
import { checkCluster, checkFencing, checkPlan } from './diagnose-cluster.ts';
import { checkCredentialsInUse } from './diagnose-credentials.ts';
import {
  checkClocks,
  checkConnections,
  checkHosts,
  checkOffered,
  checkPortsOf,
  checkSpace,
  checkVersions,
} from './diagnose-hosts.ts';
import {
  CHECKS,
  type Check,
  type CheckResult,
  type Diagnosis,
  type Examination,
} from '../../model/diagnosis.ts';
import { OutriggerError } from '../../support/errors.ts';

const LOOK: Readonly<Record<Check, (examination: Examination) => Checked>> = {
  connection: checkConnections,
  cluster: checkCluster,
  versions: checkVersions,
  packages: checkOffered,
  space: checkSpace,
  clocks: checkClocks,
  hosts: checkHosts,
  port: checkPortsOf,
  credentials: checkCredentialsInUse,
  fencing: checkFencing,
  plan: checkPlan,
};

/** Makes all examinations, and returns all findings at once. Pure. */
export function diagnose(examination: Examination): Diagnosis {
  const { plan, facts } = examination;
  return {
    cluster: plan instanceof OutriggerError ? undefined : plan.cluster,
    checks: (Object.keys(CHECKS) as Check[]).map((check) =>
      result(check, LOOK[check](examination)),
    ),
    unreachable: [...facts.unreachable.keys()].sort(),
  };
}

function result(check: Check, { summary, findings }: Checked): CheckResult {
  const sorted = findings
    .map((finding) => ({ check, ...finding }))
    .toSorted((one, other) => compare(one.host, other.host) || compare(one.message, other.message));
  const worst = (['bad', 'attention'] as const).find((level) =>
    sorted.some((finding) => finding.level === level),
  );
  return {
    check,
    outcome: worst ?? (summary === undefined ? 'unknown' : 'good'),
    summary: summary ?? 'unknown',
    findings: sorted,
  };
}

const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);
