import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import pLimit from 'p-limit';
import { runScript } from '../host/run-script.ts';
import type { Host } from '../host/host.ts';
import { readLocalFile } from '../host/files/local-file.ts';
import { runProgram } from '../host/secrets/local-program.ts';
import { syncDirectory, writePrivateFile } from '../host/files/private-file.ts';
import { WAITING_PAIR } from '../pacemaker/basics/names.ts';
import type { ReportedKey } from '../model/facts.ts';
import { MOST_BYTES } from '../inventory/files-named.ts';
import { fileOfNode, type X509RequestsSpec } from '../inventory/spec.ts';
import { messageOf, OutriggerError } from '../support/errors.ts';
import { printable } from '../support/text/printable.ts';
import { checkRequest } from '../credentials/x509/requests/check-request.ts';
import { checkSet } from '../credentials/x509/checks/check-set.ts';
import { pemBlocks } from '../credentials/x509/pem.ts';
import { shortOf } from '../credentials/x509/requests/request-work.ts';
import { publicAuthorities, refuse, type Means } from './load-certificates.ts';

export interface Requesting {
  readonly x509: X509RequestsSpec;
  /** The nodes whose hosts make a key, unless one waits there already, and a request. */
  readonly nodes: readonly string[];
  readonly now: () => Date;
}

const KEY_LIMIT_MS = 60_000;
const SIGN_LIMIT_MS = 120_000;

/** Hosts that make their keys at a time. */
const AT_A_TIME = 20;

/**
 * Lets hosts make their keys and requests, and has these signed or writes them into files. A certificate is kept as soon as
 * it is there and right, so that what fails costs nobody a second one. Returns the keys that certificates lie there for.
 */
export async function requestCertificates(
  requesting: Requesting,
  means: Means,
): Promise<ReadonlyMap<string, ReportedKey>> {
  const { x509, nodes } = requesting;
  const limit = `at most ${KEY_LIMIT_MS / 1000} s`;
  means.report(`${nodes.length} hosts create a key and a CSR (${limit} each)`);
  const requests = await requestsOf(nodes, means.hosts);
  const { signing } = x509;
  if (signing.by === 'hand') {
    for (const [node, { pem }] of requests) keep(fileOfNode(signing.requestPattern, node), pem);
    return new Map();
  }
  const [program = ''] = signing.argv;
  const each = `at most ${SIGN_LIMIT_MS / 1000} s each`;
  means.report(`${printable(program)} signs ${requests.size} CSRs (${each})`);
  const keys = new Map<string, ReportedKey>();
  for (const [node, { pem, key }] of requests) {
    const certificate = await signed(signing.argv, { node, request: pem }, means.signal);
    await checkOne(requesting, { node, certificate, key, program });
    keep(fileOfNode(x509.certificatePattern, node), certificate);
    keys.set(node, key);
  }
  return keys;
}

interface MadeRequest {
  readonly pem: string;
  readonly key: ReportedKey;
}

/** All hosts are asked before any failure is told: one line each. */
async function requestsOf(
  nodes: readonly string[],
  hosts: ReadonlyMap<string, Host>,
): Promise<ReadonlyMap<string, MadeRequest>> {
  const limit = pLimit(AT_A_TIME);
  const made = new Map<string, MadeRequest>();
  const faults: string[] = [];
  const answers = await Promise.all(
    nodes.map((node) => limit(async () => [node, await requestOf(node, hosts.get(node))] as const)),
  );
  for (const [node, answer] of answers) {
    if ('fault' in answer) faults.push(`${node}: ${answer.fault}`);
    else made.set(node, answer);
  }
  if (faults.length === 0) return made;
  throw new OutriggerError(
    'COMMAND_FAILED',
    `cannot get certificate requests (CSRs):${faults.map((fault) => `\n  ${fault}`).join('')}`,
    { hint: 'nothing was signed and no daemon was changed; exclude a host with `--limit`' },
  );
}

