import { createPublicKey, type KeyObject } from 'node:crypto';
import { printable } from '../../../support/text/printable.ts';
import { digestOfPublic } from '../checks/key-match.ts';
import { hashWeakness, keyWeakness } from '../key-strength.ts';
import { readRequest, type CertificateRequest } from '../library.ts';
import { pemBlocks } from '../pem.ts';
import { extensionProblem } from './requested-extensions.ts';

/** A request that is what it shall be, and which key it is for; or why it must not be signed. */
export type CheckedRequest =
  { readonly pem: string; readonly publicDigest: string } | { readonly fault: string };

/** Whoever signs believes the name in it: a host must not ask for the certificate of another. */
export async function checkRequest(text: string, node: string): Promise<CheckedRequest> {
  const blocks = pemBlocks(text);
  if ('fault' in blocks) return blocks;
  const [block, ...others] = blocks;
  if (block === undefined || others.length > 0 || block.label !== LABEL)
    return { fault: 'it is not a single CSR' };
  const request = requestOf(block.der);
  const key = request && keyOf(request);
  if (request === undefined || key === undefined) return { fault: 'it cannot be parsed' };
  const fault = await faultOf(request, key, node);
  return fault === undefined
    ? { pem: `${block.text}\n`, publicDigest: digestOfPublic(key) }
    : { fault };
}

async function faultOf(
  request: CertificateRequest,
  key: KeyObject,
  node: string,
): Promise<string | undefined> {
  const named = [request.subject, ...request.names];
  if (named.join() !== [`CN=${node}`, `dns:${node}`].join())
    return `it names ${printable(named.join(', '))} instead of this node only`;
  const fault =
    extensionProblem(request, node) ?? keyWeakness(key) ?? hashWeakness(request.signatureHash);
  if (fault !== undefined) return fault;
  return (await request.isSigned()) ? undefined : 'it is not signed with its own key';
}

/** Which key a request is for; undefined: it cannot be read. */
export function publicDigestOfRequest(text: string): string | undefined {
  const blocks = pemBlocks(text);
  const block = 'fault' in blocks ? undefined : blocks.find(({ label }) => label === LABEL);
  const request = block && requestOf(block.der);
  const key = request && keyOf(request);
  return key && digestOfPublic(key);
}

const LABEL = 'CERTIFICATE REQUEST';

function requestOf(der: Uint8Array): CertificateRequest | undefined {
  try {
    return readRequest(der);
  } catch {
    return undefined;
  }
}

function keyOf({ publicKey }: CertificateRequest): KeyObject | undefined {
  try {
    return createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' });
  } catch {
    return undefined;
  }
}
