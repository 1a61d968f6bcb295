import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectHost, Connection, Host } from '../../src/host/host.ts';
import { type Connector, sshConnector } from '../../src/host/ssh/connector.ts';
import { type ErrorCode, OutriggerError } from '../../src/support/errors.ts';
import { type FakeSshd, type FakeSshdOptions, startFakeSshd } from './fake-sshd.ts';
import { withoutPrompt } from './secrets.ts';

/** What tests of connections share: everything that they open is closed after each of them. */
export interface SshBench {
  readonly start: (options?: FakeSshdOptions) => Promise<FakeSshd>;
  readonly connect: (connection: Connection) => Promise<Host>;
  /** The error with which a connection fails; it must have this code and name the host. */
  readonly failure: (connection: Connection, code: ErrorCode) => Promise<OutriggerError>;
  /** A file that only its owner may read. */
  readonly file: (name: string, text: string) => Promise<string>;
  /** The path of a file in the folder of this test. */
  readonly at: (name: string) => string;
}

const never = new AbortController().signal;

/** A connector that can ask nobody. */
export const newConnector = (): Connector =>
  sshConnector({ env: process.env, signal: never, fetchSecret: withoutPrompt });

/** Connects to one host, without jump hosts. */
export const connectSsh: ConnectHost = (name, connection, signal) =>
  newConnector().connect(name, connection, signal);

/** To be called inside `describe`. */
export function useSsh(): SshBench {
  const servers: FakeSshd[] = [];
  const hosts: Host[] = [];
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'outrigger-connect-'));
  });
  afterEach(async () => {
    await Promise.all(hosts.splice(0).map((host) => host.close()));
    await Promise.all(servers.splice(0).map((server) => server.close()));
    await rm(folder, { recursive: true });
  });

  const connect = async (connection: Connection): Promise<Host> => {
    const host = await connectSsh('alpha', connection, never);
    hosts.push(host);
    return host;
  };
  return {
    connect,
    at: (name) => join(folder, name),
    start: async (options = {}) => {
      const server = await startFakeSshd(options);
      servers.push(server);
      return server;
    },
    failure: async (connection, code) => {
      const error = await connect(connection).then(
        () => assert.fail('connected'),
        (thrown: unknown) => thrown,
      );
      assert.ok(error instanceof OutriggerError, String(error));
      assert.equal(error.code, code, error.message);
      assert.equal(error.host, 'alpha');
      return error;
    },
    file: async (name, text) => {
      const path = join(folder, name);
      await writeFile(path, text, { mode: 0o600 });
      return path;
    },
  };
}
