import { OutriggerError } from '../support/errors.ts';
import { quote } from './quote.ts';

/**
 * Reads a script from stdin, up to a line that repeats the first one, and runs it. `read` takes a pipe byte by byte, so
 * that everything behind the script is left for it. Whatever the login shell is has to take this as one word in single
 * quotes: no line break (csh), no backslash (fish), no exclamation mark (csh), and less than 1 KiB (the word limit of
 * BSD csh).
 */
const BOOT = [
  'LC_ALL=C; export LC_ALL',
  'outrigger_break=$(echo; echo .)',
  'outrigger_break=${outrigger_break%.}',
  'outrigger_script=',
  'IFS= read -r outrigger_nonce || exit 125',
  'until IFS= read -r outrigger_line || exit 125; test "$outrigger_line" = "$outrigger_nonce"' +
    '; do outrigger_script=$outrigger_script$outrigger_line$outrigger_break; done',
  'eval "$outrigger_script"',
].join('; ');

/**
 * Stands before every script. It reads from stdin how many bytes of input there will be, which a script may ask for in
 * `outrigger_bytes`, the number of parameters and one parameter a line. The last thing it
 * prints is the marker behind which the script's own output begins, on stdout and on stderr.
 */
const PRELUDE = `
PATH="\${PATH:+$PATH:}/usr/sbin:/usr/bin:/sbin:/bin"
export PATH
umask 077
outrigger_uid=$(id -u)
if [ "$outrigger_uid" != 0 ]; then
  printf 'outrigger:%s:uid:%s\\n' "$outrigger_nonce" "$outrigger_uid"
  exit 125
fi
IFS= read -r outrigger_bytes || exit 125
IFS= read -r outrigger_count || exit 125
set --
while [ "$#" -lt "$outrigger_count" ]; do
  IFS= read -r outrigger_line || exit 125
  set -- "$@" "$outrigger_line"
done
printf 'outrigger:%s:begin\\n' "$outrigger_nonce" >&2
printf 'outrigger:%s:begin\\n' "$outrigger_nonce"
unset outrigger_nonce outrigger_count outrigger_uid outrigger_line outrigger_break outrigger_script
`;

export type Become = 'none' | 'sudo';

/** Everything that travels on stdin: the run's nonce, the script, its parameters, and what it reads itself. */
export interface ScriptInput {
  /** Lower-case hexadecimal, different for each run: what the far side cannot print by accident. */
  readonly nonce: string;
  readonly script: string;
  readonly params: readonly string[];
  readonly input: Uint8Array;
}

/** What a run printed: the script's output, or why the script was not started. */
export type ScriptReply =
  | { readonly kind: 'ran'; readonly stdout: string }
  | { readonly kind: 'not-root'; readonly uid: string }
  | { readonly kind: 'not-started'; readonly noise: string };

/**
 * The command line that runs a script as root; the same for every script. `env` sets the locale of sudo's messages in
 * any login shell. With a `gate` (a nonce) sudo may ask for a password: its question and the moment when it has let us
 * through are reported on stderr (`listenToSudo`).
 */
export function commandLine(become: Become, gate?: string): string {
  if (become === 'none') return `exec /bin/sh -c ${quote(BOOT)}`;
  if (gate === undefined) return `exec env LC_ALL=C sudo -n -- /bin/sh -c ${quote(BOOT)}`;
  requireNonce(gate);
  const opened = `echo outrigger:${gate}:through >&2; ${BOOT}`;
  // %p: whose password it is, which `Defaults targetpw` and the like decide (sudo(8), --prompt).
  const prompt = quote(`outrigger:${gate}:password:%p:`);
  return `exec env LC_ALL=C sudo -S -p ${prompt} -- /bin/sh -c ${quote(opened)}`;
}

