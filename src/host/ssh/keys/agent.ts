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

/** In the type of every certificate (PROTOCOL.certkeys of OpenSSH). */
const CERTIFICATE = '-cert-v01@openssh.com';

/** An ssh-agent that can be left while it owes an answer: a forwarded one may be dead, or wait for somebody's click. */
class PatientAgent extends ssh2.OpenSSHAgent {
  #stream: { destroy(): unknown } | undefined;
  /** ssh2 drops certificates from the answer without a word. */
  holdsCertificates = false;

  override getStream(callback: GetStreamCallback): void {
    super.getStream((error, stream) => {
      this.#stream = stream;
      let end = '';
      stream?.on('data', (chunk: Buffer) => {
        const output = end + chunk.toString('latin1');
        this.holdsCertificates ||= output.includes(CERTIFICATE);
        end = output.slice(-CERTIFICATE.length);
      });
      callback(error, stream);
    });
  }

  leave(): void {
    this.#stream?.destroy();
  }
}

/** How long an ssh-agent has to tell which keys it holds. */
export const AGENT_LIMIT_MS = 5000;

/** What an agent holds. */
export interface Held {
  readonly keys: readonly ParsedKey[];
  /** It also holds certificates, which cannot be used. */
  readonly hasCertificates: boolean;
}

/** What holds nothing. */
export const NOTHING_HELD: Held = { keys: [], hasCertificates: false };

/** What an agent holds; one that cannot be asked holds nothing. Undefined: it did not answer within the limit. */
export function agentKeys(
  socketPath: string,
  limitMs: number = AGENT_LIMIT_MS,
): Promise<Held | undefined> {
  return new Promise((resolve) => {
    const agent = new PatientAgent(socketPath);
    const timer = setTimeout(() => {
      resolve(undefined);
      agent.leave();
    }, limitMs);
    agent.getIdentities((error, held) => {
      clearTimeout(timer);
      const keys = error ? [] : (held ?? []).filter((key) => 'getPublicSSH' in key);
      resolve({ keys, hasCertificates: agent.holdsCertificates });
    });
  });
}
