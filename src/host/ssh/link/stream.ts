import type { Duplex } from 'node:stream';
import { messageOf } from '../../../support/errors.ts';
import { networkFailure, type Peer, unreachable } from '../route/failures.ts';
import type { Link } from './link.ts';
import { openSocket } from './socket.ts';

/**
 * The bytes to and from a server: a TCP connection, or one that a jump host opens for us. Rejects with an
 * OutriggerError, or with the reason of `signal`.
 */
export function openStream(
  peer: Peer,
  via: Link | undefined,
  signal: AbortSignal,
): Promise<Duplex> {
  if (via !== undefined) return forward(peer, via, signal);
  return openSocket(peer.at, signal).catch((error: unknown) => {
    if (signal.aborted) throw error;
    throw networkFailure(peer, error as Error);
  });
}

/** A channel of the kind direct-tcpip. It is no session, so that MaxSessions does not count it. */
function forward(peer: Peer, via: Link, signal: AbortSignal): Promise<Duplex> {
  const { address, port } = peer.at;
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const giveUp = (): void => {
      reject((via.ended.aborted ? via.ended.reason : signal.reason) as Error);
    };
    const ends = [signal, via.ended];
    const settle = (): void => {
      for (const end of ends) end.removeEventListener('abort', giveUp);
    };
    for (const end of ends) end.addEventListener('abort', giveUp, { once: true });
    const refuse = (cause: unknown): void => {
      settle();
      reject(via.ended.aborted ? (via.ended.reason as Error) : refused(peer, cause));
    };
    try {
      via.client.forwardOut('127.0.0.1', 0, address, port, (error, channel) => {
        if (error) {
          refuse(error);
          return;
        }
        settle();
        // This listener stays: no error event may go unheard.
        channel.on('error', () => undefined);
        if (signal.aborted) channel.destroy();
        resolve(channel);
      });
    } catch (thrown) {
      refuse(thrown);
    }
  });
}

/** RFC 4254, 5.1: reason code 1, SSH_OPEN_ADMINISTRATIVELY_PROHIBITED. */
const PROHIBITED = 1;

function refused(peer: Peer, cause: unknown): Error {
  const reason = messageOf(cause).replace('(SSH) Channel open failure: ', '');
  const isProhibited = cause instanceof Error && 'reason' in cause && cause.reason === PROHIBITED;
  return isProhibited
    ? unreachable(
        peer,
        `the jump host does not forward connections (${reason})`,
        'allow it in its sshd_config: AllowTcpForwarding, PermitOpen, DisableForwarding',
        cause,
      )
    : unreachable(peer, `the jump host cannot reach it (${reason})`, undefined, cause);
}
