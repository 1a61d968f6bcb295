/** Why outrigger stopped, as stable words that tests and scripts can rely on. docs/troubleshooting.md has an entry for each. */
export const ERROR_CODES = [
  'USAGE',
  'INPUT_INVALID',
  'HOST_UNREACHABLE',
  'HOST_KEY_UNKNOWN',
  'HOST_KEY_CHANGED',
  'AUTHENTICATION_FAILED',
  'PRIVILEGE_MISSING',
  'COMMAND_FAILED',
  'TIMED_OUT',
  'REPLY_INVALID',
  'CLUSTER_NOT_READY',
  'NOT_CONVERGED',
  'REFUSED',
  'CERTIFICATES_AWAITED',
  'LOCKED',
  'INTERRUPTED',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** The code in JSON of everything that is thrown and is not an OutriggerError. */
export const INTERNAL = 'INTERNAL';

/** One of several things that led to an error: a finding in a file, or a host that gave no answer. */
export interface ErrorProblem {
  readonly code: string;
  readonly message: string;
  readonly hint?: string | undefined;
  readonly host?: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
}

/**
 * An expected failure, told in the operator's terms: what went wrong (message), where (host), and what to do next
 * (hint). Everything else that is thrown is a bug of outrigger.
 */
export class OutriggerError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly host: string | undefined;
  /** Each of them is in the message as well. */
  readonly problems: readonly ErrorProblem[];
  /** The message without what `problems` tell. */
  readonly brief: string | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    more: {
      hint?: string | undefined;
      host?: string | undefined;
      cause?: unknown;
      problems?: readonly ErrorProblem[];
      brief?: string | undefined;
    } = {},
  ) {
    super(message, 'cause' in more ? { cause: more.cause } : undefined);
    this.name = 'OutriggerError';
    this.code = code;
    this.hint = more.hint;
    this.host = more.host;
    this.problems = more.problems ?? [];
    this.brief = more.brief;
  }
}

/** The same failure in other words, or with another host or hint; `thrown` is its cause. */
export const restated = (
  thrown: OutriggerError,
  message: string,
  more: { readonly host?: string; readonly hint?: string | undefined } = {},
): OutriggerError =>
  new OutriggerError(thrown.code, message, {
    host: thrown.host,
    hint: thrown.hint,
    ...more,
    cause: thrown,
  });

/** The text of whatever was thrown, for messages that quote a cause. */
export const messageOf = (thrown: unknown): string =>
  thrown instanceof Error ? (fileTrouble(thrown) ?? thrown.message) : String(thrown);

/** The code of a failed system call, such as `ENOENT`; undefined: something else was thrown. */
export const errnoOf = (thrown: unknown): string | undefined =>
  thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string'
    ? thrown.code
    : undefined;

/** `ENOENT: no such file or directory, open '/x'` in plain words: whoever quotes it has named the file. */
function fileTrouble({ message }: Error): string | undefined {
  const [, code = '', what = ''] = /^(E[A-Z0-9]+): ([^,\n]+), [a-z]+(?: '.*)?$/.exec(message) ?? [];
  return code === '' ? undefined : `${PLAIN[code] ?? what} (${code})`;
}

const PLAIN: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EISDIR: 'it is a directory',
  ENOTDIR: 'a part of its path is not a directory',
};

/** Whether a host cannot be reached, or no longer: whatever is asked of it would get no answer. */
export const isUnreachable = (thrown: unknown): thrown is OutriggerError =>
  thrown instanceof OutriggerError && thrown.code === 'HOST_UNREACHABLE';
