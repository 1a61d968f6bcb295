import { createPublicKey } from 'node:crypto';
import { printable } from '../support/printable.ts';
import { digestOfPublic } from './key-match.ts';
import { readRequest, type CertificateRequest } from './library.ts';
import { pemBlocks } from './pem.ts';

/** A request that is what it shall be, and which key it is for; or why it must not be signed. */
export type CheckedRequest =
  { readonly pem: string; readonly publicDigest: string } | { readonly fault: string };

/** Whoever signs believes the name in it: a host must not ask for the certificate of another. */
export async function checkRequest(text: string, node: string): Promise<CheckedRequest> {
  const blocks = pemBlocks(text);
  if ('fault' in blocks) return blocks;
  const [block, ...others] = blocks;
  if (block === undefined || others.length > 0 || block.label !== LABEL)
    return { fault: 'it is not one certificate request' };
  const request = requestOf(block.der);
  const publicDigest = request && digestOfKey(request);
  if (request === undefined || publicDigest === undefined) return { fault: 'it cannot be read' };
  const named = [request.subject, ...request.names];
  if (named.join() !== [`CN=${node}`, `dns:${node}`].join())
    return { fault: `it names ${printable(named.join(', '))}, and not this node alone` };
  if (!(await request.isSigned())) return { fault: 'it is not signed with its own key' };
  return { pem: `${block.text}\n`, publicDigest };
}

/** Which key a request is for; undefined: it cannot be read. */
export function publicDigestOfRequest(text: string): string | undefined {
  const blocks = pemBlocks(text);
  const block = 'fault' in blocks ? undefined : blocks.find(({ label }) => label === LABEL);
  const request = block && requestOf(block.der);
  return request && digestOfKey(request);
}

const LABEL = 'CERTIFICATE REQUEST';

function requestOf(der: Uint8Array): CertificateRequest | undefined {
  try {
    return readRequest(der);
  } catch {
    return undefined;
  }
}

function digestOfKey({ publicKey }: CertificateRequest): string | undefined {
  try {
    const key = Buffer.from(publicKey);
    return digestOfPublic(createPublicKey({ key, format: 'der', type: 'spki' }));
  } catch {
    return undefined;
  }
}
