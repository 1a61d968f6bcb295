import { remoteHosts, type ClusterNodeFacts, type Facts } from '../model/facts.ts';
import { OutriggerError } from '../support/errors.ts';
import type { Secret } from '../support/secret.ts';
import type { Risk } from '../model/risk.ts';

/** Which key all nodes shall hold, and where its bytes come from when they are needed. */
export interface AuthkeyChoice {
  readonly source:
    | { readonly kind: 'clusterNode'; readonly name: string; readonly path: string }
    | { readonly kind: 'inventory'; readonly key: Secret }
    /** Nobody has one: `key` is what was made for it. */
    | { readonly kind: 'generate'; readonly key?: Secret };
  /** SHA-256, hexadecimal; undefined: it has still to be made. */
  readonly digest: string | undefined;
  /** What the plan shows as the desired content. */
  readonly description: string;
  /** What giving it to a cluster node that holds another key risks. */
  readonly risks: readonly Risk[];
  /** A new one was wanted, and an earlier one has to be given out to all first. */
  readonly isEarlier?: boolean;
}

/** A key that does not come from the cluster. */
export interface AuthkeyOfInventory {
  readonly key: Secret;
  /** SHA-256, hexadecimal. */
  readonly digest: string;
  /** Why it can be guessed; undefined: nothing that can be seen. */
  readonly weakness?: string | undefined;
}

/** No cluster may get a key that can be guessed. One that has it already goes on: a rotation and a removal need that. */
export function refuseWeakKey(facts: Facts, key: AuthkeyOfInventory | undefined): void {
  if (key?.weakness === undefined) return;
  const holders = [...facts.clusterNodes.values()].map(({ authkey }) => authkey.digest);
  if (holders.includes(key.digest)) return;
  throw new OutriggerError(
    'INPUT_INVALID',
    `the authkey of the inventory is weak: ${key.weakness}`,
    {
      hint: 'create a new one: dd if=/dev/urandom of=FILE bs=256 count=1',
    },
  );
}

/** What decides about the key, besides the keys that there are. */
export interface AuthkeyCircumstances {
  /** Connections exist that use it. */
  readonly isInUse: boolean;
  /** The key that the inventory names. */
  readonly key: AuthkeyOfInventory | undefined;
  /** A run that changed the key may have been interrupted. */
  readonly isUnfinished: boolean;
  /** Nothing but a change of credentials leaves a cluster as this one is: it is continued without confirmation. */
  readonly isSurelyOurs?: boolean;
  /** A new one is desired (`rotate authkey`). */
  readonly rotates: boolean;
}

/**
 * The cluster nodes' key is authoritative when they agree. When they differ, the one that most hosts hold wins
 * (the first cluster node's among equals): free while no connection exists, a named risk afterwards. What a run that
 * died has begun goes on where they differ: then the key wins that was written last, also where a new one is desired, which
 * not everybody could be given together. A key of the inventory wins over all.
 */
export function chooseAuthkey(
  facts: Facts,
  { isInUse: connectionsExist, key, isUnfinished, isSurelyOurs, rotates }: AuthkeyCircumstances,
): AuthkeyChoice {
  const clusterNodes = [...facts.clusterNodes.values()];
  const withKey = clusterNodes.filter((node) => node.authkey.digest !== undefined);
  if (key !== undefined) {
    const others = withKey.filter((node) => node.authkey.digest !== key.digest);
    return {
      source: { kind: 'inventory', key: key.key },
      digest: key.digest,
      description: 'matches the inventory',
      risks: riskFor('authkey-replaced', others, connectionsExist),
    };
  }
  const isEarlier = isUnfinished && new Set(withKey.map(({ authkey }) => authkey.digest)).size > 1;
  const holder = isEarlier
    ? lastWritten(withKey)
    : mostHeld(
        withKey,
        remoteHosts(facts).map((host) => host.authkey.digest),
      );
  if (holder === undefined || (rotates && !isEarlier)) {
    const risks = riskFor('authkey-replaced', clusterNodes, connectionsExist);
    return { source: { kind: 'generate' }, digest: undefined, description: 'new key', risks };
  }
  const { name, authkey } = holder;
  const others = withKey.filter((node) => node.authkey.digest !== authkey.digest);
  return {
    source: { kind: 'clusterNode', name, path: authkey.path },
    digest: authkey.digest,
    description: others.length === 0 ? 'matches the cluster' : `matches ${name}`,
    risks:
      isEarlier && isSurelyOurs === true
        ? []
        : riskFor('cluster-keys-differ', others, connectionsExist),
    ...(rotates ? { isEarlier } : {}),
  };
}

/** The key that was written last, by the clock of this machine. */
function lastWritten(withKey: readonly ClusterNodeFacts[]): ClusterNodeFacts | undefined {
  const written = ({ authkey, clockAhead }: ClusterNodeFacts): number =>
    authkey.modifiedAt - clockAhead;
  let last: ClusterNodeFacts | undefined;
  for (const node of withKey) if (last === undefined || written(node) > written(last)) last = node;
  return last;
}

function mostHeld(
  withKey: readonly ClusterNodeFacts[],
  remoteDigests: readonly (string | undefined)[],
): ClusterNodeFacts | undefined {
  const digests = [...withKey.map((node) => node.authkey.digest), ...remoteDigests];
  const count = (digest: string | undefined): number =>
    digests.filter((other) => other === digest).length;
  let best: ClusterNodeFacts | undefined;
  for (const node of withKey) {
    if (best === undefined || count(node.authkey.digest) > count(best.authkey.digest)) best = node;
  }
  return best;
}

const riskFor = (
  code: 'authkey-replaced' | 'cluster-keys-differ',
  others: readonly ClusterNodeFacts[],
  connectionsExist: boolean,
): readonly Risk[] =>
  connectionsExist && others.length > 0
    ? [{ code, subjects: others.map((node) => node.name) }]
    : [];
