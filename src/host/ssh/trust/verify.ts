import type { ServerHostKeyAlgorithm } from 'ssh2';
import { OutriggerError } from '../../../support/errors.ts';
import {
  entriesFor,
  fingerprint,
  keyTypeOf,
  loadKnownHosts,
} from '../../known-hosts/known-hosts.ts';
import { recordKnownHosts } from '../../known-hosts/known-hosts-writer.ts';
import { SIGNATURES } from '../route/algorithms.ts';
import { authorityIn } from '../route/certificates.ts';
import { hostKeyUnpinned, type Peer } from '../route/failures.ts';
import { hostKeyProblem, offeredAlgorithms } from './host-key.ts';
import { forbiddenHostKey } from '../keys/key-limits.ts';
import type { Endpoint } from '../route/route.ts';

/** How a server has to prove that it is the right one. */
export interface Verification {
  /** The kinds of key to ask for, the best first. */
  readonly algorithms: readonly ServerHostKeyAlgorithm[];
  /** Why this host key is not believed; undefined believes it. */
  readonly problem: (blob: Uint8Array) => Promise<Error | undefined>;
}

/** The verifications to try, one after the other: a server shows one kind of key in each handshake. None waits beyond `limit`. */
export async function verificationsFor(
  peer: Peer,
  endpoint: Endpoint,
  limit: AbortSignal,
): Promise<readonly Verification[]> {
  const { restrictions } = endpoint;
  const verifications = await unrestricted(peer, endpoint, limit);
  return verifications.map(({ algorithms, problem }) => ({
    algorithms,
    problem: async (blob) => forbiddenHostKey(peer, blob, restrictions) ?? problem(blob),
  }));
}

async function unrestricted(
  peer: Peer,
  { knownHosts, hostKeys, restrictions }: Endpoint,
  limit: AbortSignal,
): Promise<readonly Verification[]> {
  const allowed = restrictions.algorithms.hostKey;
  if (hostKeys.kind === 'pinned') return pinned(peer, hostKeys.fingerprints, allowed);
  const known = () => keysOf(peer, knownHosts);
  return [
    {
      algorithms: offeredAlgorithms(await known(), allowed),
      problem: async (blob) => {
        const entries = await known();
        const problem = hostKeyProblem(peer, blob, entries);
        const [file] = knownHosts.files;
        // A host that an authority certifies is not new: without its certificate it may be any.
        const isNew =
          problem?.code === 'HOST_KEY_UNKNOWN' &&
          hostKeys.kind === 'accept-new' &&
          authorityIn(entries) === undefined;
        if (!isNew || file === undefined) return problem;
        return record(peer, { name: knownHosts.name, blob }, file, limit);
      },
    },
  ];
}

/** A fingerprint does not tell the kind of its key, so each kind is asked for in turn. */
const pinned = (
  peer: Peer,
  fingerprints: readonly string[],
  allowed: readonly ServerHostKeyAlgorithm[],
): readonly Verification[] =>
  allowedKinds(allowed).map((algorithms) => ({
    algorithms,
    problem: (blob) =>
      Promise.resolve(
        fingerprints.includes(fingerprint(blob))
          ? undefined
          : hostKeyUnpinned(peer, blob, keyTypeOf(blob) ?? 'unknown', fingerprints),
      ),
  }));

const allowedKinds = (allowed: readonly ServerHostKeyAlgorithm[]) =>
  [...SIGNATURES.values()]
    .map((algorithms) => algorithms.filter((algorithm) => allowed.includes(algorithm)))
    .filter((algorithms) => algorithms.length > 0);

async function keysOf({ name }: Peer, { name: known, files }: Endpoint['knownHosts']) {
  return naming(name, async () => {
    const entries = await Promise.all(files.map((file) => loadKnownHosts(file)));
    return entries.flatMap((ofFile) => entriesFor(ofFile, known));
  });
}

/** Records a key that nobody has seen before; somebody else may have recorded another one in the meantime. */
async function record(
  peer: Peer,
  key: { readonly name: string; readonly blob: Uint8Array },
  file: string,
  limit: AbortSignal,
): Promise<Error | undefined> {
  try {
    await naming(peer.name, () => recordKnownHosts([key], file, limit));
    return undefined;
  } catch (thrown) {
    return thrown as Error;
  }
}

async function naming<T>(host: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (!(thrown instanceof OutriggerError)) throw thrown;
    const { code, message, hint, cause } = thrown;
    const more = hint === undefined ? {} : { hint };
    throw new OutriggerError(code, message, { host, cause, ...more });
  }
}
