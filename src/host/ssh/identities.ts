import { homedir } from 'node:os';
import { join } from 'node:path';
import type { AnyAuthMethod, ParsedKey } from 'ssh2';
import { printable } from '../../support/printable.ts';
import { fingerprint } from '../known-hosts.ts';
import type { Connection } from '../host.ts';
import { agentKeys } from './agent.ts';
import { authenticationFailed, type Peer } from './failures.ts';
import { keyFile, type KeyFile } from './key-file.ts';

/** sshd closes the connection after six attempts (MaxAuthTries). */
const MAX_KEYS = 6;
const DEFAULT_FILES = ['id_ed25519', 'id_ecdsa', 'id_rsa'];

/** What is offered to a host, in this order, and the same in words for the operator. */
export interface Identities {
  readonly methods: readonly AnyAuthMethod[];
  readonly offered: readonly string[];
  /** Keys that exist and could not be offered, with the reason. */
  readonly skipped: readonly string[];
}

type Wanted = Pick<Connection, 'user' | 'identityFile'>;

/** An identity file alone if one is given; otherwise the keys of the agent and then the default files. */
export async function identitiesFor(
  peer: Peer,
  { user, identityFile }: Wanted,
): Promise<Identities> {
  if (identityFile !== undefined) return onlyFile(peer, user, await keyFile(identityFile));
  const found = await defaultIdentities(user);
  if (found.methods.length > 0) return found;
  const passedOver = found.skipped.length === 0 ? '' : `; ${found.skipped.join('; ')}`;
  throw authenticationFailed(
    peer,
    `there is no key to offer${passedOver}`,
    'load a key into ssh-agent (ssh-add), make one (ssh-keygen -t ed25519), or set `identityFile`',
  );
}

function onlyFile(peer: Peer, user: string, file: KeyFile): Identities {
  if (file.kind === 'key') return { ...fromFile(user, file.path, file.key), skipped: [] };
  const hint =
    file.kind === 'encrypted'
      ? 'load it into ssh-agent (ssh-add) and leave `identityFile` out, or name a key without a passphrase'
      : `ssh-keygen -y -f ${file.path} must print a public key, with the file readable by its owner only`;
  throw authenticationFailed(peer, problemOf(file), hint);
}

async function defaultIdentities(user: string): Promise<Identities> {
  const socketPath = process.env['SSH_AUTH_SOCK'] ?? '';
  const held = socketPath === '' ? undefined : await agentKeys(socketPath, MAX_KEYS);
  const inAgent = held?.keys ?? [];
  const paths = DEFAULT_FILES.map((name) => join(homedir(), '.ssh', name));
  const files = await Promise.all(paths.map(keyFile));
  const agentPrints = new Set(inAgent.map(printOf));
  const fresh = files
    .flatMap((file) => (file.kind === 'key' && !agentPrints.has(printOf(file.key)) ? [file] : []))
    .slice(0, MAX_KEYS - inAgent.length)
    .map(({ path, key }) => fromFile(user, path, key));
  return {
    methods: [
      ...(held === undefined || inAgent.length === 0
        ? []
        : [{ type: 'agent' as const, username: user, agent: held.agent }]),
      ...fresh.flatMap(({ methods }) => methods),
    ],
    offered: [
      ...inAgent.map((key) => `${printOf(key)} (agent: ${printable(key.comment)})`),
      ...fresh.flatMap(({ offered }) => offered),
    ],
    skipped: files.flatMap((file) =>
      file.kind === 'key' || file.kind === 'absent' ? [] : [problemOf(file)],
    ),
  };
}

const printOf = (key: ParsedKey): string => fingerprint(key.getPublicSSH());

const fromFile = (
  user: string,
  path: string,
  key: ParsedKey,
): Pick<Identities, 'methods' | 'offered'> => ({
  methods: [{ type: 'publickey', username: user, key }],
  offered: [`${printOf(key)} (${path})`],
});

function problemOf(file: Exclude<KeyFile, { kind: 'key' }>): string {
  switch (file.kind) {
    case 'absent':
      return `the identity file ${file.path} does not exist`;
    case 'encrypted':
      return `the identity file ${file.path} is protected by a passphrase`;
    case 'exposed':
      return `the identity file ${file.path} can be read by others (chmod 600)`;
    case 'unusable':
      return `the identity file ${file.path} cannot be used: ${file.why}`;
  }
}

/** The error for a host that has refused everything. */
export const everythingRefused = (
  peer: Peer,
  user: string,
  { offered, skipped }: Identities,
): Error =>
  authenticationFailed(
    peer,
    `${user} was refused with every key offered: ${offered.join(', ')}` +
      (skipped.length === 0 ? '' : `; not offered: ${skipped.join('; ')}`),
    `put one of these keys into ~${user}/.ssh/authorized_keys on the host, or check the user name`,
  );
