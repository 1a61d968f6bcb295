/** Nobody may see these raw on a terminal: Cc, Cf, Cs, Zl, Zp of Unicode; a line break is how lines end. */
export const RAW = /(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** A text that somebody hostile might write where a name or a value is expected. */
export interface Nasty {
  readonly title: string;
  readonly text: string;
}

const codePoint = (code: number): string => String.fromCodePoint(code);

/** Texts that no field may let through, since a terminal, a shell or the CIB would choke on them. */
export const FORBIDDEN: readonly Nasty[] = [
  ['an escape sequence', '\u001b[31mred\u001b[0m'],
  ['a window title', '\u001b]0;owned\u0007'],
  ['a C1 control sequence introducer', '\u009b2J'],
  ['a NUL', 'a\0b'],
  ['a backspace', 'rm\b\bls'],
  ['a delete', 'a\u007fb'],
  ['a tab', 'a\tb'],
  ['a line break', 'a\nb'],
  ['a carriage return', 'safe\rforged'],
  ['a next line of C1', 'a\u0085b'],
  ['a bidirectional override', 'safe\u202egnp.exe'],
  ['a bidirectional isolate', 'a\u2066b\u2069'],
  ['a zero-width joiner', 'c\u200d1'],
  ['a byte order mark', '\ufeffc1'],
  ['a line separator', 'a\u2028b'],
  ['a tag character', `c1${codePoint(0xe0041)}`],
  ['half of a surrogate pair', 'a\ud800'],
  ['the other half', '\udc00a'],
  ['what is no character', 'a\uffff'],
].map(([title = '', text = '']) => ({ title, text }));

const LONG = 60_000;

/** Texts that are fine in some fields and wrong in others, and must do harm in none. */
export const DOUBTFUL: readonly Nasty[] = [
  ['nothing', ''],
  ['a blank', ' '],
  ['a command substitution', '$(touch /tmp/outrigger-was-here)'],
  ['backquotes', '`touch /tmp/outrigger-was-here`'],
  ['the end of a command', "'; touch /tmp/outrigger-was-here; '"],
  ['a pipe', 'a|b&c>d<e'],
  ['quotes and backslashes', `"'\\'"\\`],
  ['a variable', '${HOME}$IFS'],
  ['an option', '-oProxyCommand=touch'],
  ['globs', '*?[a-z]'],
  ['a way out of a folder', '../../../../etc/shadow'],
  ['XML', '</nvpair><!DOCTYPE x [<!ENTITY e "x">]>&e;]]>'],
  ['XPath', `'] | //nvpair[@name='password`],
  ['a format', '%s%n%d{0}{{x}}'],
  ['the prototype', '__proto__'],
  ['the constructor', 'constructor'],
  ['a method', 'toString'],
  ['an emoji and accents', '🦑 Zürich ǅ'],
  ['combining characters', `a${'\u0301'.repeat(300)}`],
  ['a range too far', 'n[1-999999999]'],
  ['many broken ranges', 'n[1-2'.repeat(500)],
  ['sixty thousand letters', 'a'.repeat(LONG)],
  ['sixty thousand digits', '1'.repeat(LONG)],
  ['sixty thousand changes of digit and letter', '1a'.repeat(LONG / 2)],
  ['sixty thousand brackets', '['.repeat(LONG)],
  ['sixty thousand passwords', 'password'.repeat(LONG / 8)],
].map(([title = '', text = '']) => ({ title, text }));

/** Ten lists, each of previous one ten times over: with 90 aliases ten thousand million entries. */
const bomb = Array.from({ length: 9 }, (_, level) =>
  level === 0 ? '&l0 [x]' : `&l${level} [${`*l${level - 1},`.repeat(10)}]`,
).join(', ');

/** YAML that is more than a text. */
export const STRUCTURES: readonly Nasty[] = [
  ['null', 'null'],
  ['a fraction', '1.5'],
  ['infinity', '.inf'],
  ['an octal number', '0o17'],
  ['a number beyond all numbers', '9'.repeat(400)],
  ['an empty map', '{}'],
  ['an empty list', '[]'],
  ['a map with the prototype', '{ "__proto__": { "polluted": true } }'],
  ['a map with a constructor', '{ "constructor": { "prototype": { "polluted": true } } }'],
  ['a key twice', '{ "a": 1, "a": 2 }'],
  ['a collection as a key', '{ [a]: b }'],
  ['a tag', '!!js/function "x"'],
  ['another tag', '!include /etc/shadow'],
  ['a list a hundred deep', '['.repeat(100) + ']'.repeat(100)],
  ['a map a hundred deep', '{"a":'.repeat(100) + '1' + '}'.repeat(100)],
  ['an alias of nothing', '*nobody'],
  ['an alias of itself', '&self [*self]'],
  ['an alias bomb', `[${bomb}]`],
  ['an alias bomb in a map', `{ "a": [${bomb}], "b": *l8 }`],
  ['a list of two thousand', `[${'1,'.repeat(2000)}]`],
  ['a map of a thousand', `{${Array.from({ length: 1000 }, (_, i) => `"k${i}": 1`).join(',')}}`],
].map(([title = '', text = '']) => ({ title, text }));
