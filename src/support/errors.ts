/** Why outrigger stopped, as a stable word that tests and scripts can rely on. */
export type ErrorCode =
  | 'USAGE'
  | 'INPUT_INVALID'
  | 'HOST_UNREACHABLE'
  | 'HOST_KEY_UNKNOWN'
  | 'HOST_KEY_CHANGED'
  | 'AUTHENTICATION_FAILED'
  | 'PRIVILEGE_MISSING'
  | 'COMMAND_FAILED'
  | 'TIMED_OUT'
  | 'REPLY_INVALID'
  | 'CLUSTER_NOT_READY'
  | 'NOT_CONVERGED'
  | 'REFUSED'
  | 'CERTIFICATES_AWAITED'
  | 'LOCKED'
  | 'INTERRUPTED';

/**
 * An expected failure, told in the operator's terms: what went wrong (message), where (host), and what to do next
 * (hint). Everything else that is thrown is a bug of outrigger.
 */
export class OutriggerError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly host: string | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    more: { hint?: string; host?: string; cause?: unknown } = {},
  ) {
    super(message, 'cause' in more ? { cause: more.cause } : undefined);
    this.name = 'OutriggerError';
    this.code = code;
    this.hint = more.hint;
    this.host = more.host;
  }
}

/** The text of whatever was thrown, for messages that quote a cause. */
export const messageOf = (thrown: unknown): string =>
  thrown instanceof Error ? thrown.message : String(thrown);
