import type { Duplex } from 'node:stream';
import ssh2, { type AnyAuthMethod, type ConnectConfig } from 'ssh2';
import type { Algorithms } from '../route/algorithms.ts';
import type { Opened } from './link.ts';

/** A dead link is noticed after this interval, three times over. */
const KEEPALIVE_MS = 5000;

export interface HandshakeRequest {
  readonly username: string;
  readonly methods: readonly AnyAuthMethod[];
  readonly algorithms: Omit<Algorithms, 'publicKey'>;
  /** Why this host key is not accepted; undefined accepts it. It must end soon after the signal of the handshake. */
  readonly hostKeyProblem: (blob: Uint8Array) => Promise<Error | undefined>;
}

/** ssh2's own error, and how far the handshake had come: before the host key a new attempt can do no harm. */
export class HandshakeError extends Error {
  readonly stage: 'before-host-key' | 'after-host-key';
  readonly level: string;
  /** What the server said before it said that it speaks SSH; as it came. */
  readonly greeting: string;

  constructor(cause: Error & { level?: string }, stage: HandshakeError['stage'], greeting: string) {
    super(cause.message, { cause });
    this.stage = stage;
    this.greeting = greeting;
    this.level = cause.level ?? '';
  }
}

/**
 * SSH on an open stream: host key, then authentication. Rejects with what `hostKeyProblem` returned, with a
 * HandshakeError, or with the reason of `signal`; the stream is destroyed then.
 */
export function shakeHands(
  socket: Duplex,
  request: HandshakeRequest,
  signal: AbortSignal,
): Promise<Opened> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const client = new ssh2.Client();
    let stage: HandshakeError['stage'] = 'before-host-key';
    let greeting = (): string => '';
    const settle = (): void => {
      signal.removeEventListener('abort', giveUp);
    };
    const fail = (reason: Error): void => {
      settle();
      reject(reason);
      socket.destroy();
    };
    let isVerifying = false;
    const giveUp = (): void => {
      // Whoever looks at the host key has the same limit, and can tell what it waited for.
      if (isVerifying) return;
      fail(signal.reason as Error);
    };
    signal.addEventListener('abort', giveUp, { once: true });
    // These two stay for good: a promise that is settled ignores them, and no error event may go unheard.
    client.on('error', (error: Error & { level?: string }) => {
      if (!isPassing(error)) fail(new HandshakeError(error, stage, greeting()));
    });
    client.on('close', () => {
      fail(new HandshakeError(new Error('connection closed'), stage, greeting()));
    });
    client.once('ready', () => {
      settle();
      resolve({ client, socket });
    });
    const verify = (blob: Buffer, accept: (isAccepted: boolean) => void): void => {
      stage = 'after-host-key';
      isVerifying = true;
      request.hostKeyProblem(blob).then((found) => {
        isVerifying = false;
        const problem = found ?? (signal.aborted ? (signal.reason as Error) : undefined);
        if (problem !== undefined) fail(problem);
        accept(problem === undefined);
      }, fail);
    };
    client.connect({ ...settings(request), sock: socket, hostVerifier: verify });
    greeting = greetingFrom(socket, () => {
      fail(new HandshakeError(new Error('its banner is too long'), stage, greeting()));
    });
  });
}

/** ssh2 would keep a greeting of any length. */
const LONGEST_GREETING = 64 * 1024;

/** Listens until the server says that it speaks SSH (RFC 4253, 4.2: other lines may come before). */
function greetingFrom(socket: Duplex, tooLong: () => void): () => string {
  let received = '';
  const hear = (chunk: Buffer): void => {
    const seen = Math.max(0, received.length - '\nSSH-'.length);
    received += chunk.toString('latin1');
    if ((seen === 0 && received.startsWith('SSH-')) || received.includes('\nSSH-', seen)) {
      socket.off('data', hear);
    } else if (received.length > LONGEST_GREETING) tooLong();
  };
  socket.on('data', hear);
  return () => received.slice(0, LONGEST_GREETING).replace(/^SSH-[^]*/m, '');
}

/** One key that cannot sign (an agent that has lost it) is not the end: ssh2 goes on with the next one. */
const isPassing = ({ level, message }: Error & { level?: string }): boolean =>
  level === 'agent' ||
  (level === 'client-authentication' && !message.startsWith('All configured authentication'));

const settings = ({ username, methods, algorithms }: HandshakeRequest): ConnectConfig => ({
  username,
  authHandler: [...methods],
  // The signal given to the handshake is the limit; a timer of ssh2 outlives a stream that is closed already.
  readyTimeout: 0,
  keepaliveInterval: KEEPALIVE_MS,
  keepaliveCountMax: 3,
  // No compression: a little of it could become a lot of memory.
  algorithms: {
    kex: [...algorithms.kex],
    cipher: [...algorithms.cipher],
    hmac: [...algorithms.mac],
    serverHostKey: [...algorithms.hostKey],
    compress: ['none'],
  },
});
