import { Worker } from 'node:worker_threads';
import { EXIT } from './exit-code.ts';

/**
 * Ends this process at the second SIGINT or SIGTERM also when a long computation keeps the event loop, and with it every
 * handler, from running: a thread counts them as well. It takes some 20 ms to start, so that only commands that talk to
 * hosts have one. Where it cannot start, handlers alone count. `asked`: how often somebody has asked before.
 */
export function watchSecondSignal(signalsSeen: number, onReady?: () => void): void {
  const thread = new Worker(new URL('./second-signal-thread.mjs', import.meta.url), {
    workerData: { asked: signalsSeen, exitCode: EXIT.interrupted },
    execArgv: [],
  });
  thread.on('error', () => undefined);
  if (onReady !== undefined) thread.on('message', onReady);
  thread.unref();
}
