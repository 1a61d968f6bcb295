import { homedir } from 'node:os';
import { join } from 'node:path';
import type { AnyAuthMethod, ParsedKey } from 'ssh2';
import { OutriggerError } from '../../../support/errors.ts';
import { printable } from '../../../support/text/printable.ts';
import { fingerprint } from '../../known-hosts/known-hosts.ts';
import { AGENT_LIMIT_MS, agentKeys, agentWith, type Held, NOTHING_HELD } from './agent.ts';
import { certificatesBeside, withoutUserCertificate } from '../route/certificates.ts';
import { authenticationFailed, type Peer } from '../route/failures.ts';
import type { EncryptedKey, KeyFile } from './key-file.ts';
import { forbiddenLoginKey } from './key-limits.ts';
import type { Keyring } from './keyring.ts';
import type { Restrictions } from '../route/restrictions.ts';
import type { Endpoint, IdentityRequest } from '../route/route.ts';

/** sshd closes the connection after six attempts (MaxAuthTries). */
const MAX_KEYS = 6;
const DEFAULT_FILES = ['id_ed25519', 'id_ecdsa', 'id_rsa'];

/** What is offered to a host, in this order, and the same in words for the operator. */
export interface Identities {
  readonly methods: readonly AnyAuthMethod[];
  readonly offered: readonly string[];
  /** Keys that exist and could not be offered, with the reason. */
  readonly skipped: readonly string[];
  /** Certificates that ssh would offer, and outrigger cannot. */
  readonly certificates: readonly string[];
}

type Login = Pick<Endpoint, 'user' | 'identities' | 'restrictions'>;

/**
 * The keys of the agent, then the identity files: those that are named, or else the usual ones. Where only the named
 * ones may be offered, the agent is there for those that need a passphrase.
 */
export async function identitiesFor(
  peer: Peer,
  { user, identities: desired, restrictions }: Login,
  keyring: Keyring,
): Promise<Identities> {
  const isAllowed = (key: ParsedKey): boolean =>
    forbiddenLoginKey(key.getPublicSSH(), restrictions) === undefined;
  const isNamed = desired.files.length > 0;
  const paths = isNamed
    ? desired.files
    : DEFAULT_FILES.map((name) => join(homedir(), '.ssh', name));
  const files = paths.map((path) => keyring.look(path));
  const fromAgent = await heldKeys(desired, files);
  const all = namedFirst(fromAgent?.keys ?? [], files);
  const held = all.filter(isAllowed);
  const prints = new Set(all.map(printOf));
  const locked = files.filter(
    (file): file is EncryptedKey => file.kind === 'encrypted' && !isHeld(file, prints),
  );
  const plain = files.filter((file) => file.kind === 'key' && !prints.has(printOf(file.key)));
  // The usual keys are asked for only where there is nothing else to try.
  const opens = isNamed || held.length + plain.length === 0;
  const opened = opens ? await openAll(peer, locked, keyring) : [];
  const usable = [...plain, ...opened].flatMap((file) => (file.kind === 'key' ? [file] : []));
  const own = usable.filter(({ key }) => isAllowed(key));
  const skipped = files
    .filter(
      (file) =>
        file.kind !== 'key' && !(file.kind === 'encrypted' && (opens || isHeld(file, prints))),
    )
    .filter((file) => file.kind !== 'absent' || isNamed)
    .map(problemOf)
    .concat(fromAgent === undefined ? [HUNG_AGENT] : [])
    .concat([...all, ...usable.map(({ key }) => key)].flatMap(forbidden(restrictions)));
  const certificates = [
    ...new Set([...desired.certificates, ...certificatesBeside(paths)]),
    ...(fromAgent?.hasCertificates === true ? ['in the ssh-agent'] : []),
  ];
  const found = { ...offer(user, desired.agent, held, own), skipped, certificates };
  if (held.length + own.length === 0) throw nothingToOffer(peer, user, found, isNamed && files);
  return found;
}

const forbidden =
  (restrictions: Restrictions) =>
  (key: ParsedKey): readonly string[] => {
    const why = forbiddenLoginKey(key.getPublicSSH(), restrictions);
    return why === undefined ? [] : [`the key ${printOf(key)}: ${why}`];
  };

const HUNG_AGENT = `the keys of the ssh-agent, which did not answer within ${AGENT_LIMIT_MS / 1000} s`;

