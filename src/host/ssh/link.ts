import type { Socket } from 'node:net';
import type { Client } from 'ssh2';
import { connectionLost, type Peer, timedOut } from './failures.ts';

/** A connection that is up, and the moment when it no longer is. */
export interface Link {
  readonly peer: Peer;
  readonly client: Client;
  /** Aborted once, when the connection has ended for whatever reason; the reason is an OutriggerError. */
  readonly ended: AbortSignal;
  close(): Promise<void>;
}

/** How long a host may take to say goodbye. */
const CLOSE_MS = 2000;

/** A client that has just become ready, and the socket below it. */
export interface Opened {
  readonly client: Client;
  readonly socket: Socket;
}

/** Watches a connection from its first moment on. Errors of a dying connection end up here and nowhere else. */
export function linkOf(peer: Peer, opened: Opened): Link {
  const { client } = opened;
  const ending = new AbortController();
  let why: string | undefined;
  client.on('error', (error) => {
    why ??= error.message;
  });
  const end = (): void => {
    ending.abort(connectionLost(peer, why));
  };
  client.on('close', end);
  if (opened.socket.destroyed) end();
  return { peer, client, ended: ending.signal, close: () => close(opened, ending.signal) };
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
