/** A rule in firewalld's rich language (firewalld.richlanguage(5)), as far as it decides on a new connection. */
export interface RichRule {
  readonly priority: number;
  readonly family: string | undefined;
  readonly source: Matched | undefined;
  readonly destination: Matched | undefined;
  /** What the connection is for; undefined: whatever it is for. Its kind is `port`, `service`, `protocol` or another one. */
  readonly element: Part | undefined;
  readonly action: 'accept' | 'deny' | 'none';
  /** The action is for so many connections in a time only, and passed over for others. */
  readonly isLimited: boolean;
}

interface Part {
  readonly kind: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** An address or network, a set of them, or a hardware address; inverted: all others. */
export interface Matched {
  readonly attributes: Readonly<Record<string, string>>;
  readonly isInverted: boolean;
}

// `word` or `word="text"`; firewalld prints the second so, and takes it without quotes as well.
const TOKEN = /([\w-]+)(?:=(?:"([^"]*)"|'([^']*)'|([^\s"']+)))?/g;

const ACTIONS: Readonly<Record<string, RichRule['action']>> = {
  accept: 'accept',
  reject: 'deny',
  drop: 'deny',
};

/** Parts that say nothing of which connections a rule is for. */
const ASIDE: readonly string[] = [
  'rule',
  'source',
  'destination',
  'log',
  'nflog',
  'audit',
  'limit',
  'mark',
];

/** Reads a rule as firewalld prints it; what is no rule of the rich language matches nothing. */
export function parseRichRule(text: string): RichRule {
  const parts = partsOf(text);
  const attributes = (kind: string) => parts.find((part) => part.kind === kind)?.attributes;
  const at = parts.findIndex(({ kind }) => isAction(kind));
  const { priority = '0', family } = attributes('rule') ?? {};
  return {
    priority: Number(priority) || 0,
    family,
    source: matched(attributes('source')),
    destination: matched(attributes('destination')),
    element: parts.find(({ kind }) => !isAction(kind) && !ASIDE.includes(kind)),
    action: ACTIONS[parts[at]?.kind ?? ''] ?? 'none',
    isLimited: at !== -1 && parts.slice(at).some(({ kind }) => kind === 'limit'),
  };
}

const isAction = (kind: string): boolean => Object.hasOwn(ACTIONS, kind);

function partsOf(text: string): readonly Part[] {
  const parts: { kind: string; attributes: Record<string, string> }[] = [];
  for (const [, word = '', ...values] of text.matchAll(TOKEN)) {
    const value = (values as readonly (string | undefined)[]).find((one) => one !== undefined);
    const attributes: Record<string, string> = parts.at(-1)?.attributes ?? {};
    if (value !== undefined) attributes[word] = value;
    else if (word.toLowerCase() === 'not') attributes['invert'] = 'true';
    else parts.push({ kind: word, attributes: {} });
  }
  return parts;
}

const matched = (attributes: Part['attributes'] | undefined): Matched | undefined =>
  attributes && { attributes, isInverted: /^(true|yes)$/i.test(attributes['invert'] ?? '') };
