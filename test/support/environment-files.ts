import fc from 'fast-check';

/** What a reader makes of a file: its assignments in order, or that it ignores the whole file. */
export type Assignments = readonly (readonly [name: string, value: Buffer])[] | 'ignored';

type State =
  | 'PRE_KEY'
  | 'KEY'
  | 'PRE_VALUE'
  | 'VALUE'
  | 'VALUE_ESCAPE'
  | 'SINGLE_QUOTE_VALUE'
  | 'DOUBLE_QUOTE_VALUE'
  | 'DOUBLE_QUOTE_VALUE_ESCAPE'
  | 'COMMENT'
  | 'COMMENT_ESCAPE';

const isEnd = (c: string): boolean => c === '\n' || c === '\r';
const isBlank = (c: string): boolean => c === ' ' || c === '\t' || isEnd(c);

/** What counts at the end of a value or name: all of it, up to blanks that end it unescaped. */
class Text {
  #text = '';
  #end: number | undefined;
  add(c: string): void {
    if (!isBlank(c)) this.#end = undefined;
    else this.#end ??= this.#text.length;
    this.#text += c;
  }
  /** Not at a blank that could be dropped. */
  keep(c: string): void {
    this.#text += c;
  }
  forget(): void {
    this.#end = undefined;
  }
  get whole(): string {
    return this.#text;
  }
  get trimmed(): string {
    return this.#text.slice(0, this.#end);
  }
}

/** parse_env_file_internal of systemd v254 and later, once more: the reader on hosts is compared with it. */
export function systemdAssignments(file: Buffer): Assignments {
  if (file.includes(0)) return 'ignored';
  const found: [string, string][] = [];
  let state: State = 'PRE_KEY';
  let key = new Text();
  let value = new Text();
  const push = (isTrimmed: boolean): void => {
    found.push([key.trimmed, isTrimmed ? value.trimmed : value.whole]);
    value = new Text();
  };
  const steps: Readonly<Record<State, (c: string) => State>> = {
    PRE_KEY: (c) => {
      if (c === '#' || c === ';') return 'COMMENT';
      if (isBlank(c)) return 'PRE_KEY';
      key = new Text();
      key.add(c);
      return 'KEY';
    },
    KEY: (c) => {
      if (isEnd(c)) return 'PRE_KEY';
      if (c === '=') return 'PRE_VALUE';
      key.add(c);
      return 'KEY';
    },
    PRE_VALUE: (c) => {
      if (isEnd(c)) {
        push(false);
        return 'PRE_KEY';
      }
      if (c === "'") return 'SINGLE_QUOTE_VALUE';
      if (c === '"') return 'DOUBLE_QUOTE_VALUE';
      if (c === '\\') return 'VALUE_ESCAPE';
      if (isBlank(c)) return 'PRE_VALUE';
      value.keep(c);
      return 'VALUE';
    },
    VALUE: (c) => {
      if (isEnd(c)) {
        push(true);
        return 'PRE_KEY';
      }
      if (c === '\\') {
        value.forget();
        return 'VALUE_ESCAPE';
      }
      value.add(c);
      return 'VALUE';
    },
    VALUE_ESCAPE: (c) => {
      if (!isEnd(c)) value.keep(c);
      return 'VALUE';
    },
    SINGLE_QUOTE_VALUE: (c) => {
      if (c === "'") return 'PRE_VALUE';
      value.keep(c);
      return 'SINGLE_QUOTE_VALUE';
    },
    DOUBLE_QUOTE_VALUE: (c) => {
      if (c === '"') return 'PRE_VALUE';
      if (c === '\\') return 'DOUBLE_QUOTE_VALUE_ESCAPE';
      value.keep(c);
      return 'DOUBLE_QUOTE_VALUE';
    },
    DOUBLE_QUOTE_VALUE_ESCAPE: (c) => {
      if ('"\\`$'.includes(c)) value.keep(c);
      else if (c !== '\n') value.keep(`\\${c}`);
      return 'DOUBLE_QUOTE_VALUE';
    },
    COMMENT: (c) => {
      if (c === '\\') return 'COMMENT_ESCAPE';
      return isEnd(c) ? 'PRE_KEY' : 'COMMENT';
    },
    COMMENT_ESCAPE: (c) => {
      return isEnd(c) ? 'PRE_KEY' : 'COMMENT';
    },
  };
  for (const c of file.toString('latin1')) state = steps[state](c);
  if (state.includes('VALUE')) push(state === 'VALUE');
  const bytes = found.map(([name, text]) => [name, Buffer.from(text, 'latin1')] as const);
  const isText = bytes.every(([name, text]) => isUtf8(Buffer.from(name, 'latin1')) && isUtf8(text));
  return isText ? bytes : 'ignored';
}

const isUtf8 = (bytes: Buffer): boolean =>
  bytes.equals(Buffer.from(bytes.toString('utf8'), 'utf8'));

/** Pacemaker's variables of them, the last of several. */
export function pacemakerVariables(assignments: Assignments): Readonly<Record<string, string>> {
  const all = assignments === 'ignored' ? [] : assignments;
  const own = all.filter(([name]) => /^PCMK_[A-Za-z0-9_]+$/.test(name));
  return Object.fromEntries(own.map(([name, value]) => [name, value.toString('utf8')]));
}

const PIECES = [
  'PCMK_remote_port',
  'PCMK_authkey_location',
  'PCMK_ca_file',
  'SECRET',
  'export ',
  'a',
  '3121',
  '=',
  '=',
  '=',
  ' ',
  '\t',
  '"',
  "'",
  '\\',
  '#',
  ';',
  '$',
  '`',
  '/etc/key',
  'ü',
  ' # ours',
  '\n',
  '\n',
  '\r\n',
  '\r',
  '\\\n',
  '\\\r\n',
  '""',
];

const pieces = fc.array(fc.constantFrom(...PIECES), { maxLength: 30 }).map((all) => all.join(''));
const assignment = fc
  .tuple(
    fc.constantFrom(
      'PCMK_remote_port',
      ' PCMK_remote_port ',
      'PCMK_authkey_location',
      'OTHER',
      'export PCMK_x',
    ),
    pieces,
    fc.constantFrom('\n', '\r\n', '\n\n', ''),
  )
  .map(([name, value, end]) => `${name}=${value}${end}`);

/** Environment files as nobody should write them. */
export const environmentFiles: fc.Arbitrary<Buffer> = fc
  .tuple(
    fc.array(fc.oneof(assignment, pieces), { maxLength: 6 }).map((all) => all.join('')),
    fc.constantFrom(
      Buffer.alloc(0),
      Buffer.alloc(0),
      Buffer.alloc(0),
      Buffer.from([0xfc]),
      Buffer.from([0]),
    ),
    pieces,
  )
  .map(([before, odd, after]) => Buffer.concat([Buffer.from(before), odd, Buffer.from(after)]));