/** A server hears only the first few keys: those that somebody named come before what else the agent happens to hold. */
function namedFirst(held: readonly ParsedKey[], files: readonly KeyFile[]): readonly ParsedKey[] {
  const named = new Set(
    files.flatMap((file) => {
      if (file.kind === 'key') return [printOf(file.key)];
      return file.kind === 'encrypted' && file.publicKey !== undefined
        ? [fingerprint(file.publicKey)]
        : [];
    }),
  );
  const isNamed = (key: ParsedKey): boolean => named.has(printOf(key));
  return [...held.filter(isNamed), ...held.filter((key) => !isNamed(key))];
}

/** Undefined: the agent did not answer. */
async function heldKeys(
  { agent, only }: IdentityRequest,
  files: readonly KeyFile[],
): Promise<Held | undefined> {
  if (agent === undefined) return NOTHING_HELD;
  const locked = files.flatMap((file) => (file.kind === 'encrypted' ? [file] : []));
  if (only && locked.length === 0) return NOTHING_HELD;
  const held = await agentKeys(agent);
  if (!only || held === undefined) return held;
  const isNamed = (key: ParsedKey): boolean =>
    locked.some((file) => isHeld(file, new Set([printOf(key)])));
  return { ...held, keys: held.keys.filter(isNamed) };
}

const isHeld = ({ publicKey }: EncryptedKey, prints: ReadonlySet<string>): boolean =>
  publicKey !== undefined && prints.has(fingerprint(publicKey));

async function openAll(
  { name }: Peer,
  locked: readonly EncryptedKey[],
  keyring: Keyring,
): Promise<readonly KeyFile[]> {
  try {
    return await Promise.all(locked.map((file) => keyring.open(file)));
  } catch (thrown) {
    if (!(thrown instanceof OutriggerError)) throw thrown;
    const { code, message, hint, cause } = thrown;
    throw new OutriggerError(code, message, {
      host: name,
      cause,
      hint,
    });
  }
}

function offer(
  user: string,
  agent: string | undefined,
  held: readonly ParsedKey[],
  own: readonly { path: string; key: ParsedKey }[],
): Pick<Identities, 'methods' | 'offered'> {
  const fromAgent = held.slice(0, MAX_KEYS);
  const fromFiles = own.slice(0, MAX_KEYS - fromAgent.length);
  return {
    methods: [
      ...(agent === undefined || fromAgent.length === 0
        ? []
        : [{ type: 'agent' as const, username: user, agent: agentWith(agent, fromAgent) }]),
      ...fromFiles.map(({ key }) => ({ type: 'publickey' as const, username: user, key })),
    ],
    offered: [
      ...fromAgent.map((key) => `${printOf(key)} (agent: ${printable(key.comment)})`),
      ...fromFiles.map(({ path, key }) => `${printOf(key)} (${path})`),
    ],
  };
}

const printOf = (key: ParsedKey): string => fingerprint(key.getPublicSSH());

/** `named`: the files that somebody has named. */
function nothingToOffer(
  peer: Peer,
  user: string,
  { skipped, certificates }: Identities,
  named: readonly KeyFile[] | false,
): Error {
  const [first] = named === false ? [] : named;
  const hint = certificates.length > 0 ? withoutUserCertificate(certificates, user) : undefined;
  if (first !== undefined && first.kind !== 'key') {
    const unreadable = `ssh-keygen -y -f ${first.path} must print a public key, with the file readable by its owner only`;
    return authenticationFailed(peer, skipped.join('; '), hint ?? unreadable);
  }
  return authenticationFailed(
    peer,
    ['no SSH key is available', ...skipped].join('; '),
    hint ??
      'load a key into ssh-agent (ssh-add), create one (ssh-keygen -t ed25519), or set `identityFile`',
  );
}

function problemOf({ kind, path, ...more }: KeyFile): string {
  switch (kind) {
    case 'absent':
      return `the identity file ${path} does not exist`;
    case 'encrypted':
      return `the identity file ${path} is protected by a passphrase`;
    case 'exposed':
      return `the identity file ${path} is readable by other users (chmod 600)`;
    default:
      return `the identity file ${path} cannot be used: ${'why' in more ? more.why : ''}`;
  }
}

/** The error for a host that has refused everything. */
export const everythingRefused = (
  peer: Peer,
  user: string,
  { offered, skipped, certificates }: Identities,
): Error =>
  authenticationFailed(
    peer,
    `${user} was rejected with all offered keys: ${offered.join(', ')}` +
      (skipped.length === 0 ? '' : `; not offered: ${skipped.join('; ')}`),
    certificates.length > 0
      ? withoutUserCertificate(certificates, user)
      : `put one of these keys into ~${user}/.ssh/authorized_keys on the host, or check the user name`,
  );
