import { hasConnections } from '../pacemaker/cib/cib.ts';
import type { ClusterFacts, Facts } from '../model/facts.ts';
import type { Spec } from '../inventory/spec.ts';
import type { Secret } from '../support/secret.ts';
import {
  chooseAuthkey,
  refuseWeakKey,
  type AuthkeyChoice,
  type AuthkeyOfInventory,
} from './authkey-choice.ts';
import { refuseOnCluster } from './certificate-problems.ts';
import type { DesiredX509 } from './certificates.ts';
import {
  hasCertificates,
  isKeyUnfinished,
  isLeftBehind,
  type DesiredCredentials,
} from './credential-change.ts';
import { refuseUnreadable } from './unreadable-files.ts';

/** What desired credentials are chosen from, besides the state of hosts and cluster. */
export interface CredentialChoices {
  readonly authentication: Spec['authentication'];
  /** Undefined: the authkey is used. */
  readonly x509: DesiredX509 | undefined;
  /** The authkey that the inventory names. */
  readonly key: AuthkeyOfInventory | undefined;
  /** The authkey for nodes of which none has one, and for a rotation. */
  readonly newKey: NewKey;
  /** Another authkey is desired, whatever the present one is. */
  readonly rotates: boolean;
}

/** An authkey that no host has yet. */
export interface NewKey {
  readonly key: Secret;
  /** SHA-256, hexadecimal. */
  readonly digest: string;
}

/**
 * With which credentials all nodes shall be connected: the certificates, or else an authkey: one of those that hosts have,
 * that of the inventory, or a new one. Throws REFUSED when the cluster cannot have them.
 */
export function desiredCredentials(
  facts: Facts,
  cluster: ClusterFacts,
  { authentication, x509, key, newKey, rotates }: CredentialChoices,
): DesiredCredentials {
  const isStated = authentication.method === 'psk' && authentication.isStated;
  refuseOnCluster(facts, cluster, x509, isStated);
  refuseUnreadable(facts, x509 !== undefined);
  if (x509 !== undefined) return { x509, isStated };
  refuseWeakKey(facts, key);
  const usesKey = ![...facts.clusterNodes.values()].some(hasCertificates);
  const authkey = chooseAuthkey(facts, {
    isInUse: hasConnections(cluster.cib) && usesKey,
    key,
    isUnfinished: isKeyUnfinished(cluster.cib),
    isSurelyOurs: isLeftBehind(cluster.cib),
    rotates,
  });
  return { authkey: withNewKey(authkey, newKey), isStated };
}

const withNewKey = (choice: AuthkeyChoice, { key, digest }: NewKey): AuthkeyChoice =>
  choice.source.kind === 'generate'
    ? { ...choice, source: { kind: 'generate', key }, digest }
    : choice;
