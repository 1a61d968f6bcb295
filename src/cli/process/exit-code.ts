import type { Problem } from '../../model/plan.ts';
import type { ErrorCode } from '../../support/errors.ts';

/** Stable exit codes: see the table in README.md. */
export const EXIT = {
  ok: 0,
  error: 1,
  differs: 2,
  incomplete: 3,
  failed: 4,
  refused: 5,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** What they tell, for the help and the man page. */
export const EXIT_MEANINGS: readonly (readonly [ExitCode, string])[] = [
  [EXIT.ok, 'done, or in sync'],
  [EXIT.error, 'usage, invalid input, or an internal error'],
  [EXIT.differs, 'differences (drift, doctor, plan --detailed-exitcode)'],
  [
    EXIT.incomplete,
    'incomplete: a host is unreachable, a node has not joined yet, a certificate has not been issued yet, or `rotate authkey` completed an earlier change',
  ],
  [EXIT.failed, 'failed on at least one host'],
  [EXIT.refused, 'refused: a stale plan, a lock, a risk that was not allowed, or no confirmation'],
  [EXIT.interrupted, 'interrupted'],
];

const RANK: readonly ExitCode[] = [130, 1, 4, 3, 5, 2, 0];

/** When several hold, the gravest wins: 130, then 1, 4, 3, 5, 2, 0. */
export const gravest = (codes: readonly ExitCode[]): ExitCode =>
  RANK.find((code) => codes.includes(code)) ?? EXIT.ok;

/** What a comparison has found besides differences; `pending`: nodes that are not in yet. */
export interface Compared {
  readonly problems: readonly Pick<Problem, 'kind'>[];
  readonly pending: readonly unknown[];
}

/**
 * The exit code of a comparison: hosts that gave no answer, hosts that must not be touched, nodes that are not in yet, and
 * whether anything differs. A difference is there whatever becomes of a node that is on its way.
 */
export const exitCodeOfComparison = ({ problems, pending }: Compared, differs: boolean): ExitCode =>
  gravest([
    ...problems.map(({ kind }) => BY_PROBLEM[kind]),
    ...(pending.length > 0 ? [EXIT.incomplete] : []),
    ...(differs ? [EXIT.differs] : []),
  ]);

const BY_PROBLEM: Readonly<Record<Problem['kind'], ExitCode>> = {
  unreachable: EXIT.incomplete,
  refused: EXIT.refused,
};

const BY_ERROR: Readonly<Record<ErrorCode, ExitCode>> = {
  USAGE: EXIT.error,
  INPUT_INVALID: EXIT.error,
  HOST_UNREACHABLE: EXIT.incomplete,
  HOST_KEY_UNKNOWN: EXIT.incomplete,
  HOST_KEY_CHANGED: EXIT.incomplete,
  AUTHENTICATION_FAILED: EXIT.incomplete,
  PRIVILEGE_MISSING: EXIT.incomplete,
  COMMAND_FAILED: EXIT.failed,
  TIMED_OUT: EXIT.failed,
  REPLY_INVALID: EXIT.failed,
  CLUSTER_NOT_READY: EXIT.failed,
  NOT_CONVERGED: EXIT.failed,
  REFUSED: EXIT.refused,
  CERTIFICATES_AWAITED: EXIT.incomplete,
  LOCKED: EXIT.refused,
  INTERRUPTED: EXIT.interrupted,
};

/** The exit code of an error that ended a command. */
export const exitCodeOf = (code: ErrorCode): ExitCode => BY_ERROR[code];
