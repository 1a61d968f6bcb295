import { OutriggerError } from '../support/errors.ts';
import { quote } from './quote.ts';

/** RFC 4253 promises room for packets of 32768 bytes; quoting and the prelude need the rest. */
const MAX_SCRIPT_BYTES = 24 * 1024;

/**
 * Runs before every script. It reads from stdin the nonce, the number of parameters and one parameter a line; `read`
 * takes a pipe byte by byte, so that everything after them is left for the script. The last thing it prints is the
 * marker behind which the script's own output begins.
 */
const PRELUDE = `
LC_ALL=C
PATH="\${PATH:+$PATH:}/usr/sbin:/usr/bin:/sbin:/bin"
export LC_ALL PATH
umask 077
IFS= read -r outrigger_nonce && IFS= read -r outrigger_count || exit 125
outrigger_uid=$(id -u)
if [ "$outrigger_uid" != 0 ]; then
  printf 'outrigger:%s:uid:%s\\n' "$outrigger_nonce" "$outrigger_uid"
  exit 125
fi
set --
while [ "$#" -lt "$outrigger_count" ]; do
  IFS= read -r outrigger_line || exit 125
  set -- "$@" "$outrigger_line"
done
printf 'outrigger:%s:begin\\n' "$outrigger_nonce"
unset outrigger_nonce outrigger_count outrigger_uid outrigger_line
`;

export type Become = 'none' | 'sudo';

/** Everything that travels on stdin: the run's nonce, the parameters, and what the script reads itself. */
export interface ScriptInput {
  /** Lower-case hexadecimal, different for each run: what the far side cannot print by accident. */
  readonly nonce: string;
  readonly params: readonly string[];
  readonly input: Uint8Array;
}

/** What a run printed: the script's output, or why the script was not started. */
export type ScriptReply =
  | { readonly kind: 'ran'; readonly stdout: string }
  | { readonly kind: 'not-root'; readonly uid: string }
  | { readonly kind: 'not-started'; readonly noise: string };

/** The command line that runs `script` as root. `env` sets the locale of sudo's messages in any login shell. */
export function commandLine(script: string, become: Become): string {
  const size = new TextEncoder().encode(script).length;
  if (size > MAX_SCRIPT_BYTES) {
    throw new Error(
      `a script of ${size} bytes: at most ${MAX_SCRIPT_BYTES} travel in a command line`,
    );
  }
  const shell = `/bin/sh -c ${quote(PRELUDE + script)}`;
  return become === 'sudo' ? `exec env LC_ALL=C sudo -n -- ${shell}` : `exec ${shell}`;
}

/** The bytes for the stdin of `commandLine`. */
export function standardInput({ nonce, params, input }: ScriptInput): Uint8Array {
  requireNonce(nonce);
  params.forEach(requireOneLine);
  const lines = [nonce, String(params.length), ...params].map((line) => `${line}\n`).join('');
  const head = new TextEncoder().encode(lines);
  const whole = new Uint8Array(head.length + input.length);
  whole.set(head);
  whole.set(input, head.length);
  return whole;
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
