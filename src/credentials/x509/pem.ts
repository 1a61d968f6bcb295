/** One part of a PEM file (RFC 7468). */
export interface PemBlock {
  /** `CERTIFICATE`, `PRIVATE KEY`, `X509 CRL` ... */
  readonly label: string;
  readonly der: Uint8Array;
  /** The block as it stands in the file. */
  readonly text: string;
  /** The headers of old encrypted keys (RFC 1421: `Proc-Type: 4,ENCRYPTED`). */
  readonly isEncrypted: boolean;
}

/** The bundles of all public authorities that distributions ship hold 150; every certificate is checked with each of them. */
const MAX_BLOCKS = 500;

const OPENING = '-----BEGIN ';
/** A line break is looked for near by: a label is short. */
const LABEL = /-----BEGIN ([A-Z0-9 ]{1,64})-----\r?\n/y;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

const CUT_OFF = { fault: 'it is truncated: a PEM block has no end' };

/** The parts of a PEM file in their order (not more than `most`), or what is wrong with it. Text around them is allowed, as in RFC 7468. */
export function pemBlocks(
  text: string,
  most = MAX_BLOCKS,
): readonly PemBlock[] | { readonly fault: string } {
  const blocks: PemBlock[] = [];
  let from = text.indexOf(OPENING);
  for (; from >= 0; from = text.indexOf(OPENING, from)) {
    const part = partAt(text, from);
    if (part === undefined) return CUT_OFF;
    const block = blockOf(part);
    if (block === undefined) return { fault: `its ${part.label} block is damaged` };
    if (blocks.length === most) return { fault: `it contains more than ${most} PEM blocks` };
    blocks.push(block);
    from += part.text.length;
  }
  return blocks.length === 0 ? { fault: 'it is not in PEM format' } : blocks;
}

interface Part {
  readonly label: string;
  readonly inner: string;
  readonly text: string;
}

/** The part that begins there; undefined: it does not end, so that what follows need not be searched. */
function partAt(text: string, from: number): Part | undefined {
  LABEL.lastIndex = from;
  const [opening, label] = LABEL.exec(text) ?? [];
  if (opening === undefined || label === undefined) return undefined;
  const closing = `-----END ${label}-----`;
  const end = text.indexOf(closing, from + opening.length);
  if (end < 0) return undefined;
  return {
    label,
    inner: text.slice(from + opening.length, end),
    text: text.slice(from, end + closing.length),
  };
}

function blockOf({ label, inner, text }: Part): PemBlock | undefined {
  const isEncrypted = label.startsWith('ENCRYPTED') || /^Proc-Type:.*ENCRYPTED/m.test(inner);
  const base64 = inner.replace(/^[A-Za-z-]+:.*$/gm, '').replace(/\s+/g, '');
  if (!BASE64.test(base64)) return undefined;
  return { label, der: Buffer.from(base64, 'base64'), text, isEncrypted };
}
