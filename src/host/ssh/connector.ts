import { homedir } from 'node:os';
import { OutriggerError, restated } from '../../support/errors.ts';
import type { ConnectHost, Connection } from '../host.ts';
import { interrupted, jumpHostFailed, type Peer } from './route/failures.ts';
import { identitiesFor } from './keys/identities.ts';
import { JumpHosts, type Patience } from './jump-hosts.ts';
import type { FetchSecret } from '../secrets/secret-source.ts';
import { BecomePasswords } from './channel/become-passwords.ts';
import { Keyring } from './keys/keyring.ts';
import { openLink } from './open.ts';
import { type Endpoint, type Route, RouteFinder } from './route/route.ts';
import { type OfferedKey, scanHostKeys } from './scan.ts';
import { SshHost } from './ssh-host.ts';
import { within } from './link/within.ts';

/** What a run's connections share: the way to each host, keys that were opened, and jump hosts. */
export interface Connector {
  readonly connect: ConnectHost;
  /**
   * Finds the way to each of these, and asks for every secret for which a person may have to be asked: before anything
   * moves on the terminal. Throws INPUT_INVALID for what ssh_config should not say.
   */
  prepare(connections: readonly Connection[]): Promise<void>;
  routeTo(connection: Connection): Route;
  /** What ssh_config asks for on the ways to these and outrigger does not do, each once. */
  notices(connections: readonly Connection[]): readonly string[];
  /** The host keys that a server offers, asked through its jump hosts. They prove nothing until somebody compares. */
  scan(name: string, server: Endpoint, through: ScanThrough): Promise<readonly OfferedKey[]>;
  /** Ends the connections to jump hosts. Never rejects. */
  close(): Promise<void>;
}

/** The jump hosts before a server, and how long it may take. */
export interface ScanThrough extends Patience {
  readonly jumps: readonly Endpoint[];
}

export interface ConnectorOptions {
  readonly fetchSecret: FetchSecret;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted when the run is interrupted. */
  readonly signal: AbortSignal;
}

export function sshConnector({ fetchSecret, env, signal }: ConnectorOptions): Connector {
  const routes = new RouteFinder({ env, home: homedir() });
  const keyring = new Keyring((question) => fetchSecret({ kind: 'prompt' }, { question }));
  const jumpHosts = new JumpHosts(keyring);
  const passwords = new BecomePasswords(fetchSecret);
  /** The last jump host before a server; its failure is told as one of the host behind it. */
  const reach = async (peer: Peer, jumps: readonly Endpoint[], patience: Patience) => {
    if (patience.signal.aborted) throw interrupted(peer);
    return jumpHosts.reach(jumps, patience).catch((thrown: unknown) => {
      if (patience.signal.aborted) throw interrupted(peer);
      if (!(thrown instanceof OutriggerError)) throw thrown;
      throw jumpHostFailed(peer.name, thrown.host ?? '', thrown);
    });
  };
  return {
    connect: async (name, connection, givenUp) => {
      const { target, jumps } = naming(name, () => routes.routeTo(connection));
      const peer = peerOf(name, target, jumps);
      const limitMs = connection.connectTimeoutMs;
      const patience = { limitMs, signal: givenUp };
      const via = await reach(peer, jumps, patience);
      const link = await within(peer, patience, (limit) =>
        openLink({ peer, endpoint: target, via, keyring, limitMs, limit }),
      );
      const password = passwords.of(connection, target.user);
      return new SshHost(link, { user: target.user, become: connection.become, password });
    },
    prepare: async (connections) => {
      const ways = connections.map((connection) => routes.routeTo(connection));
      const logins = ways.flatMap(({ jumps, target }) => [...jumps, target]);
      const kinds = new Map(logins.map((login) => [JSON.stringify(login.identities), login]));
      for (const login of kinds.values()) {
        signal.throwIfAborted();
        await identitiesFor(peerOf(login.alias, login, []), login, keyring).catch(unlessLeft);
      }
      for (const [index, connection] of connections.entries()) {
        signal.throwIfAborted();
        const user = ways[index]?.target.user ?? '';
        await passwords.prepare(connection, user).catch(unlessLeft);
      }
    },
    routeTo: (connection) => routes.routeTo(connection),
    notices: (connections) => {
      const ways = connections.map((connection) => routes.routeTo(connection));
      const servers = ways.flatMap(({ jumps, target }) => [...jumps, target]);
      return [...new Set(servers.flatMap(({ notices }) => notices))];
    },
    scan: async (name, server, { jumps, ...patience }) => {
      const peer = peerOf(name, server, jumps);
      const via = await reach(peer, jumps, patience);
      return scanHostKeys(peer, via, patience);
    },
    close: () => jumpHosts.close(),
  };
}

const peerOf = (name: string, at: Endpoint, jumps: readonly Endpoint[]): Peer => ({
  name,
  at,
  behind: jumps.at(-1)?.alias,
});

/** A key that cannot be used is told by each host that needs it; a question that was left ends everything. */
function unlessLeft(thrown: unknown): void {
  if (!(thrown instanceof OutriggerError) || thrown.code === 'INTERRUPTED') throw thrown;
}

function naming<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    if (!(thrown instanceof OutriggerError)) throw thrown;
    throw restated(thrown, thrown.message, { host: name });
  }
}
