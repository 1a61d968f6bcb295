// The thread of second-signal.ts. It is no TypeScript, because what runs that from its source does not serve threads.
import { Session } from 'node:inspector';
import { constants } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';

/** How long the main thread has to leave by itself, and then to leave when it is made to. */
const PATIENCE_MS = 300;

// What Node.js makes of `process.on('SIGINT')`. It does not offer that in a thread, but each event loop may have handles of
// its own for a signal (libuv, uv_signal_t), and they hear of it whatever other loops do.
process.noDeprecation = true;
const { Signal } = process.binding('signal_wrap');

let { asked } = workerData;
const handles = [constants.signals.SIGINT, constants.signals.SIGTERM].map((signal) => {
  const handle = new Signal();
  handle.onsignal = () => {
    asked += 1;
    if (asked === 2) setTimeout(leave, PATIENCE_MS);
  };
  handle.start(signal);
  return handle;
});
parentPort.postMessage('ready');

/**
 * The debugger's way is the only one into a thread that is busy. Whatever is put right at the end of the process (the cursor)
 * is; then nobody handles SIGINT any more, and it ends the process as it does others. At worst by force.
 */
function leave() {
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), PATIENCE_MS);
  const session = new Session();
  session.connectToMainThread();
  const expression = `process.emit('exit', ${workerData.exitCode}); process.removeAllListeners('SIGINT')`;
  session.post('Runtime.evaluate', { expression }, () => {
    session.disconnect();
    for (const handle of handles) handle.close();
    process.kill(process.pid, 'SIGINT');
  });
}
