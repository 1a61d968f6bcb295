import { connect, type Socket } from 'node:net';
import type { Peer } from '../route/failures.ts';
import { UNRESTRICTED } from '../route/restrictions.ts';

/** Opens a TCP connection without Nagle's delay, which costs a handshake up to 170 ms; `signal` gives it up. */
export function openSocket(
  { address, port, restrictions = UNRESTRICTED }: Peer['at'],
  signal: AbortSignal,
): Promise<Socket> {
  const { family, localAddress } = restrictions;
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const socket = connect({
      host: address,
      port,
      noDelay: true,
      family,
      ...(localAddress === undefined ? {} : { localAddress }),
    });
    const giveUp = (): void => {
      socket.destroy();
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', giveUp, { once: true });
    // This listener stays: an error must be handled also before ssh2 has its own, and after it is done.
    socket.on('error', (error) => {
      signal.removeEventListener('abort', giveUp);
      reject(error);
    });
    socket.once('connect', () => {
      signal.removeEventListener('abort', giveUp);
      resolve(socket);
    });
  });
}
