import { openLocalFile } from '../host/files/local-file.ts';
import { WAITING_PAIR } from '../pacemaker/basics/names.ts';
import type { CertificateFault } from '../credentials/certificates.ts';
import { allHosts, type Facts, type HostFacts, type ReportedKey } from '../model/facts.ts';
import { fileOfNode, type X509RequestsSpec } from '../inventory/spec.ts';
import { errnoOf, messageOf, OutriggerError } from '../support/errors.ts';
import { pemBlocks } from '../credentials/x509/pem.ts';
import {
  requestState,
  shortOf,
  type RequestState,
} from '../credentials/x509/requests/request-work.ts';
import {
  loadCertificates,
  refuse,
  type Credentials,
  type PendingFiles,
} from './load-certificates.ts';
import { requestCertificates } from './request-certificates.ts';

export interface RequestedRequest {
  readonly x509: X509RequestsSpec;
  readonly facts: Facts;
  /** The nodes that get a new key and certificate whatever they have. */
  readonly renewed: ReadonlySet<string>;
  /** Asked anew when something is made: whoever signs takes their time. */
  readonly now: () => Date;
}

/**
 * The certificates for keys that the hosts have made, or have still to make. Those that lie here are held against what
 * the hosts tell of their keys; those that are missing are asked for by `pending.make`. Throws CERTIFICATES_AWAITED
 * while a cluster node has none, since nothing can be done without it.
 */
export async function requestedCertificates(request: RequestedRequest): Promise<Credentials> {
  const { x509, facts } = request;
  const now = request.now();
  const hosts = allHosts(facts);
  const states = new Map(hosts.map((host) => [host.name, stateOf(host, request, now)]));
  const named = (kind: RequestState['kind']): readonly string[] =>
    [...states].filter(([, state]) => state.kind === kind).map(([name]) => name);
  const keys = new Map([...states].flatMap(([name, state]) => keyIn(name, state)));
  const awaited = named('awaited');
  const lost = awaited.filter((name) => !keys.has(name));
  if (lost.some((name) => facts.clusterNodes.has(name))) throw stillAwaited(x509, awaited);
  const faults = new Map<string, CertificateFault>([
    ...lost.map((name) => [name, faultOf(x509, name)] as const),
    ...hosts
      .filter((host) => cannotMake(host, states))
      .map(({ name }) => [name, NO_OPENSSL] as const),
  ]);
  const requested = named('to-request').filter((name) => !faults.has(name));
  refuseShort(x509, states, facts, now);
  const nodes = hosts
    .map(({ name }) => name)
    .filter((name) => keys.has(name) || requested.includes(name));
  const load = (
    keysOnHosts: ReadonlyMap<string, ReportedKey>,
    when: Date,
    pending?: PendingFiles,
  ) => loadCertificates(filesOf(x509, keysOnHosts), nodes, when, pending);
  const { desired, contentOf, list } = await load(
    keys,
    now,
    requested.length === 0 ? undefined : pendingIn(x509, requested),
  );
  const waiting = awaited.filter((name) => keys.has(name)).map((name) => noteOf(x509, name));
  return {
    desired: { ...desired, faults, notes: [...desired.notes, ...waiting] },
    contentOf,
    list,
    ...(requested.length === 0
      ? {}
      : {
          pending: {
            revokes: { serials: new Map(), nodes: new Set() },
            make: async (means) => {
              const made = await requestCertificates(
                { x509, nodes: requested, now: request.now },
                means,
              );
              if (x509.signing.by === 'hand')
                throw stillAwaited(x509, [...new Set([...awaited, ...requested])]);
              const whole = await load(new Map([...keys, ...made]), request.now());
              return { ...whole, desired: { ...whole.desired, faults } };
            },
          },
        }),
  };
}

function stateOf(
  { name, madeKeys }: HostFacts,
  { x509, renewed }: RequestedRequest,
  now: Date,
): RequestState {
  const { certificatePattern, signing, renewBeforeMs } = x509;
  const isSignedByHand = signing.by === 'hand';
  return requestState(
    {
      keys: madeKeys ?? { inUse: undefined, waiting: undefined },
      certificate: textIn(fileOfNode(certificatePattern, name)),
      request: isSignedByHand ? textIn(fileOfNode(signing.requestPattern, name)) : undefined,
    },
    renewed.has(name),
    { isSignedByHand, renewBeforeMs, now },
  );
}

