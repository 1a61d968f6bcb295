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

/** An agent that signs with these of its keys and no others. */
export const agentWith = (socketPath: string, keys: readonly ParsedKey[]): ssh2.OpenSSHAgent =>
  new LimitedAgent(socketPath, keys);

/** The keys that an agent holds; one that cannot be asked holds none. */
export function agentKeys(socketPath: string): Promise<readonly ParsedKey[]> {
  return new Promise((resolve) => {
    new ssh2.OpenSSHAgent(socketPath).getIdentities((error, held) => {
      resolve(error ? [] : (held ?? []).filter((key) => 'getPublicSSH' in key));
    });
  });
}
