import ssh2, { type IdentityCallback, type ParsedKey } from 'ssh2';

/** An ssh-agent that offers only some of its keys: a server refuses everybody after a few wrong ones. */
class LimitedAgent extends ssh2.OpenSSHAgent {
  readonly #keys: readonly ParsedKey[];

  constructor(socketPath: string, keys: readonly ParsedKey[]) {
    super(socketPath);
    this.#keys = keys;
  }

  override getIdentities(callback: IdentityCallback<ParsedKey>): void {
    callback(null, [...this.#keys]);
  }
}

export interface AgentKeys {
  readonly agent: ssh2.OpenSSHAgent;
  readonly keys: readonly ParsedKey[];
}

/** The first keys that an agent holds, at most `limit`; an agent that cannot be asked holds none. */
export function agentKeys(socketPath: string, limit: number): Promise<AgentKeys> {
  return new Promise((resolve) => {
    new ssh2.OpenSSHAgent(socketPath).getIdentities((error, held) => {
      const all = error ? [] : (held ?? []).filter((key) => 'getPublicSSH' in key);
      const keys = all.slice(0, limit);
      resolve({ agent: new LimitedAgent(socketPath, keys), keys });
    });
  });
}
