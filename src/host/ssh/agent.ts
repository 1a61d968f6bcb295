import ssh2, { type GetStreamCallback, type IdentityCallback, type ParsedKey } from 'ssh2';

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

/** An ssh-agent that can be left while it owes an answer: a forwarded one may be dead, or wait for somebody's click. */
class PatientAgent extends ssh2.OpenSSHAgent {
  #stream: { destroy(): unknown } | undefined;

  override getStream(callback: GetStreamCallback): void {
    super.getStream((error, stream) => {
      this.#stream = stream;
      callback(error, stream);
    });
  }

  leave(): void {
    this.#stream?.destroy();
  }
}

/** How long an ssh-agent has to tell which keys it holds. */
export const AGENT_LIMIT_MS = 5000;

/** The keys that an agent holds; one that cannot be asked holds none. Undefined: it did not answer within the limit. */
export function agentKeys(
  socketPath: string,
  limitMs: number = AGENT_LIMIT_MS,
): Promise<readonly ParsedKey[] | undefined> {
  return new Promise((resolve) => {
    const agent = new PatientAgent(socketPath);
    const timer = setTimeout(() => {
      resolve(undefined);
      agent.leave();
    }, limitMs);
    agent.getIdentities((error, held) => {
      clearTimeout(timer);
      resolve(error ? [] : (held ?? []).filter((key) => 'getPublicSSH' in key));
    });
  });
}
