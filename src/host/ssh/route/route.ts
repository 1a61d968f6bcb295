import { hostname, userInfo } from 'node:os';
import { posix } from 'node:path';
import { normalAddress } from '../../../support/values/address.ts';
import type { HostKeyPolicy } from '../../../inventory/spec.ts';
import { OutriggerError } from '../../../support/errors.ts';
import type { Connection } from '../../host.ts';
import { knownHostName } from '../../known-hosts/known-hosts.ts';
import { expandPath, expandTokens, type Tokens } from '../../ssh-config/expand.ts';
import type { Keyword } from '../../ssh-config/directives.ts';
import { evaluate, type Evaluated, type Settings, type Value } from '../../ssh-config/evaluate.ts';
import { readSshConfig, type Directive } from '../../ssh-config/read.ts';
import { first, flagOf, isNone, noticesOf, type Setting } from '../../ssh-config/described.ts';
import { parseJumps, type Jump } from './jumps.ts';
import { type Restrictions, restrictionsOf } from './restrictions.ts';

/** What may be offered to a server to log in. */
export interface IdentityRequest {
  /** Private keys that somebody has named; empty: the usual ones. */
  readonly files: readonly string[];
  /** No other keys of the agent than those of `files`. */
  readonly only: boolean;
  /** The socket of the agent, if there is one. */
  readonly agent: string | undefined;
  /** Certificates that ssh_config names. */
  readonly certificates: readonly string[];
}

/** One server on the way: a jump host, or the host itself. Everything is decided. */
export interface Endpoint {
  /** What the operator calls it. */
  readonly alias: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly identities: IdentityRequest;
  /** Under which name known_hosts files it, and in which files to look; the first one takes new keys. */
  readonly knownHosts: { readonly name: string; readonly files: readonly string[] };
  readonly hostKeys: HostKeyPolicy;
  /** What ssh_config forbids. */
  readonly restrictions: Restrictions;
  /** What ssh_config asks for and outrigger does not do. */
  readonly notices: readonly string[];
}

/** The way to a host. */
export interface Route {
  readonly jumps: readonly Endpoint[];
  readonly target: Endpoint;
}

/** Whom we run for, and where. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
}

/** ssh_config(5), GlobalKnownHostsFile and UserKnownHostsFile. */
const SYSTEM_KNOWN_HOSTS = ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2'];
const USER_KNOWN_HOSTS = ['known_hosts', 'known_hosts2'];

const MOST_JUMPS = 8;

