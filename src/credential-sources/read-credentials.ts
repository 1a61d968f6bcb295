import type { AuthkeyOfInventory } from '../credentials/authkey-choice.ts';
import type { FetchSecret } from '../host/secrets/secret-source.ts';
import { nodesOf, withManagedHosts, type Nodes, type Spec } from '../inventory/spec.ts';
import type { ClusterFacts, Facts } from '../model/facts.ts';
import { authkeyOfInventory } from './authkey.ts';
import type { Credentials } from './load-certificates.ts';
import { nextStep } from './next-step.ts';

/** Which credentials a plan is about. */
export interface CredentialRequest {
  /** The whole inventory. */
  readonly spec: Spec;
  /** Which of its remote nodes and guest nodes the plan is about. */
  readonly selected: Nodes;
  readonly fetchSecret: FetchSecret;
  /** Which nodes get a new key and a new certificate, whatever they have (default: none). */
  readonly renewed?: ReadonlySet<string> | undefined;
  /** Outrigger's own authority is to be replaced; where that is under way already it goes on. */
  readonly succeeds?: boolean | undefined;
}

/** What lies on the control side of the credentials that the nodes shall have. */
export interface LocalCredentials {
  readonly key: AuthkeyOfInventory | undefined;
  readonly certificates: Credentials | undefined;
}

/** Reads what lies on the control side, before any host is asked. Rejects with INPUT_INVALID when it is not fit for use. */
export async function localCredentials(request: CredentialRequest): Promise<LocalCredentials> {
  return {
    key: await authkeyOfInventory(request.spec, request.fetchSecret),
    certificates: await certificatesHere(request),
  };
}

/**
 * The certificates of all nodes, by whatever source the inventory names, now that hosts and cluster have answered; undefined:
 * the authkey is used.
 */
export async function certificatesFor(
  request: CredentialRequest,
  local: LocalCredentials,
  facts: Facts,
  cluster: ClusterFacts,
): Promise<Credentials | undefined> {
  return (
    (await nextStep(local.certificates, facts, cluster)) ??
    (await certificatesByFacts(request, facts))
  );
}

/** Certificates from files or from an authority of our own; what reads them is loaded only where they are used. */
async function certificatesHere({
  spec,
  selected,
  renewed = new Set(),
  succeeds = false,
}: CredentialRequest): Promise<Credentials | undefined> {
  const { authentication, cluster, clusterNodes } = spec;
  if (authentication.method !== 'x509') return undefined;
  const { x509 } = authentication;
  if (x509.kind === 'on-hosts' || x509.kind === 'requests') return undefined;
  const nodes = [...clusterNodes, ...withManagedHosts(selected)].map(({ name }) => name);
  if (x509.kind === 'files') {
    const { loadCertificates } = await import('./load-certificates.ts');
    return loadCertificates(x509, nodes, new Date());
  }
  const { loadAuthority } = await import('./load-authority.ts');
  return loadAuthority({
    authority: x509,
    cluster: cluster.name,
    declared: [...clusterNodes, ...nodesOf(spec)].map(({ name }) => name),
    nodes,
    renewed,
    step: succeeds ? 'begin' : undefined,
    now: () => new Date(),
  });
}

/** The certificates that the hosts have already, or those for keys that they have made. */
async function certificatesByFacts(
  { spec: { authentication }, renewed = new Set() }: CredentialRequest,
  facts: Facts,
): Promise<Credentials | undefined> {
  if (authentication.method !== 'x509') return undefined;
  const { x509 } = authentication;
  if (x509.kind === 'requests') {
    const { requestedCertificates } = await import('./requested-certificates.ts');
    return requestedCertificates({ x509, facts, renewed, now: () => new Date() });
  }
  if (x509.kind !== 'on-hosts') return undefined;
  const { judgeOwnCertificates } = await import('./own-certificates.ts');
  return judgeOwnCertificates(x509, facts, new Date());
}
