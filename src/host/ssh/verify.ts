import type { ServerHostKeyAlgorithm } from 'ssh2';
import { OutriggerError } from '../../support/errors.ts';
import { entriesFor, fingerprint, keyTypeOf, loadKnownHosts } from '../known-hosts.ts';
import { recordKnownHosts } from '../known-hosts-writer.ts';
import { hostKeyUnpinned, type Peer } from './failures.ts';
import { HOST_KEY_ALGORITHMS, hostKeyProblem, offeredAlgorithms } from './host-key.ts';
import type { Endpoint } from './route.ts';

/** How a server has to prove that it is the right one. */
export interface Verification {
  /** The kinds of key to ask for, the best first. */
  readonly algorithms: readonly ServerHostKeyAlgorithm[];
  /** Why this host key is not believed; undefined believes it. */
  readonly problem: (blob: Uint8Array) => Promise<Error | undefined>;
}

/** The verifications to try, one after the other: a server shows one kind of key in each handshake. */
export async function verificationsFor(
  peer: Peer,
  { knownHosts, hostKeys }: Endpoint,
): Promise<readonly Verification[]> {
  if (hostKeys.kind === 'pinned') return pinned(peer, hostKeys.fingerprints);
  const known = () => keysOf(peer, knownHosts);
  return [
    {
      algorithms: offeredAlgorithms(await known()),
      problem: async (blob) => {
        const problem = hostKeyProblem(peer, blob, await known());
        const [file] = knownHosts.files;
        const isNew = problem?.code === 'HOST_KEY_UNKNOWN' && hostKeys.kind === 'accept-new';
        if (!isNew || file === undefined) return problem;
        return record(peer, { name: knownHosts.name, blob }, file);
      },
    },
  ];
}

/** A fingerprint does not tell the kind of its key, so each kind is asked for in turn. */
const pinned = (peer: Peer, fingerprints: readonly string[]): readonly Verification[] =>
  Array.from(HOST_KEY_ALGORITHMS.values(), (algorithms) => ({
    algorithms,
    problem: (blob) =>
      Promise.resolve(
        fingerprints.includes(fingerprint(blob))
          ? undefined
          : hostKeyUnpinned(peer, blob, keyTypeOf(blob) ?? 'unknown', fingerprints),
      ),
  }));

async function keysOf({ name }: Peer, { name: known, files }: Endpoint['knownHosts']) {
  return naming(name, async () => {
    const entries = await Promise.all(files.map((file) => loadKnownHosts(file)));
    return entriesFor(entries.flat(), known);
  });
}

/** Records a key that nobody has seen before; somebody else may have recorded another one in the meantime. */
async function record(
  peer: Peer,
  key: { readonly name: string; readonly blob: Uint8Array },
  file: string,
): Promise<Error | undefined> {
  try {
    await naming(peer.name, () => recordKnownHosts([key], file, 'if-new'));
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
