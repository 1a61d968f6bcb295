import { hostname, userInfo } from 'node:os';
import { posix } from 'node:path';
import { normalAddress } from '../../spec/address.ts';
import type { HostKeyPolicy } from '../../spec/spec.ts';
import { OutriggerError } from '../../support/errors.ts';
import type { Connection } from '../host.ts';
import { knownHostName } from '../known-hosts.ts';
import { expandPath, expandTokens, type Tokens } from '../ssh-config/expand.ts';
import { evaluate, type Keyword, type Settings, type Value } from '../ssh-config/evaluate.ts';
import { readSshConfig, type Directive } from '../ssh-config/read.ts';
import { parseJumps, type Jump } from './jumps.ts';

/** What may be offered to a server to log in. */
export interface WantedIdentities {
  /** Private keys that somebody has named; empty: the usual ones. */
  readonly files: readonly string[];
  /** No other keys of the agent than those of `files`. */
  readonly only: boolean;
  /** The socket of the agent, if there is one. */
  readonly agent: string | undefined;
}

/** One server on the way: a jump host, or the host itself. Everything is decided. */
export interface Endpoint {
  /** What the operator calls it. */
  readonly alias: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly identities: WantedIdentities;
  /** Under which name known_hosts files it, and in which files to look; the first one takes new keys. */
  readonly knownHosts: { readonly name: string; readonly files: readonly string[] };
  readonly hostKeys: HostKeyPolicy;
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
    const settings = this.#settingsOf({ host: address, port, user, ofHost: true }, connection);
    const target = this.#endpoint(
      { host: address, port, user, ofHost: true },
      connection,
      settings,
    );
    const wanted = connection.proxyJump ?? this.#jumpsOf(settings, target);
    return { target, jumps: this.#chain(parseJumps(wanted, address), connection, target) };
  }

  /** Only the first jump host may have jump hosts of its own: the others are reached through it (as by `ssh -J`). */
  #chain(
    wanted: readonly Jump[],
    connection: Connection,
    target: Endpoint,
    depth = 0,
  ): readonly Endpoint[] {
    const [first, ...others] = wanted;
    if (first === undefined) return [];
    const settings = this.#settingsOf({ ...first, ofHost: false }, connection);
    const jump = this.#endpoint({ ...first, ofHost: false }, connection, settings);
    if (depth >= MOST_JUMPS || samePlace(jump, target)) throw jumpLoop(target, jump);
    const before = parseJumps(this.#jumpsOf(settings, jump), jump.alias);
    return [
      ...this.#chain(before, connection, target, depth + 1),
      jump,
      ...others.map((other) => {
        const own = this.#settingsOf({ ...other, ofHost: false }, connection);
        return this.#endpoint({ ...other, ofHost: false }, connection, own);
      }),
    ];
  }

  #settingsOf({ host, port, user, ofHost }: Wanted, connection: Connection): Settings {
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

  #endpoint(wanted: Wanted, connection: Connection, settings: Settings): Endpoint {
    const { host: alias, ofHost } = wanted;
    const named = first(settings, 'hostname');
    const address = normalAddress(
      named === undefined
        ? alias
        : expandTokens(named.text, { where: named.where, tokens: { h: alias } }),
    );
    const port = wanted.port ?? portOf(first(settings, 'port')) ?? 22;
    const user =
      wanted.user ?? first(settings, 'user')?.text ?? (ofHost ? 'root' : this.#localUser);
    const hostKeyAlias = first(settings, 'hostkeyalias')?.text;
    const tokens = this.#tokens({ alias, address, port, user, hostKeyAlias });
    return {
      alias,
      ...{ address, port, user },
      identities: this.#identities(ofHost, connection, settings, tokens),
      knownHosts: {
        name: hostKeyAlias ?? knownHostName(address, port),
        files: this.#knownHostsFiles(connection, settings, tokens),
      },
      hostKeys: policyFor(ofHost, connection),
    };
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
      ...{
        d: home,
        h: of.address,
        i: String(process.getuid?.() ?? ''),
        k: of.hostKeyAlias ?? of.alias,
      },
      ...{ L: local.split('.')[0] ?? local, l: local, n: of.alias, p: String(of.port) },
      ...{ r: of.user, u: this.#localUser },
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
  ): WantedIdentities {
    const agent = this.#agent(settings, tokens);
    if (ofHost && identityFile !== undefined) return { files: [identityFile], only: true, agent };
    const files = this.#paths(settings.get('identityfile') ?? [], tokens).filter(
      (file) => file !== 'none',
    );
    // A jump host of which ssh_config says nothing is opened with the key of the hosts behind it.
    if (files.length === 0 && identityFile !== undefined) {
      return { files: [identityFile], only: true, agent };
    }
    return { files, only: first(settings, 'identitiesonly')?.text === 'yes', agent };
  }

  #agent(settings: Settings, tokens: Tokens): string | undefined {
    const usual = this.#surroundings.env['SSH_AUTH_SOCK'];
    const named = first(settings, 'identityagent');
    if (named === undefined || named.text === 'SSH_AUTH_SOCK') return usual;
    if (named.text === 'none') return undefined;
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
    ].filter((file) => file !== 'none');
  }

  #jumpsOf(settings: Settings, { alias, address, port, user }: Endpoint): string {
    const command = first(settings, 'proxycommand');
    if (command !== undefined && command.text !== 'none') throw proxyCommand(alias, command.where);
    const jump = first(settings, 'proxyjump');
    if (jump === undefined) return 'none';
    const tokens = { h: address, n: alias, p: String(port), r: user };
    return expandTokens(jump.text, { where: jump.where, tokens });
  }
}

interface Wanted extends Jump {
  /** The host itself, not a jump host on the way. */
  readonly ofHost: boolean;
}

interface Said {
  readonly text: string;
  readonly where: string;
}

function first(settings: Settings, keyword: Keyword): Said | undefined {
  const value = settings.get(keyword)?.[0];
  return value === undefined ? undefined : { text: value.args.join(' '), where: value.where };
}

function portOf(said: Said | undefined): number | undefined {
  if (said === undefined) return undefined;
  const port = /^\d{1,5}$/.test(said.text) ? Number(said.text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw new OutriggerError('INPUT_INVALID', `${said.where}: \`Port ${said.text}\` is no port`);
}

/** Pinned keys are those of the host; a jump host has others. */
const policyFor = (ofHost: boolean, { hostKeys }: Connection): HostKeyPolicy =>
  ofHost || hostKeys.kind !== 'pinned' ? hostKeys : { kind: 'strict' };

const samePlace = (one: Endpoint, other: Endpoint): boolean =>
  one.address === other.address && one.port === other.port && one.user === other.user;

const jumpLoop = (target: Endpoint, jump: Endpoint): OutriggerError =>
  new OutriggerError(
    'INPUT_INVALID',
    `the way to ${target.alias} by jump hosts has no beginning: it leads through ${jump.alias} again`,
    { hint: 'set `ProxyJump none` for the first jump host in ssh_config' },
  );

const proxyCommand = (alias: string, where: string): OutriggerError =>
  new OutriggerError(
    'INPUT_INVALID',
    `${where}: ${alias} is reached by a ProxyCommand, and outrigger runs no command of ssh_config`,
    {
      hint: 'for `ssh -W %h:%p HOST` write `ProxyJump HOST` there; or set `proxyJump` (or `proxyJump: none`) in `connection` of the inventory',
    },
  );