/** What is known of sudo from what came on stderr so far. */
export interface Dialog {
  /** How often it has prompted for a password. */
  readonly questions: number;
  /** The user of its first prompt. */
  readonly promptedUser: string | undefined;
  /** It has let us through, so that what is sent from now on is read by our own shell. */
  readonly isThrough: boolean;
  /** It has rejected a password, whether or not it prompts again. */
  readonly isIncorrect: boolean;
}

/** Longer than any question of ours with any user's name in it. */
const LONGEST_QUESTION = 512;

/** Listens to stderr piece by piece, however small and many they are: each piece is looked at once. */
export function listenToSudo(gate: string): (piece: string) => Dialog {
  const mark = new RegExp(`outrigger:${gate}:(?:password:([^:\n]*):|through\n)`, 'g');
  let dialog: Dialog = {
    questions: 0,
    promptedUser: undefined,
    isThrough: false,
    isIncorrect: false,
  };
  let rest = '';
  return (piece) => {
    const text = rest + piece;
    let end = text.lastIndexOf('\n') + 1;
    for (const { 0: whole, 1: of, index } of text.matchAll(mark)) {
      end = Math.max(end, index + whole.length);
      dialog =
        of === undefined
          ? { ...dialog, isThrough: true }
          : { ...dialog, questions: dialog.questions + 1, promptedUser: dialog.promptedUser ?? of };
    }
    if (INCORRECT.test(text)) dialog = { ...dialog, isIncorrect: true };
    rest = text.slice(Math.max(end, text.length - LONGEST_QUESTION));
    return dialog;
  };
}

const INCORRECT = /incorrect (password|authentication) attempt/;

/** The bytes for the stdin of `commandLine`. */
export function standardInput({ nonce, script, params, input }: ScriptInput): Uint8Array {
  requireNonce(nonce);
  params.forEach(requireOneLine);
  const lines = [
    nonce,
    PRELUDE + script,
    nonce,
    String(input.length),
    String(params.length),
    ...params,
  ]
    .map((line) => `${line}\n`)
    .join('');
  const head = new TextEncoder().encode(lines);
  const whole = new Uint8Array(head.length + input.length);
  whole.set(head);
  whole.set(input, head.length);
  return whole;
}

/** What a script itself wrote to stderr; all of it where the script was not started. */
export function ownErrors(stderr: string, nonce: string): string {
  const begin = `outrigger:${nonce}:begin\n`;
  const start = stderr.indexOf(begin);
  return start < 0 ? stderr : stderr.slice(start + begin.length);
}

/** Cuts what login shells and banners printed before the script began. */
export function readReply(stdout: string, nonce: string): ScriptReply {
  requireNonce(nonce);
  const begin = `outrigger:${nonce}:begin\n`;
  const start = stdout.indexOf(begin);
  if (start >= 0) return { kind: 'ran', stdout: stdout.slice(start + begin.length) };
  const uid = new RegExp(`outrigger:${nonce}:uid:([0-9]*)\n`).exec(stdout)?.[1];
  return uid === undefined ? { kind: 'not-started', noise: stdout } : { kind: 'not-root', uid };
}

/** Listens to stdout piece by piece for the first line that the script itself prints, whatever came before. */
export function listenForLine(nonce: string): (piece: string) => string | undefined {
  requireNonce(nonce);
  let rest = '';
  let hasBegun = false;
  return (piece) => {
    rest += piece;
    if (!piece.includes('\n')) return undefined;
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (hasBegun) return line;
      hasBegun = line.endsWith(`outrigger:${nonce}:begin`);
    }
    return undefined;
  };
}

function requireNonce(nonce: string): void {
  if (!/^[0-9a-f]{16,}$/.test(nonce)) throw new Error('a nonce is at least 16 hexadecimal digits');
}

function requireOneLine(param: string, index: number): void {
  if (/[\0\r\n]/.test(param)) {
    throw new OutriggerError(
      'INPUT_INVALID',
      `parameter ${index + 1} of a script holds a NUL or a line break, which cannot travel as one line`,
    );
  }
}
