import { setMaxListeners } from 'node:events';
import type { Duplex } from 'node:stream';
import type { Client } from 'ssh2';
import { messageOf } from '../../../support/errors.ts';
import { Channels } from './channels.ts';
import { connectionLost, type Peer, timedOut } from '../route/failures.ts';

/** A connection that is up, and the moment when it no longer is. */
export interface Link {
  readonly peer: Peer;
  readonly client: Client;
  readonly channels: Channels;
  /** Aborted once, when the connection has ended for whatever reason; the reason is an OutriggerError. */
  readonly ended: AbortSignal;
  close(): Promise<void>;
}

/** How long a host may take to say goodbye. */
const CLOSE_MS = 2000;

/** A client that has just become ready, and the stream below it. */
export interface Opened {
  readonly client: Client;
  readonly socket: Duplex;
}

/** Watches a connection from its first moment on. Errors of a dying connection end up here and nowhere else. */
export function linkOf(peer: Peer, opened: Opened, via: Link | undefined): Link {
  const { client } = opened;
  const ending = new AbortController();
  // Whoever waits for something on a connection listens for its end; behind a jump host that may be hundreds.
  setMaxListeners(0, ending.signal);
  let why: string | undefined;
  client.on('error', (error) => {
    why ??= error.message;
    // ssh2 only says goodbye, and a server that sends garbage need not answer: nobody shall wait for it.
    opened.socket.destroy();
  });
  const end = (): void => {
    const lost = via?.ended.aborted === true ? messageOf(via.ended.reason) : why;
    ending.abort(connectionLost(peer, lost));
  };
  client.on('close', () => {
    // The streams through a jump host end a moment before the connection that carries them is known to be lost.
    if (via === undefined) end();
    else setImmediate(end);
  });
  if (opened.socket.destroyed) end();
  return {
    peer,
    client,
    channels: new Channels(),
    ended: ending.signal,
    close: () => close(opened, ending.signal),
  };
}

function close({ client, socket }: Opened, ended: AbortSignal): Promise<void> {
  if (ended.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(() => socket.destroy(), CLOSE_MS);
    ended.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
    client.end();
  });
}

/** A piece of work on a connection, in the words of an error message, and how long it may take. */
export interface Bound {
  readonly what: string;
  readonly timeoutMs: number;
}

/** Waits for `work`, but not beyond its limit and not beyond the end of the connection. */
export function bounded<T>(link: Link, bound: Bound, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      clearTimeout(timer);
      link.ended.removeEventListener('abort', onEnded);
    };
    const onEnded = (): void => {
      settle();
      reject(link.ended.reason as Error);
    };
    const timer = setTimeout(() => {
      settle();
      reject(timedOut(link.peer, bound.what, bound.timeoutMs));
    }, bound.timeoutMs);
    link.ended.addEventListener('abort', onEnded);
    if (link.ended.aborted) onEnded();
    work.then(resolve, reject).finally(settle);
  });
}