/** Finds the ways to hosts; each ssh_config is read once. */
export class RouteFinder {
  readonly #surroundings: Surroundings;
  readonly #localUser = userInfo().username;
  readonly #configs = new Map<string | undefined, readonly Directive[]>();

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  /**
   * The way to a host: what the inventory says, then ssh_config, then the defaults. Throws INPUT_INVALID where
   * ssh_config wants something that outrigger does not do.
   */
  routeTo(connection: Connection): Route {
    const { address, port, user } = connection;
    const host = { host: address, port, user, ofHost: true };
    const evaluated = this.#evaluated(host, connection);
    const target = this.#endpoint(host, connection, evaluated);
    const desired = connection.proxyJump ?? this.#jumpsOf(evaluated.settings, target);
    return { target, jumps: this.#chain(parseJumps(desired, address), connection, target) };
  }

  /** Only the first jump host may have jump hosts of its own: the others are reached through it (as by `ssh -J`). */
  #chain(
    desired: readonly Jump[],
    connection: Connection,
    target: Endpoint,
    depth = 0,
  ): readonly Endpoint[] {
    const [nearest, ...others] = desired;
    if (nearest === undefined) return [];
    const evaluated = this.#evaluated({ ...nearest, ofHost: false }, connection);
    const jump = this.#endpoint({ ...nearest, ofHost: false }, connection, evaluated);
    if (depth >= MOST_JUMPS || samePlace(jump, target)) throw jumpLoop(target, jump);
    const before = parseJumps(this.#jumpsOf(evaluated.settings, jump), jump.alias);
    return [
      ...this.#chain(before, connection, target, depth + 1),
      jump,
      ...others.map((other) => {
        const own = this.#evaluated({ ...other, ofHost: false }, connection);
        return this.#endpoint({ ...other, ofHost: false }, connection, own);
      }),
    ];
  }

  #evaluated({ host, port, user, ofHost }: Requested, connection: Connection): Evaluated {
    const { sshConfig, identityFile, knownHostsFile, proxyJump } = connection;
    const decided = new Set<Keyword>();
    if (port !== undefined) decided.add('port');
    if (user !== undefined) decided.add('user');
    if (ofHost && identityFile !== undefined) decided.add('identityfile');
    if (ofHost && proxyJump !== undefined) decided.add('proxyjump');
    if (knownHostsFile !== undefined) {
      decided.add('userknownhostsfile').add('globalknownhostsfile');
    }
    const defaultUser = ofHost ? 'root' : this.#localUser;
    const query = { host, user, defaultUser, localUser: this.#localUser, decided };
    return evaluate(this.#config(sshConfig), query);
  }

  #config(file: string | undefined): readonly Directive[] {
    const config = this.#configs.get(file) ?? readSshConfig(file, this.#surroundings.home);
    this.#configs.set(file, config);
    return config;
  }

  #endpoint(desired: Requested, connection: Connection, evaluated: Evaluated): Endpoint {
    const { host: alias, ofHost } = desired;
    const { settings } = evaluated;
    const named = first(settings, 'hostname');
    const address = normalAddress(
      named === undefined
        ? alias
        : expandTokens(named.text, { where: named.where, tokens: { h: alias } }),
    );
    const port = desired.port ?? portOf(first(settings, 'port')) ?? 22;
    const user =
      desired.user ?? first(settings, 'user')?.text ?? (ofHost ? 'root' : this.#localUser);
    const hostKeyAlias = first(settings, 'hostkeyalias')?.text;
    const tokens = this.#tokens({ alias, address, port, user, hostKeyAlias });
    return {
      alias,
      address,
      port,
      user,
      identities: this.#identities(ofHost, connection, settings, tokens),
      knownHosts: {
        name: hostKeyAlias ?? knownHostName(address, port),
        files: this.#knownHostsFiles(connection, settings, tokens),
      },
      hostKeys: policyFor(ofHost, connection),
      restrictions: restrictionsOf(settings, address, this.#revokedKeys(settings, tokens)),
      notices: noticesOf(evaluated),
    };
  }

  #revokedKeys(settings: Settings, tokens: Tokens): readonly string[] {
    return this.#paths(settings.get('revokedhostkeys') ?? [], tokens).filter(
      (file) => !isNone(file),
    );
  }