/** More than any certificate with those that stand below it. */
const MOST_BYTES = 1024 * 1024;

/** The text of a local file; undefined: there is none. */
function textIn(path: string): string | undefined {
  try {
    return openLocalFile(path, MOST_BYTES).content.toString('latin1');
  } catch (thrown) {
    const code = errnoOf(thrown);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new OutriggerError('INPUT_INVALID', `cannot read ${path}: ${messageOf(thrown)}`, {
      cause: thrown,
    });
  }
}

function keyIn(name: string, state: RequestState): readonly (readonly [string, ReportedKey])[] {
  if (state.kind === 'to-request') return [];
  const key = state.kind === 'held' ? state.key : state.inUse;
  return key === undefined ? [] : [[name, key]];
}

const cannotMake = (
  { name, madeKeys }: HostFacts,
  states: ReadonlyMap<string, RequestState>,
): boolean => states.get(name)?.kind === 'to-request' && madeKeys?.hasOpenssl === false;

const NO_OPENSSL: CertificateFault = {
  code: 'CERTIFICATE_UNUSABLE',
  message: 'openssl is not installed, so no key can be created there',
  hint: 'install the package openssl there, then plan again',
};

/** A pair that has still to be taken up must not be due at once: every apply would ask for another one. */
function refuseShort(
  x509: X509RequestsSpec,
  states: ReadonlyMap<string, RequestState>,
  facts: Facts,
  now: Date,
): void {
  const { renewBeforeMs } = x509;
  const hosts = allHosts(facts);
  const findings = hosts.flatMap(({ name, madeKeys }) => {
    const state = states.get(name);
    if (state?.kind !== 'held' || state.key !== madeKeys?.waiting) return [];
    const path = fileOfNode(x509.certificatePattern, name);
    const message = shortOf(textIn(path) ?? '', { renewBeforeMs, now });
    return message === undefined ? [] : [{ severity: 'error' as const, path, message }];
  });
  refuse({ findings });
}

const filesOf = (
  { ca, certificatePattern, crl, renewBeforeMs, removesAuthkey }: X509RequestsSpec,
  keysOnHosts: ReadonlyMap<string, ReportedKey>,
) => ({
  ca,
  certificatePattern,
  crl,
  removesAuthkey,
  keysOnHosts,
  warnBeforeMs: renewBeforeMs,
});

function pendingIn(x509: X509RequestsSpec, nodes: readonly string[]): PendingFiles {
  const { signing } = x509;
  const description = (node: string): string =>
    signing.by === 'program'
      ? `new, signed by ${signing.argv[0] ?? ''}`
      : `new, not issued yet: ${placesOf(x509, node)}`;
  return {
    ca: undefined,
    crl: undefined,
    issuer: onlyAuthority(x509.ca),
    validity: undefined,
    certificates: new Map(nodes.map((node) => [node, description(node)])),
  };
}

/** Whoever signs is one of the authorities of the CA file; undefined: of several it is not known which. */
function onlyAuthority(ca: string): string | undefined {
  const text = textIn(ca) ?? '';
  const blocks = pemBlocks(text);
  return 'fault' in blocks || blocks.length > 1 ? undefined : text;
}

/** Where the certificate of a node is awaited, and what for. */
function placesOf({ certificatePattern, signing }: X509RequestsSpec, node: string): string {
  const certificate = fileOfNode(certificatePattern, node);
  return signing.by === 'program'
    ? certificate
    : `${certificate}, for the CSR ${fileOfNode(signing.requestPattern, node)}`;
}

const HINT =
  'have the CSRs signed, save each certificate under the path shown, then run `outrigger apply` again; the keys are staged on their hosts';

const stillAwaited = (x509: X509RequestsSpec, nodes: readonly string[]): OutriggerError =>
  new OutriggerError(
    'CERTIFICATES_AWAITED',
    `certificates have not been issued yet:${nodes.map((node) => `\n  ${node}: ${placesOf(x509, node)}`).join('')}`,
    { hint: HINT },
  );

const faultOf = (x509: X509RequestsSpec, node: string): CertificateFault => ({
  code: 'CERTIFICATE_AWAITED',
  message: `its certificate has not been issued yet: ${placesOf(x509, node)}`,
  hint: HINT,
});

const noteOf = (x509: X509RequestsSpec, node: string): string =>
  `${node}: its new certificate has not been issued yet: ${placesOf(x509, node)} (its key is staged there as ${WAITING_PAIR.key}); the old one stays in use`;
