import { INTERNAL, OutriggerError, messageOf, type ErrorProblem } from '../support/errors.ts';
import { withEscapes } from '../support/text/json-escapes.ts';
import { printableText } from '../support/text/printable.ts';

/**
 * Why a command with `--json` has failed, as the document of `schemas/error.schema.json`: one line, so that it may also be the
 * last of a stream. Texts keep their line breaks, and nothing else that a terminal would obey.
 */
export function errorAsJson(thrown: unknown): string {
  const { code, message, hint, host, problems } = wordsOf(thrown);
  const document = {
    type: 'error',
    formatVersion: '1.0',
    error: { code, message, hint: hint ?? null, ...(host === undefined ? {} : { host }) },
    problems: problems.map((problem) => ({ ...problem, hint: problem.hint ?? null })),
  };
  const safe = (_key: string, value: unknown): unknown =>
    typeof value === 'string' ? printableText(value) : value;
  return `${withEscapes(JSON.stringify(document, safe))}\n`;
}

interface Words {
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
  readonly host: string | undefined;
  readonly problems: readonly ErrorProblem[];
}

function wordsOf(thrown: unknown): Words {
  if (thrown instanceof OutriggerError) {
    const { code, hint, host, problems } = thrown;
    return { code, message: thrown.brief ?? thrown.message, hint, host, problems };
  }
  return {
    code: INTERNAL,
    message: messageOf(thrown),
    host: undefined,
    problems: [],
    hint: 'this is a bug: run again with OUTRIGGER_DEBUG=1 and report what it prints on stderr',
  };
}