  #tokens(of: {
    alias: string;
    address: string;
    port: number;
    user: string;
    hostKeyAlias: string | undefined;
  }): Tokens {
    const { home } = this.#surroundings;
    const local = hostname();
    return {
      d: home,
      h: of.address,
      i: String(process.getuid?.() ?? ''),
      k: of.hostKeyAlias ?? of.alias,
      L: local.split('.')[0] ?? local,
      l: local,
      n: of.alias,
      p: String(of.port),
      r: of.user,
      u: this.#localUser,
    };
  }

  #paths(values: readonly Value[], tokens: Tokens): readonly string[] {
    return values.flatMap(({ args, where }) =>
      args.map((arg) => expandPath(arg, { ...this.#surroundings, where, tokens })),
    );
  }

  #identities(
    ofHost: boolean,
    { identityFile }: Connection,
    settings: Settings,
    tokens: Tokens,
  ): IdentityRequest {
    const agent = this.#agent(settings, tokens);
    const certificates = this.#paths(settings.get('certificatefile') ?? [], tokens).filter(
      (file) => !isNone(file),
    );
    const others = { agent, certificates };
    if (ofHost && identityFile !== undefined) {
      return { files: [identityFile], only: true, ...others };
    }
    const files = this.#paths(settings.get('identityfile') ?? [], tokens).filter(
      (file) => !isNone(file),
    );
    // A jump host of which ssh_config says nothing is opened with the key of the hosts behind it.
    if (files.length === 0 && identityFile !== undefined) {
      return { files: [identityFile], only: true, ...others };
    }
    const only = first(settings, 'identitiesonly');
    return { files, only: only !== undefined && flagOf(only, 'IdentitiesOnly'), ...others };
  }

  #agent(settings: Settings, tokens: Tokens): string | undefined {
    const usual = this.#surroundings.env['SSH_AUTH_SOCK'];
    const named = first(settings, 'identityagent');
    if (named === undefined || named.text === 'SSH_AUTH_SOCK') return usual;
    if (isNone(named.text)) return undefined;
    // The name of a variable (ssh_config(5), IdentityAgent).
    const variable = /^\$(\w+)$/.exec(named.text)?.[1];
    if (variable !== undefined) return this.#surroundings.env[variable];
    return this.#paths([{ args: [named.text], where: named.where }], tokens)[0];
  }

  #knownHostsFiles(
    { knownHostsFile }: Connection,
    settings: Settings,
    tokens: Tokens,
  ): readonly string[] {
    if (knownHostsFile !== undefined) return [knownHostsFile];
    const usual = USER_KNOWN_HOSTS.map((name) => posix.join(this.#surroundings.home, '.ssh', name));
    const of = (keyword: Keyword, otherwise: readonly string[]) => {
      const values = settings.get(keyword);
      return values === undefined ? otherwise : this.#paths(values, tokens);
    };
    return [
      ...of('userknownhostsfile', usual),
      ...of('globalknownhostsfile', SYSTEM_KNOWN_HOSTS),
    ].filter((file) => !isNone(file));
  }

  #jumpsOf(settings: Settings, { alias, address, port, user }: Endpoint): string {
    const command = first(settings, 'proxycommand');
    if (command !== undefined && !isNone(command.text)) throw proxyCommand(alias, command.where);
    const jump = first(settings, 'proxyjump');
    if (jump === undefined) return 'none';
    const tokens = { h: address, n: alias, p: String(port), r: user };
    return expandTokens(jump.text, { where: jump.where, tokens });
  }
}

interface Requested extends Jump {
  /** The host itself, not a jump host on the way. */
  readonly ofHost: boolean;
}

function portOf(setting: Setting | undefined): number | undefined {
  if (setting === undefined) return undefined;
  const port = /^\d{1,5}$/.test(setting.text) ? Number(setting.text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw new OutriggerError(
    'INPUT_INVALID',
    `${setting.where}: \`Port ${setting.text}\` is not a port`,
  );
}

/** Pinned keys are those of the host; a jump host has others. */
const policyFor = (ofHost: boolean, { hostKeys }: Connection): HostKeyPolicy =>
  ofHost || hostKeys.kind !== 'pinned' ? hostKeys : { kind: 'strict' };

const samePlace = (one: Endpoint, other: Endpoint): boolean =>
  one.address === other.address && one.port === other.port && one.user === other.user;

const jumpLoop = (target: Endpoint, jump: Endpoint): OutriggerError =>
  new OutriggerError(
    'INPUT_INVALID',
    `the jump hosts of ${target.alias} form a loop: ${jump.alias} occurs twice`,
    { hint: 'set `ProxyJump none` for the first jump host in ssh_config' },
  );

const proxyCommand = (alias: string, where: string): OutriggerError =>
  new OutriggerError(
    'INPUT_INVALID',
    `${where}: ${alias} is reached through a ProxyCommand, but outrigger runs no commands from ssh_config`,
    {
      hint: 'for `ssh -W %h:%p HOST` write `ProxyJump HOST` there; or set `proxyJump` (or `proxyJump: none`) in `connection` of the inventory',
    },
  );