async function requestOf(
  node: string,
  host: Host | undefined,
): Promise<MadeRequest | { readonly fault: string }> {
  if (host === undefined) return { fault: 'it did not respond' };
  try {
    const { stdout } = await runScript(host, 'make-request', {
      params: [WAITING_PAIR.key, node],
      timeoutMs: KEY_LIMIT_MS,
    });
    const checked = await checkRequest(stdout, node);
    if ('fault' in checked) return { fault: `its CSR cannot be used: ${checked.fault}` };
    const { pem, publicDigest } = checked;
    return { pem, key: { count: 1, isEncrypted: false, publicDigest } };
  } catch (thrown) {
    if (!(thrown instanceof OutriggerError)) throw thrown;
    return { fault: messageOf(thrown) };
  }
}

/** What the program makes of a request: the certificates in what it prints. */
async function signed(
  argv: readonly string[],
  { node, request }: { readonly node: string; readonly request: string },
  signal: AbortSignal,
): Promise<string> {
  const end = await runProgram({
    argv,
    input: request,
    variables: { OUTRIGGER_NODE: node },
    limitMs: SIGN_LIMIT_MS,
    mostBytes: MOST_BYTES.certificate,
    signal,
  });
  if (end.kind === 'interrupted')
    throw new OutriggerError('INTERRUPTED', `interrupted while the CSR of ${node} was signed`);
  if (end.kind === 'failed') throw notSigned(argv, node, end.why);
  const blocks = pemBlocks(end.stdout.toString('latin1'));
  if ('fault' in blocks) throw notSigned(argv, node, `unusable output: ${blocks.fault}`);
  const certificates = blocks.filter(({ label }) => label === 'CERTIFICATE');
  if (certificates.length === 0) throw notSigned(argv, node, 'it printed no certificate');
  return certificates.map(({ text }) => `${text}\n`).join('');
}

const notSigned = ([program = '']: readonly string[], node: string, why: string): OutriggerError =>
  new OutriggerError(
    'REFUSED',
    printable(`the program ${program} did not sign the CSR of ${node}: ${why}`),
    {
      hint: 'it must read the CSR from stdin and print the certificate, both in PEM format; no daemon was changed, and the next apply continues',
    },
  );

/** As all of them are checked again later; here before it takes the place of one that may be in use. */
async function checkOne(
  { x509, now }: Requesting,
  {
    node,
    certificate,
    key,
    program,
  }: {
    readonly node: string;
    readonly certificate: string;
    readonly key: ReportedKey;
    readonly program: string;
  },
): Promise<void> {
  const path = printable(`the output of ${program} for ${node}`);
  const at = now();
  const text = (file: string, most: number): string => readLocalFile(file, most).toString('latin1');
  const { findings } = await checkSet(
    {
      ca: { path: x509.ca, text: text(x509.ca, MOST_BYTES.ca) },
      crl:
        x509.crl === undefined
          ? undefined
          : { path: x509.crl, text: text(x509.crl, MOST_BYTES.crl) },
      nodes: [
        {
          node,
          certificate: { path, text: certificate },
          key: { path: `${node}:${WAITING_PAIR.key}`, reported: key },
        },
      ],
    },
    { now: at, publicAuthorities: publicAuthorities(), warnBeforeMs: x509.renewBeforeMs },
  );
  const message = shortOf(certificate, { renewBeforeMs: x509.renewBeforeMs, now: at });
  const short = message === undefined ? [] : [{ severity: 'error' as const, path, message }];
  refuse({ findings: [...findings, ...short] });
}

/** Written whole or not at all; nothing of it is secret, and nobody else has a use for it. */
function keep(path: string, text: string): void {
  const directory = dirname(path);
  try {
    mkdirSync(directory, { recursive: true });
    writePrivateFile(path, text);
    syncDirectory(directory);
  } catch (thrown) {
    throw new OutriggerError('INPUT_INVALID', `cannot write ${path}: ${messageOf(thrown)}`, {
      cause: thrown,
    });
  }
}
