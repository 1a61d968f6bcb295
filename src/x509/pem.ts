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

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----\r?\n([\s\S]*?)-----END \1-----/g;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** The parts of a PEM file in their order, or what is wrong with it. Text around them is allowed, as in RFC 7468. */
export function pemBlocks(text: string): readonly PemBlock[] | { readonly fault: string } {
  const blocks: PemBlock[] = [];
  for (const [whole, label = '', inner = ''] of text.matchAll(BLOCK)) {
    const isEncrypted = label.startsWith('ENCRYPTED') || /^Proc-Type:.*ENCRYPTED/m.test(inner);
    const base64 = inner.replace(/^[A-Za-z-]+:.*$/gm, '').replace(/\s+/g, '');
    if (!BASE64.test(base64)) return { fault: `its ${label} is damaged` };
    blocks.push({ label, der: Buffer.from(base64, 'base64'), text: whole, isEncrypted });
  }
  const begun = text.match(/-----BEGIN /g)?.length ?? 0;
  if (begun > blocks.length) return { fault: 'it is cut off: a part begins and does not end' };
  return blocks.length === 0 ? { fault: 'it is not in PEM form' } : blocks;
}
