import { digestOf, withNewKey } from './authkey.ts';
import type { FetchSecret } from '../host/secrets/secret-source.ts';
import { hasConnections } from '../pacemaker/cib/cib.ts';
import {
  chooseAuthkey,
  refuseWeakKey,
  type AuthkeyOfInventory,
} from '../credentials/authkey-choice.ts';
import { refuseOnCluster } from '../credentials/certificate-problems.ts';
import type { DesiredX509 } from '../credentials/certificates.ts';
import {
  hasCertificates,
  isKeyUnfinished,
  isLeftBehind,
  type DesiredCredentials,
} from '../credentials/credential-change.ts';
import type { ClusterFacts, Facts } from '../model/facts.ts';
import { refuseUnreadable } from '../credentials/unreadable-files.ts';
import type { Spec } from '../inventory/spec.ts';
import { keyWeakness } from '../support/key-strength.ts';
import { reveal } from '../support/secret.ts';

/**
 * With which credentials all nodes shall be connected: the certificates, or else an authkey, which is chosen from those that
 * there are, fetched from where it lives, or made where nobody has one or another one is desired (`rotates`). Throws REFUSED when the
 * cluster cannot have them.
 */
export function desiredCredentials(
  {
    spec,
    facts,
    cluster,
    x509,
    key,
  }: {
    readonly spec: Spec;
    readonly facts: Facts;
    readonly cluster: ClusterFacts;
    readonly x509: DesiredX509 | undefined;
    readonly key: AuthkeyOfInventory | undefined;
  },
  rotates: boolean,
): DesiredCredentials {
  const { authentication } = spec;
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
  return { authkey: withNewKey(authkey), isStated };
}

/** The authkey of an inventory, fetched from where it lives. Rejects with INPUT_INVALID when it cannot be. */
export async function keyOfInventory({
  spec: { authentication },
  fetchSecret,
}: {
  readonly spec: Spec;
  readonly fetchSecret: FetchSecret;
}): Promise<AuthkeyOfInventory | undefined> {
  if (authentication.method !== 'psk' || authentication.authkey.kind === 'cluster')
    return undefined;
  const key = await fetchSecret(authentication.authkey, { question: 'authkey:', isWhole: true });
  return { key, digest: digestOf(key), weakness: keyWeakness(reveal(key)) };
}
