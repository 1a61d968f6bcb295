import { digestOf, readKeyFile, withNewKey } from '../apply/authkey.ts';
import { hasConnections } from '../pacemaker/cib.ts';
import { isApart, quietlyProtected } from '../pacemaker/cib-edit.ts';
import { chooseAuthkey } from '../plan/authkey-choice.ts';
import { refuseOnCluster } from '../plan/certificate-problems.ts';
import type { WantedX509 } from '../plan/certificates.ts';
import { hasCertificates, type WantedCredentials } from '../plan/credential-change.ts';
import type { ClusterFacts, Facts } from '../plan/facts.ts';
import type { Spec } from '../spec/spec.ts';
import { messageOf, OutriggerError } from '../support/errors.ts';

/** A file with an authkey, on this machine. */
export interface KeyFile {
  readonly path: string;
  /** SHA-256, hexadecimal. */
  readonly digest: string;
}

/**
 * With which credentials all nodes shall be connected: the certificates, or else an authkey, which is chosen from those that
 * there are, read from its file, or made where nobody has one or another one is wanted (`rotates`). Throws REFUSED when the
 * cluster cannot have them.
 */
export function wantedCredentials(
  {
    spec,
    facts,
    cluster,
    x509,
    file,
  }: {
    readonly spec: Spec;
    readonly facts: Facts;
    readonly cluster: ClusterFacts;
    readonly x509: WantedX509 | undefined;
    readonly file: KeyFile | undefined;
  },
  rotates: boolean,
): WantedCredentials {
  const { authentication } = spec;
  const isStated = authentication.method === 'psk' && authentication.isStated;
  refuseOnCluster(facts, cluster, x509, isStated);
  if (x509 !== undefined) return { x509, isStated };
  const usesKey = ![...facts.clusterNodes.values()].some(hasCertificates);
  const authkey = chooseAuthkey(facts, {
    isInUse: hasConnections(cluster.cib) && usesKey,
    file,
    isUnfinished: quietlyProtected(cluster.cib).length > 0 || isApart(cluster.cib),
    rotates,
  });
  return { authkey: withNewKey(authkey), isStated };
}

/** The key file that an inventory names, read. Throws INPUT_INVALID when it cannot be. */
export function keyFile({ authentication }: Spec): KeyFile | undefined {
  if (authentication.method !== 'psk' || authentication.authkey.kind !== 'file') return undefined;
  const { authkey } = authentication;
  try {
    return { path: authkey.path, digest: digestOf(readKeyFile(authkey.path)) };
  } catch (thrown) {
    throw new OutriggerError(
      'INPUT_INVALID',
      `cannot read the authkey ${authkey.path}: ${messageOf(thrown)}`,
    );
  }
}
