import { createHash, randomBytes } from 'node:crypto';
import type { Host } from '../host/host.ts';
import type { FetchSecret } from '../host/secrets/secret-source.ts';
import type { AuthkeyChoice, AuthkeyOfInventory } from '../credentials/authkey-choice.ts';
import type { NewKey } from '../credentials/desired-credentials.ts';
import type { Spec } from '../inventory/spec.ts';
import type { HostFacts } from '../model/facts.ts';
import { isUnreachable, OutriggerError } from '../support/errors.ts';
import { keyWeakness } from '../support/key-strength.ts';
import { reveal, Secret } from '../support/secret.ts';
import { runScript } from '../host/run-script.ts';

// The size that pcs writes; Debian and crmsh write 4096. Any length serves (lib/lrmd/lrmd_client.c).
const NEW_KEY_BYTES = 256;

/** SHA-256 of a secret, hexadecimal: for comparing, never for showing. */
export const digestOf = (secret: Secret): string =>
  createHash('sha256').update(reveal(secret)).digest('hex');

/**
 * Makes an authkey. It is made with the plan, so that each host can be held against it, and lives in memory until the first
 * host has it.
 */
export function makeAuthkey(): NewKey {
  const key = new Secret(randomBytes(NEW_KEY_BYTES));
  return { key, digest: digestOf(key) };
}

/** The authkey of an inventory, fetched from where it lives. Rejects with INPUT_INVALID when it cannot be. */
export async function authkeyOfInventory(
  { authentication }: Spec,
  fetchSecret: FetchSecret,
): Promise<AuthkeyOfInventory | undefined> {
  if (authentication.method !== 'psk' || authentication.authkey.kind === 'cluster')
    return undefined;
  const key = await fetchSecret(authentication.authkey, { question: 'authkey:', isWhole: true });
  return { key, digest: digestOf(key), weakness: keyWeakness(reveal(key)) };
}

/**
 * Returns the chosen key's bytes; fetched at the first call, the same at every later one. That of the cluster is read on another of
 * the cluster nodes which hold it when the connection to the chosen one is lost.
 */
export function authkeyLoader(
  choice: AuthkeyChoice | undefined,
  hosts: ReadonlyMap<string, Host>,
  clusterNodes: readonly Pick<HostFacts, 'name' | 'authkey'>[],
): () => Promise<Secret> {
  let loading: Promise<Secret> | undefined;
  return () => {
    if (choice === undefined) throw new Error('the authkey is not used');
    return (loading ??= load(choice, hosts, clusterNodes));
  };
}

async function load(
  { source, digest }: AuthkeyChoice,
  hosts: ReadonlyMap<string, Host>,
  clusterNodes: readonly Pick<HostFacts, 'name' | 'authkey'>[],
): Promise<Secret> {
  switch (source.kind) {
    case 'generate':
      if (source.key === undefined) throw new Error('the new authkey was not created');
      return source.key;
    case 'inventory':
      return source.key;
    case 'clusterNode': {
      const others = clusterNodes
        .filter(({ name, authkey }) => name !== source.name && authkey.digest === digest)
        .map(({ name, authkey }) => ({ name, path: authkey.path }));
      return readFirst([source, ...others], hosts, digest);
    }
  }
}

interface Holder {
  readonly name: string;
  readonly path: string;
}

/** Reads the key on the first of these whose connection is not lost. */
async function readFirst(
  [first, ...others]: readonly [Holder, ...Holder[]],
  hosts: ReadonlyMap<string, Host>,
  digest: string | undefined,
): Promise<Secret> {
  const host = hosts.get(first.name);
  if (host === undefined) throw new Error(`no connection to ${first.name}`);
  try {
    const params = [first.path];
    const { stdout } = await runScript(host, 'read-authkey', { params, timeoutMs: 30_000 });
    return unchanged(new Secret(Buffer.from(stdout.trim(), 'base64')), digest, first.name);
  } catch (thrown) {
    const [next, ...rest] = others;
    if (!isUnreachable(thrown) || next === undefined) throw thrown;
    return readFirst([next, ...rest], hosts, digest);
  }
}

function unchanged(key: Secret, digest: string | undefined, where: string): Secret {
  if (digestOf(key) === digest) return key;
  throw new OutriggerError(
    'NOT_CONVERGED',
    `the authkey of ${where} changed since the plan was made`,
    {
      hint: 'plan again',
    },
  );
}
